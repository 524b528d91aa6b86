package netsim

import "fmt"

// Room returns how many bytes the next Write takes. It is 0 before Connected
// and when the end is gone.
func (n *Network) Room(id EndID) int {
	e := n.end(id)
	if !e.is(open) {
		return 0
	}
	return n.freeRoom(e)
}

func (n *Network) freeRoom(e side) int {
	if n.stalled == 0 || e.in().path.clogs == 0 {
		e.out().settle(n.clock.Now())
	}
	return max(0, e.out().room-e.out().used)
}

// Write puts bytes onto a stream and returns how many it took, as one segment.
// If that is not all of p, Writable tells when there is room again. The bytes
// occupy room until the application at the other end has read them and its
// acknowledgement is back. An end that is gone or not connected takes nothing.
func (n *Network) Write(id EndID, p []byte) int {
	e := n.end(id)
	if !e.is(open) || len(p) == 0 {
		return 0
	}
	took := min(len(p), n.freeRoom(e))
	out := e.out()
	out.blocked = took < len(p)
	if took > 0 {
		out.put(p[:took])
		n.transmit(e, packetData, int64(took))
	}
	if out.blocked {
		n.wakeWhenFree(e)
	}
	return took
}

// wakeWhenFree schedules the end of a blocked writer's wait, if the
// acknowledgement that ends it is known already; else Read does, once there is one.
func (n *Network) wakeWhenFree(e side) {
	out := e.out()
	if !out.blocked || out.waking || out.acks.len() == 0 {
		return
	}
	out.waking = true
	n.schedule(max(out.acks.oldest().at, n.clock.Now()), e, eventRoom, 0) // the past: it waits in a clogged path
}

// roomFreed runs at the writing side when an acknowledgement that it waited for
// has arrived. A Write since then may have found room, or used it up again.
func (n *Network) roomFreed(e side) {
	if !e.is(open) {
		return
	}
	out := e.out()
	out.waking = false
	if !out.blocked {
		return
	}
	if n.freeRoom(e) == 0 {
		n.wakeWhenFree(e)
		return
	}
	out.blocked = false
	n.listener.Writable(e.end().host, e.id())
}

// dataArrived runs at the reading side.
func (n *Network) dataArrived(e side, size int) {
	in := e.in()
	before := in.waiting()
	in.inFlight -= size
	if before == 0 {
		n.listener.Readable(e.end().host, e.id())
	}
}

// arriving returns the bytes of a segment at the moment of its arrival.
func (e side) arriving(size int) []byte {
	in := e.in()
	if size > in.inFlight {
		panic(fmt.Sprintf("netsim: %d bytes arrive at end %d, %d are on their way", size, e.id(), in.inFlight))
	}
	return in.data.from(in.waiting(), size)
}

// Available returns how many bytes Read would give.
func (n *Network) Available(id EndID) int {
	e := n.end(id)
	if !e.is(open) {
		return 0
	}
	return e.in().waiting()
}

// Read takes up to limit bytes that have arrived. The result is valid until the
// next call of a method of this network; it is nil when nothing waits or the
// end is gone.
func (n *Network) Read(id EndID, limit int) []byte {
	e := n.end(id)
	if !e.is(open) {
		return nil
	}
	in := e.in()
	size := min(limit, in.waiting())
	if size <= 0 {
		return nil
	}
	b := in.data.pop(size)
	if !e.peer().is(gone) {
		n.acknowledge(e, size)
	}
	if in.finished && in.waiting() == 0 {
		n.schedule(n.clock.Now(), e, eventDrained, 0)
	}
	return b
}

func (n *Network) acknowledge(e side, size int) {
	in, back := e.in(), e.out().path
	if back.faulty && n.lost(back, ackLane) {
		n.ackLost(e, size)
		return
	}
	at := n.clock.Now() + back.ackDelay()
	if back.faulty {
		at += back.extra(ackLane)
	}
	if in.probe != nil { // an acknowledgement speaks for the lost ones before it
		size += in.probe.bytes
		n.forgetProbe(in)
	}
	in.acknowledge(at, size)
	if in.blocked {
		n.wakeWhenFree(e.peer())
	}
}
