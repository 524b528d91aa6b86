package proto

// PeerState is what a server says of itself in election messages. The numbers
// are those on the wire.
type PeerState int32

// The peer states.
const (
	Looking   PeerState = 0
	Following PeerState = 1
	Leading   PeerState = 2
	Observing PeerState = 3
)

// String gives ZooKeeper's spelling.
func (s PeerState) String() string {
	switch s {
	case Looking:
		return "LOOKING"
	case Following:
		return "FOLLOWING"
	case Leading:
		return "LEADING"
	case Observing:
		return "OBSERVING"
	}
	return "UNKNOWN"
}

// Vote is what a server wants to elect. Votes compare by peer epoch, zxid and
// leader, in this order; greater wins.
type Vote struct {
	Leader    ServerID
	Zxid      Zxid  // last logged by that leader
	PeerEpoch Epoch // its currentEpoch
}

// Better reports whether v beats w.
func (v Vote) Better(w Vote) bool {
	if v.PeerEpoch != w.PeerEpoch {
		return v.PeerEpoch > w.PeerEpoch
	}
	if v.Zxid != w.Zxid {
		return v.Zxid > w.Zxid
	}
	return v.Leader > w.Leader
}

// Notification is an election message.
type Notification struct {
	State  PeerState
	Vote   Vote
	Round  Round
	Config []byte // text of the sender's configuration; may be empty
}

// notificationVersion is the version that this server writes.
const notificationVersion int32 = 2

// MaxNotification bounds an election frame.
const MaxNotification = 512 << 10

// AppendNotification appends n with its frame length.
func AppendNotification(b []byte, n *Notification) []byte {
	b, at := BeginFrame(b)
	b = AppendLong(AppendInt(b, int32(n.State)), int64(n.Vote.Leader))
	b = AppendLong(AppendLong(b, int64(n.Vote.Zxid)), int64(n.Round))
	b = AppendInt(AppendLong(b, int64(n.Vote.PeerEpoch)), notificationVersion)
	b = append(AppendInt(b, int32(len(n.Config))), n.Config...)
	return EndFrame(b, at)
}

// DecodeNotification decodes an election frame without its length. The historic
// forms of 28 bytes (epoch taken from the zxid) and 40 bytes (no configuration)
// are understood. Config aliases b.
func DecodeNotification(b []byte) (Notification, error) {
	d := NewDecoder(b)
	var n Notification
	n.State, n.Vote.Leader = PeerState(d.Int()), ServerID(d.Long())
	n.Vote.Zxid, n.Round = Zxid(d.Long()), Round(d.Long())
	if n.State < Looking || n.State > Observing {
		d.Fail("election message with state %d", n.State)
	}
	if len(b) == 28 {
		n.Vote.PeerEpoch = n.Vote.Zxid.Epoch()
		return n, d.Err()
	}
	n.Vote.PeerEpoch = Epoch(d.Long())
	if len(b) > 40 {
		if version := d.Int(); version > 1 {
			n.Config = d.Buffer()
		}
	} else if d.Err() == nil && len(b) != 36 && len(b) != 40 {
		d.Fail("election message of %d bytes", len(b))
	}
	return n, d.Err()
}

// ElectionHello is what the initiator of an election connection sends first.
type ElectionHello struct {
	Server ServerID
	Addr   string
}

// electionHelloVersion marks a hello with one address.
const electionHelloVersion int64 = -65536

// electionHelloVersion2 marks a hello with several addresses, joined by "|".
const electionHelloVersion2 int64 = -65535

// maxHelloAddr bounds the address text in a hello.
const maxHelloAddr = 2048

// AppendElectionHello appends h.
func AppendElectionHello(b []byte, h ElectionHello) []byte {
	b = AppendLong(AppendLong(b, electionHelloVersion), int64(h.Server))
	return AppendString(b, h.Addr)
}

// DecodeElectionHello decodes the hello at the start of b. It returns n = 0 when
// more bytes are needed. A non-negative first long is the bare server id of an
// old peer.
func DecodeElectionHello(b []byte) (h ElectionHello, n int, err error) {
	if len(b) < 8 {
		return h, 0, nil
	}
	d := NewDecoder(b)
	first := d.Long()
	if first >= 0 {
		return ElectionHello{Server: ServerID(first)}, 8, nil
	}
	if first != electionHelloVersion && first != electionHelloVersion2 {
		d.Fail("election hello with version %d", first)
		return h, 0, d.Err()
	}
	if len(b) < 20 {
		return h, 0, nil
	}
	h.Server = ServerID(d.Long())
	size := d.Int()
	if size < 0 || size > maxHelloAddr {
		d.Fail("election hello with an address of %d bytes", size)
		return h, 0, d.Err()
	}
	if len(d.Rest()) < int(size) {
		return h, 0, nil
	}
	h.Addr = string(d.take(int(size), "address"))
	return h, d.off, nil
}
