package netsim

import (
	"slices"
	"time"
)

// The timers are simple: the first timeout is a fixed span on top of a mean
// round trip, each further one is twice as long, up to a cap.
const (
	dataTimeout      = 200 * time.Millisecond // on top of the round trip
	handshakeTimeout = time.Second            // SYN, SYN-ACK, third packet: at 1, 3, 7, … s
	timeoutMax       = 120 * time.Second
)

// timer is a retransmission timer with back-off.
type timer struct {
	start   time.Duration // when it began or ran out last
	tries   int           // how often it has run out since something got through
	eventAt time.Duration // the earliest event scheduled for it, 0 for none
	asleep  bool          // its path is closed: no event, wake computes what it did meanwhile
}

// due is when a timer runs out, given how long its first span is.
func (t *timer) due(first time.Duration) time.Duration {
	span := first
	for k := 0; k < t.tries && span < timeoutMax; k++ {
		span *= 2
	}
	return t.start + min(span, timeoutMax)
}

func (t *timer) expired(now time.Duration) {
	t.tries++
	t.start = now
}

// rang notes that the event of this instant is no longer to come.
func (t *timer) rang(now time.Duration) {
	if t.eventAt == now {
		t.eventAt = 0
	}
}

// catchUp lets a timer run out as often as it does before now.
func (t *timer) catchUp(now, first time.Duration) {
	for due := t.due(first); due < now; due = t.due(first) {
		t.expired(due)
	}
}

// firstTimeout is the first span of a timer for a packet, as the links are now.
func firstTimeout(from side, kind uint8) time.Duration {
	if kind == packetSyn || kind == packetSynAck || kind == packetEstablished {
		return handshakeTimeout
	}
	return dataTimeout + from.roundTrip()
}

// arm schedules an event for a timer unless an earlier one is to come. Early
// and stale events do no harm: each looks at the time.
func (n *Network) arm(t *timer, at time.Duration, e side, kind uint8) {
	if t.eventAt == 0 || at < t.eventAt {
		t.eventAt = max(at, n.clock.Now())
		n.schedule(t.eventAt, e, kind, 0)
	}
}

// sleep stops a timer until a path opens.
func (n *Network) sleep(t *timer, p *path, e side) {
	if !t.asleep {
		t.asleep = true
		p.asleep = append(p.asleep, e.id())
	}
}

// wake goes on with the timers that waited for a path to open.
func (n *Network) wake(p *path) {
	for _, id := range p.asleep {
		if e := n.end(id); e.known() {
			n.wakeRepair(e)
			n.wakeProbe(e)
		}
	}
	p.asleep = p.asleep[:0]
}

func (n *Network) wakeRepair(e side) {
	r := e.out().repair
	if r == nil || !r.asleep {
		return
	}
	r.asleep, r.eventAt = false, 0
	r.catchUp(n.clock.Now(), firstTimeout(e, r.packets.oldest().kind))
	n.armRepair(e)
}

func (n *Network) wakeProbe(e side) {
	p := e.out().probe
	if p == nil || !p.asleep {
		return
	}
	p.asleep, p.eventAt = false, 0
	p.catchUp(n.clock.Now(), firstTimeout(e, packetProbe))
	n.armProbe(e)
}

// LongestBackoff is how long it takes until each retransmission timer between
// two of the given hosts has run out once more: the longest span that healed
// links keep a stream waiting for. Without hosts it is that of all of them. It
// is 0 if nothing is missing.
func (n *Network) LongestBackoff(among ...HostID) time.Duration {
	longest := time.Duration(0)
	for _, s := range n.streams {
		if s == nil || !within(among, s.ends[0].host) || !within(among, s.ends[1].host) {
			continue
		}
		for i := range s.ends {
			longest = max(longest, n.backoff(side{s, i}))
		}
	}
	return longest
}

func within(hosts []HostID, id HostID) bool { return len(hosts) == 0 || slices.Contains(hosts, id) }

// backoff is how long the timers of one pipe still run.
func (n *Network) backoff(e side) (left time.Duration) {
	now := n.clock.Now()
	if r := e.out().repair; r != nil && r.boots == n.hosts[e.end().host].boots {
		due := r.next(now, firstTimeout(e, r.packets.oldest().kind))
		if r.hearing {
			due = min(due, r.heardAt)
		}
		left = max(due, r.eventAt) - now
	}
	if p := e.out().probe; p != nil && e.is(open) {
		due := p.next(now, firstTimeout(e, packetProbe))
		left = max(left, due-now, p.eventAt-now)
	}
	return left
}

// next is when a timer, of which a copy is taken, runs out for the first time
// from now on. It acts then or at the event scheduled for it, if that is later.
func (t timer) next(now, first time.Duration) time.Duration {
	t.catchUp(now, first)
	return t.due(first)
}
