package netsim

import "fmt"

// trouble is the faults of a path. Counted ones are in force while their count
// is above 0, so that faults of one kind may overlap.
type trouble struct {
	netem    Netem
	fate     *fate // nil until the first SetNetem
	cuts     int
	refusals int
	noResets int
	clogs    int
	sndbuf   int     // 0: none set
	asleep   []EndID // writers with a timer that cannot do anything before the path changes
	backlog
}

// changed notes what a path's faults mean to what is sent on it, and wakes the
// timers that waited for it to open.
func (n *Network) changed(p *path) {
	p.faulty = p.cuts > 0 || p.noResets > 0 || p.netem != Netem{}
	if !p.closed() {
		n.wake(p)
	}
}

// count adds 1 to a count or takes 1 away. To end what has not begun does nothing.
func count(c *int, on bool) {
	if on {
		*c++
	} else {
		*c = max(0, *c-1)
	}
}

// Blackhole cuts a direction: what is sent from now on vanishes, what is in
// flight arrives. When the last cut of the direction ends, packets that are
// still missing arrive by the next retransmission of each stream, not at once.
// Calls count: as many with off as with on end the cut.
func (n *Network) Blackhole(from, to HostID, on bool) {
	p := n.path(from, to)
	count(&p.cuts, on)
	n.changed(p)
}

// Refuse makes the host `to` refuse connection attempts that arrive from the
// host `from`, as if nobody listened. Calls count, as those of Blackhole.
func (n *Network) Refuse(from, to HostID, on bool) { count(&n.path(from, to).refusals, on) }

// NoReset suppresses resets sent in a direction, refusals of connections among
// them, so that half-open ends stay half-open. Calls count, as those of Blackhole.
func (n *Network) NoReset(from, to HostID, on bool) {
	p := n.path(from, to)
	count(&p.noResets, on)
	n.changed(p)
}

// SetSndbuf limits how many bytes each stream holds in a direction, those that
// exist too; 0 lifts the limit. A stream that holds more takes nothing until it
// holds less. The last one set holds. It panics if bytes is negative.
func (n *Network) SetSndbuf(from, to HostID, bytes int) {
	if bytes < 0 {
		panic(fmt.Sprintf("netsim: a send buffer of %d bytes", bytes))
	}
	p := n.path(from, to)
	p.sndbuf = bytes
	for next := n.hosts[from].first; next != 0; {
		e := n.end(next)
		next = e.end().next
		if e.out().path == p {
			e.out().lead(p, e.stream.room)
			n.widen(e)
		}
	}
}

// widen tells a blocked writer of room that no acknowledgement has freed.
func (n *Network) widen(e side) {
	if out := e.out(); out.blocked && n.freeRoom(e) > 0 {
		out.waking = true
		n.schedule(n.clock.Now(), e, eventWiden, 0)
	}
}

// portLimit is how many streams a port takes.
type portLimit struct {
	port  Port
	limit int
}

// MaxConn limits how many accepted streams a port of a host has at a time;
// further attempts are refused, and those beyond the limit now stay. A negative
// number lifts the limit. The last one set holds, through crashes too.
func (n *Network) MaxConn(id HostID, port Port, limit int) {
	h := &n.hosts[id]
	for i := range h.limits {
		if h.limits[i].port == port {
			h.limits[i].limit = limit
			return
		}
	}
	h.limits = append(h.limits, portLimit{port, limit})
}

// full reports whether a port takes no more streams.
func (n *Network) full(h *host, port Port) bool {
	for _, l := range h.limits {
		if l.port == port && l.limit >= 0 {
			return n.acceptedAt(h, port) >= l.limit
		}
	}
	return false
}

// acceptedAt counts the streams that a port has accepted, pending ones too.
func (n *Network) acceptedAt(h *host, port Port) (k int) {
	for at := h.first; at != 0; at = n.end(at).end().next {
		if e := n.end(at); e.i == acceptingSide && e.stream.port == port {
			k++
		}
	}
	return k
}

// Clear undoes all faults of a direction, whatever their counts, but not what
// they have done: reset streams stay reset.
func (n *Network) Clear(from, to HostID) {
	p := n.path(from, to)
	p.open()
	n.settleFaults(from, to, p)
}

// open lifts what keeps packets and streams from getting through.
func (p *path) open() {
	p.netem = Netem{}
	p.cuts, p.refusals, p.noResets = 0, 0, 0
}

// settleFaults lets what waited on a path go on, now that it is open.
func (n *Network) settleFaults(from, to HostID, p *path) {
	n.changed(p)
	if p.sndbuf != 0 {
		n.SetSndbuf(from, to, 0)
	}
	n.unclog(from, to)
}

// Heal undoes all faults of all hosts. Links keep their own delay. All paths are
// open before any stream goes on, for its timers look at both directions.
func (n *Network) Heal() {
	n.eachPath(func(_, _ HostID, p *path) { p.open() })
	n.eachPath(n.settleFaults)
	for i := range n.hosts {
		n.hosts[i].limits = n.hosts[i].limits[:0]
	}
}

func (n *Network) eachPath(do func(from, to HostID, p *path)) {
	for from := range n.hosts {
		for to, p := range n.hosts[from].paths {
			if p != nil {
				do(HostID(from), HostID(to), p)
			}
		}
	}
}

// Reset resets all streams between two hosts: the end at `from` at once, the
// other one when the reset has arrived there, if it does. Ends at `to` that
// `from` has forgotten are reset too.
func (n *Network) Reset(from, to HostID) {
	for next := n.hosts[from].first; next != 0; {
		e := n.end(next)
		next = e.end().next
		if e.peer().end().host == to {
			n.cutShort(e)
		}
	}
	for next := n.hosts[to].first; next != 0; {
		e := n.end(next)
		next = e.end().next
		if e.is(open) && e.peer().is(gone) && e.peer().end().host == from {
			n.transmit(e.peer(), packetReset, 0)
		}
	}
}

// cutShort resets an end, which hears of it within this instant, and its peer.
func (n *Network) cutShort(e side) {
	if !e.peer().is(gone) {
		n.transmit(e, packetReset, 0)
	}
	n.schedule(n.clock.Now(), e, eventReset, 0)
}
