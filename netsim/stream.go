package netsim

// state is what an end is doing.
type state uint8

const (
	gone     state = iota // not yet begun, closed, or forgotten
	dialling              // waits for the answer to its SYN
	pending               // has answered a SYN; not accepted yet
	open
)

// The two sides of a stream; ids of dialling ends are even.
const (
	diallingSide  = 0
	acceptingSide = 1
)

// stream is a connection: two ends and a pipe from each to the other.
type stream struct {
	number int64 // the ids of its ends are 2·number and 2·number + 1
	port   Port
	room   int // of each direction, unless a fault says otherwise
	ends   [2]end
	pipes  [2]pipe // pipes[i] leads away from ends[i]
}

// end is one side of a stream. host remains known when the end is gone.
type end struct {
	host       HostID
	state      state
	prev, next EndID // in its host's list
}

// side is one end together with its stream; without a stream it is no end at all.
type side struct {
	stream *stream
	i      int
}

func (e side) known() bool { return e.stream != nil }
func (e side) id() EndID   { return EndID(e.stream.number<<1 | int64(e.i)) }
func (e side) end() *end   { return &e.stream.ends[e.i] }
func (e side) peer() side  { return side{e.stream, e.i ^ 1} }
func (e side) out() *pipe  { return &e.stream.pipes[e.i] }
func (e side) in() *pipe   { return &e.stream.pipes[e.i^1] }

func (e side) is(s state) bool { return e.stream != nil && e.stream.ends[e.i].state == s }

// end finds the stream of an end. There is none once both its ends are gone.
func (n *Network) end(id EndID) side {
	k := id >> 1
	if k <= 0 || k >= EndID(len(n.streams)) {
		return side{}
	}
	return side{n.streams[k], int(id & 1)}
}

// newStream makes a stream whose ends have not begun.
func (n *Network) newStream(from, to HostID, port Port) *stream {
	s := n.unused()
	s.number, s.port, s.room = int64(len(n.streams)), port, n.room
	s.ends[diallingSide].host, s.ends[acceptingSide].host = from, to
	s.pipes[diallingSide].lead(n.path(from, to), n.room)
	s.pipes[acceptingSide].lead(n.path(to, from), n.room)
	n.streams = append(n.streams, s)
	return s
}

func (n *Network) unused() *stream {
	if k := len(n.spare) - 1; k >= 0 {
		s := n.spare[k]
		n.spare = n.spare[:k]
		return s
	}
	return &stream{}
}

// begin puts an end into its host's list.
func (n *Network) begin(e side, as state) {
	h := &n.hosts[e.end().host]
	*e.end() = end{host: e.end().host, state: as, prev: h.last}
	if h.last == 0 {
		h.first = e.id()
	} else {
		n.end(h.last).end().next = e.id()
	}
	h.last = e.id()
}

// drop forgets an end without telling anybody. The bytes on their way to it are
// lost, those that it has written still arrive. A pending peer of an end that
// was still dialling goes too: no third packet of the handshake will come.
func (n *Network) drop(e side) {
	wasDialling := e.is(dialling)
	n.unlink(e)
	e.end().state = gone
	e.in().deafen()
	if wasDialling && e.peer().is(pending) {
		n.drop(e.peer())
		return
	}
	if e.peer().is(gone) {
		n.recycle(e.stream)
	}
}

func (n *Network) unlink(e side) {
	x, h := e.end(), &n.hosts[e.end().host]
	if x.prev == 0 {
		h.first = x.next
	} else {
		n.end(x.prev).end().next = x.next
	}
	if x.next == 0 {
		h.last = x.prev
	} else {
		n.end(x.next).end().prev = x.prev
	}
	x.prev, x.next = 0, 0
}

// recycle forgets a stream. Packets still on their way find nobody.
func (n *Network) recycle(s *stream) {
	n.streams[s.number] = nil
	for i := range s.pipes {
		n.forgetRepair(&s.pipes[i])
		n.forgetProbe(&s.pipes[i])
	}
	s.pipes[0].reset()
	s.pipes[1].reset()
	n.spare = append(n.spare, s)
}

// Peer returns the host at the other end, -1 if the end is gone.
func (n *Network) Peer(id EndID) HostID {
	e := n.end(id)
	if !e.known() || e.is(gone) {
		return -1
	}
	return e.peer().end().host
}

// Port returns the port that the stream was dialled to, -1 if the end is gone.
func (n *Network) Port(id EndID) Port {
	e := n.end(id)
	if !e.known() || e.is(gone) {
		return -1
	}
	return e.stream.port
}
