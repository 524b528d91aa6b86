package proto

import "strconv"

// PacketType is the type of a packet between leader and learner.
type PacketType int32

// The packets of discovery, synchronisation and broadcast, under the names of
// ZooKeeper's documents.
const (
	PktRequest      PacketType = 1
	PktProposal     PacketType = 2
	PktAck          PacketType = 3
	PktCommit       PacketType = 4
	PktPing         PacketType = 5
	PktRevalidate   PacketType = 6
	PktSync         PacketType = 7
	PktInform       PacketType = 8
	PktNewLeader    PacketType = 10
	PktFollowerInfo PacketType = 11
	PktUpToDate     PacketType = 12
	PktDiff         PacketType = 13
	PktTrunc        PacketType = 14
	PktSnap         PacketType = 15
	PktObserverInfo PacketType = 16
	PktLeaderInfo   PacketType = 17
	PktAckEpoch     PacketType = 18
)

// packetNames has an empty name where there is no such packet.
var packetNames = [...]string{
	PktRequest: "REQUEST", PktProposal: "PROPOSAL", PktAck: "ACK", PktCommit: "COMMIT", PktPing: "PING",
	PktRevalidate: "REVALIDATE", PktSync: "SYNC", PktInform: "INFORM", PktNewLeader: "NEWLEADER",
	PktFollowerInfo: "FOLLOWERINFO", PktUpToDate: "UPTODATE", PktDiff: "DIFF", PktTrunc: "TRUNC",
	PktSnap: "SNAP", PktObserverInfo: "OBSERVERINFO", PktLeaderInfo: "LEADERINFO", PktAckEpoch: "ACKEPOCH",
}

// String gives ZooKeeper's spelling.
func (t PacketType) String() string {
	if t.known() {
		return packetNames[t]
	}
	return "packet" + strconv.Itoa(int(t))
}

func (t PacketType) known() bool {
	return t >= 0 && int(t) < len(packetNames) && packetNames[t] != ""
}

// Packet is ZooKeeper's QuorumPacket. On the wire it has no length prefix.
type Packet struct {
	Type     PacketType
	Zxid     Zxid
	Data     []byte // nil is null
	AuthInfo []ID   // REQUEST: the identities of the client; nil is null
}

// AppendPacket appends p.
func AppendPacket(b []byte, p *Packet) []byte {
	b = AppendLong(AppendInt(b, int32(p.Type)), int64(p.Zxid))
	b = AppendBuffer(b, p.Data)
	if p.AuthInfo == nil {
		return AppendInt(b, -1)
	}
	b = AppendInt(b, int32(len(p.AuthInfo)))
	for _, id := range p.AuthInfo {
		b = AppendString(AppendString(b, id.Scheme), id.ID)
	}
	return b
}

// MaxPacketData bounds the data of a quorum packet: a stored transaction may be
// larger than the client frame that it came from.
const MaxPacketData = 2*MaxFrame + 1024

// DecodePacket decodes the packet at the start of b, which may hold less than
// one packet or more. It returns n = 0 when more bytes are needed, else the
// number of bytes consumed. Data aliases b. An error means that the stream is
// damaged beyond repair.
func DecodePacket(b []byte) (p Packet, n int, err error) {
	if len(b) < 20 {
		return p, 0, nil
	}
	d := NewDecoder(b)
	p.Type, p.Zxid = PacketType(d.Int()), Zxid(d.Long())
	if !p.Type.known() {
		d.Fail("unknown quorum packet type %d", int32(p.Type))
		return p, 0, d.Err()
	}
	length := d.Int()
	if length < -1 || length > MaxPacketData {
		d.Fail("packet %v with %d bytes of data", p.Type, length)
		return p, 0, d.Err()
	}
	if length >= 0 {
		if len(d.Rest()) < int(length)+4 {
			return p, 0, nil
		}
		p.Data = d.take(int(length), "data")
		if p.Data == nil {
			p.Data = []byte{}
		}
	}
	return d.packetIDs(p)
}

// maxPacketIDs bounds the identities in one packet, and maxPacket the packet
// with them: whoever sends more must not make the receiver keep it all.
const (
	maxPacketIDs = 1024
	maxPacket    = 2 * MaxPacketData
)

func (d *Decoder) packetIDs(p Packet) (Packet, int, error) {
	count := d.Int()
	if count < -1 || count > maxPacketIDs {
		d.Fail("packet %v with %d identities", p.Type, count)
		return p, 0, d.Err()
	}
	if count == 0 {
		p.AuthInfo = []ID{} // not null
	}
	for range max(count, 0) {
		var id ID
		for _, s := range []*string{&id.Scheme, &id.ID} {
			if len(d.Rest()) < 4 {
				return p, 0, nil
			}
			at := d.off
			n := d.Int()
			if n < 0 || n > MaxFrame || d.off+int(n) > maxPacket {
				d.Fail("identity of %d bytes at offset %d", n, at)
				return p, 0, d.Err()
			}
			if len(d.Rest()) < int(n) {
				return p, 0, nil
			}
			d.off = at
			*s = d.Text()
		}
		p.AuthInfo = append(p.AuthInfo, id)
	}
	return p, d.off, nil
}

// LearnerInfo is the data of FOLLOWERINFO.
type LearnerInfo struct {
	Server        ServerID
	Protocol      int32
	ConfigVersion int64
}

// LearnerProtocol is the protocol version in LearnerInfo and LEADERINFO.
const LearnerProtocol int32 = 0x10000

// AppendLearnerInfo appends i.
func AppendLearnerInfo(b []byte, i LearnerInfo) []byte {
	return AppendLong(AppendInt(AppendLong(b, int64(i.Server)), i.Protocol), i.ConfigVersion)
}

// DecodeLearnerInfo decodes the data of FOLLOWERINFO.
func DecodeLearnerInfo(b []byte) (LearnerInfo, error) {
	d := NewDecoder(b)
	i := LearnerInfo{ServerID(d.Long()), d.Int(), d.Long()}
	return i, d.Err()
}

// ForwardedRequest is the data of REQUEST: a client's write or sync, sent on by
// the server that the client is connected to.
type ForwardedRequest struct {
	Session SessionID
	Cxid    int32
	Type    OpCode
	Body    []byte // the rest
}

// AppendForwardedRequest appends r.
func AppendForwardedRequest(b []byte, r *ForwardedRequest) []byte {
	b = AppendInt(AppendInt(AppendLong(b, int64(r.Session)), r.Cxid), int32(r.Type))
	return append(b, r.Body...)
}

// DecodeForwardedRequest decodes the data of REQUEST. Body aliases it.
func DecodeForwardedRequest(b []byte) (ForwardedRequest, error) {
	d := NewDecoder(b)
	r := ForwardedRequest{Session: SessionID(d.Long()), Cxid: d.Int(), Type: OpCode(d.Int())}
	r.Body = d.Rest()
	return r, d.Err()
}
