package netsim

import "time"

// packet is one that is missing at the reader, or behind a missing one.
type packet struct {
	kind   uint8
	lost   bool // or never sent; else it lies at the reader, who waits for an earlier one
	size   int64
	nth    int64         // its latest transmission, counted from 1 within the repair; 0: never sent
	sentAt time.Duration // of its latest transmission
	at     time.Duration // when it arrives unless it is lost
}

// repair is what a pipe has while a packet of it is missing:
//
//	lost │ arrives, lost, arrives, … │ not sent: after a timeout nothing new leaves
//
// The oldest packet is lost, always. When it has got through, the ones that only
// waited for it are released and the next lost one is the oldest.
type repair struct {
	timer
	boots   int          // of the writer's host: one that has crashed since repeats nothing
	packets fifo[packet] // in order
	sent    int64        // transmissions so far
	heard   int64        // all lost ones sent before this transmission are known to be lost
	heardAt time.Duration
	hearing bool // that is told to the writer at heardAt
}

// transmitFaulty sends a packet where it may get lost or must wait for one.
func (n *Network) transmitFaulty(from side, kind uint8, size int64) {
	out := from.out()
	if kind == packetReset {
		n.transmitReset(from)
		return
	}
	if out.repair != nil {
		n.queue(from, packet{kind: kind, size: size, lost: true})
		return
	}
	if at, ok := n.attempt(out.path); ok {
		n.deliver(from, kind, size, at)
		return
	}
	n.lose(from, packet{kind: kind, size: size, lost: true, nth: 1, sentAt: n.clock.Now()})
}

// transmitReset sends a reset, once, past everything that is missing: whoever
// sends it has forgotten the stream. If it was to answer a SYN, the dialler goes
// on asking.
func (n *Network) transmitReset(from side) {
	out := from.out()
	n.forgetRepair(out)
	if out.path.noResets == 0 {
		if at, ok := n.attempt(out.path); ok {
			n.deliver(from, packetReset, 0, at)
			return
		}
	}
	if from.peer().is(dialling) && out.lastSent == 0 {
		n.lose(from.peer(), packet{kind: packetSyn, lost: true, nth: 1, sentAt: n.clock.Now()})
	}
}

// lose begins a repair with its first lost packet.
func (n *Network) lose(from side, p packet) {
	r := n.unusedRepair()
	r.boots = n.hosts[from.end().host].boots
	r.start, r.sent = p.sentAt, p.nth
	r.packets.pushOne(p)
	from.out().repair = r
	n.armRepair(from)
}

// queue adds a packet behind those missing. Unless a timer has run out it
// leaves at once, and if it arrives the writer learns of the gap before it.
func (n *Network) queue(from side, p packet) {
	r := from.out().repair
	if r.tries == 0 {
		n.try(from, &p)
	}
	r.packets.pushOne(p)
	if !p.lost {
		n.listen(from, p)
	}
}

// try transmits a packet of a repair.
func (n *Network) try(from side, p *packet) {
	out := from.out()
	out.repair.sent++
	p.nth, p.sentAt = out.repair.sent, n.clock.Now()
	at, ok := n.attempt(out.path)
	p.at, p.lost = at, !ok
}

// listen notes when the writer, having learnt that a packet has arrived, takes
// those sent before it for lost: not before they could have been overtaken by
// a quarter of a round trip.
func (n *Network) listen(from side, arriving packet) {
	r, back := from.out().repair, from.in().path
	if back.faulty && n.lost(back, ackLane) {
		return
	}
	rtt := from.roundTrip()
	at := max(arriving.at+back.meanDelay(), r.packets.oldest().sentAt+rtt+rtt/4)
	if !r.hearing || at < r.heardAt {
		r.hearing, r.heardAt = true, at
	}
	r.heard = arriving.nth
	n.armRepair(from)
}

// resendDue runs at the writing side, whose end may be gone already.
func (n *Network) resendDue(from side) {
	r, now := from.out().repair, n.clock.Now()
	switch {
	case r == nil || r.asleep:
		return
	case r.boots != n.hosts[from.end().host].boots:
		n.forgetRepair(from.out())
		return
	}
	r.rang(now)
	switch {
	case r.hearing && now >= r.heardAt:
		n.resendMissing(from)
	case now >= n.repairDue(from):
		n.resendOldest(from)
	default:
		n.armRepair(from)
	}
}

// resendOldest is what a timeout does. What was still to be heard is of the time
// before it.
func (n *Network) resendOldest(from side) {
	r := from.out().repair
	r.expired(n.clock.Now())
	r.hearing = false
	n.try(from, r.packets.oldest())
	n.release(from, *r.packets.oldest())
}

// resendMissing sends again all that an acknowledgement has shown to be lost.
func (n *Network) resendMissing(from side) {
	r := from.out().repair
	r.tries, r.start, r.hearing = 0, n.clock.Now(), false
	heard, latest := r.heard, packet{lost: true}
	for i := range r.packets.len() {
		p := &r.packets.from(i, 1)[0]
		if !p.lost || p.nth >= heard {
			continue
		}
		n.try(from, p)
		if !p.lost {
			latest = *p
		}
	}
	n.release(from, latest)
}

// release delivers all packets before the first lost one. latest is the
// transmission that got through last just now, if any did: what is still lost
// becomes known by it.
func (n *Network) release(from side, latest packet) {
	r := from.out().repair
	for r.packets.len() > 0 && !r.packets.oldest().lost {
		p := r.packets.pop(1)[0]
		n.deliver(from, p.kind, p.size, p.at)
	}
	if r.packets.len() == 0 {
		n.forgetRepair(from.out())
		return
	}
	if !latest.lost {
		n.listen(from, latest)
	}
	n.armRepair(from)
}

// repairDue is when the timer of a repair runs out.
func (n *Network) repairDue(from side) time.Duration {
	r := from.out().repair
	return r.due(firstTimeout(from, r.packets.oldest().kind))
}

// armRepair sees to it that resendDue runs when there is something to do.
func (n *Network) armRepair(from side) {
	out := from.out()
	r := out.repair
	if !r.hearing && out.path.closed() {
		n.sleep(&r.timer, out.path, from)
		return
	}
	at := n.repairDue(from)
	if r.hearing {
		at = min(at, r.heardAt)
	}
	n.arm(&r.timer, at, from, eventResend)
}

func (n *Network) unusedRepair() *repair {
	if k := len(n.spareRepairs) - 1; k >= 0 {
		r := n.spareRepairs[k]
		n.spareRepairs = n.spareRepairs[:k]
		return r
	}
	return &repair{}
}

// forgetRepair ends the repair of a pipe, if there is one, with all its packets.
func (n *Network) forgetRepair(p *pipe) {
	if r := p.repair; r != nil {
		r.packets.clear()
		*r = repair{packets: r.packets}
		n.spareRepairs = append(n.spareRepairs, r)
		p.repair = nil
	}
}
