package netsim

// EndState is what an end of a stream is at present.
type EndState struct {
	Open     bool // established; else it waits for the answer to its dial
	HalfOpen bool // the other end is gone, and this one has not heard of it
	Unread   int  // bytes that have arrived and wait to be read
	InFlight int  // bytes that were written and have not arrived
	Used     int  // bytes that occupy the room: written, and not known to be read
	Room     int  // how many bytes the stream holds
	Blocked  bool // the writer waits for room
}

// Inspect tells what an end is; false if it is gone. It changes nothing that
// anybody could notice.
func (n *Network) Inspect(id EndID) (EndState, bool) {
	e := n.end(id)
	if !e.known() || e.is(gone) {
		return EndState{}, false
	}
	out, in := e.out(), e.in()
	return EndState{Open: e.is(open), HalfOpen: e.is(open) && e.peer().is(gone), Unread: in.waiting(),
		InFlight: out.inFlight, Used: out.used, Room: out.room, Blocked: out.blocked}, true
}
