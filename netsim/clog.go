package netsim

import "github.com/zksim/zksim/sim/vtime"

// A clogged path keeps what arrives on it, packets and news of room alike, in
// its backlog. Unclogged it hands the backlog over one by one within an instant,
// each by an event of its own; what arrives meanwhile queues up behind.

// backlog is what a clogged path keeps.
type backlog struct {
	kept      fifo[vtime.Event]
	stalled   bool // clogged, or kept is not empty: counted in Network.stalled
	unclogged bool // eventUnclog is scheduled
}

// Clog makes a direction deliver nothing, what is in flight included, and lose
// nothing. When it ends, everything is delivered at once, in order. Calls
// count, as those of Blackhole.
func (n *Network) Clog(from, to HostID, on bool) {
	p := n.path(from, to)
	if !on && p.clogs <= 1 {
		n.unclog(from, to)
		return
	}
	if on && p.clogs == 0 {
		n.settleAll(to, p)
	}
	count(&p.clogs, on)
	n.stall(p, true)
}

// settleAll takes in what has been acknowledged up to now on a path.
func (n *Network) settleAll(writers HostID, p *path) {
	for at := n.hosts[writers].first; at != 0; at = n.end(at).end().next {
		if e := n.end(at); e.in().path == p {
			e.out().settle(n.clock.Now())
		}
	}
}

func (n *Network) stall(p *path, stalled bool) {
	if p.stalled == stalled {
		return
	}
	p.stalled = stalled
	if stalled {
		n.stalled++
	} else {
		n.stalled--
	}
}

func (n *Network) unclog(from, to HostID) {
	p := n.path(from, to)
	p.clogs = 0
	if p.kept.len() == 0 {
		n.stall(p, false)
		return
	}
	n.scheduleUnclog(from, to, p)
}

// scheduleUnclog has the next kept event handed over, once.
func (n *Network) scheduleUnclog(from, to HostID, p *path) {
	if p.unclogged {
		return
	}
	p.unclogged = true
	n.clock.Schedule(n.clock.Now(), vtime.Event{
		Class: Class, Kind: eventUnclog, Host: int32(to), A: int64(from), B: int64(p.kept.len()),
	})
}

// handleStalled is Handle while some path is stalled.
func (n *Network) handleStalled(ev vtime.Event) uint64 {
	if ev.Kind == eventUnclog {
		return n.handOver(HostID(ev.A), HostID(ev.Host), ev)
	}
	if e := n.end(EndID(ev.A)); e.known() && onTheWire(ev.Kind) && e.in().path.stalled {
		e.in().path.kept.pushOne(ev)
		return mix(uint64(ev.A)<<8|uint64(ev.Kind), ^uint64(ev.B))
	}
	return n.handle(ev)
}

// onTheWire reports whether an event is something that the peer has sent.
func onTheWire(kind uint8) bool {
	return kind <= packetReset || kind == eventRoom || kind == packetProbe
}

// handOver delivers the oldest kept event. A path that was clogged again
// meanwhile keeps it.
func (n *Network) handOver(from, to HostID, ev vtime.Event) uint64 {
	p := n.path(from, to)
	p.unclogged = false
	if p.clogs > 0 {
		return mix(uint64(ev.A)<<8|uint64(ev.Kind), uint64(ev.B))
	}
	next := p.kept.pop(1)[0]
	if p.kept.len() == 0 {
		n.stall(p, false)
	} else {
		n.scheduleUnclog(from, to, p)
	}
	return n.handle(next)
}
