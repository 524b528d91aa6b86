package netsim

// probe is what a pipe has while acknowledgements of it are missing. The next
// one that gets through speaks for all of them; if the reader has no reason for
// one, the writer asks for it again and again, on the schedule of its timer.
type probe struct {
	timer
	bytes int // that were read, and the writer does not know it
}

// ackLost runs at the reading side.
func (n *Network) ackLost(e side, size int) {
	in := e.in()
	if in.probe == nil {
		in.probe = n.unusedProbe()
		in.probe.start = n.clock.Now()
		n.armProbe(e.peer())
	}
	in.probe.bytes += size
}

// probeDue runs at the writing side.
func (n *Network) probeDue(e side) {
	out, now := e.out(), n.clock.Now()
	p := out.probe
	switch {
	case p == nil || p.asleep:
		return
	case !e.is(open):
		n.forgetProbe(out)
		return
	}
	p.rang(now)
	if now >= p.due(firstTimeout(e, packetProbe)) {
		p.expired(now)
		if at, ok := n.attempt(out.path); ok {
			n.deliver(e, packetProbe, 0, at)
		}
	}
	n.armProbe(e)
}

// probeArrived runs at the reading side. A host that is down answers nothing,
// and the writer stops asking, as it does not repeat data that vanished there.
func (n *Network) probeArrived(e side) {
	switch {
	case !n.hosts[e.end().host].up:
		n.forgetProbe(e.in())
	case !e.is(open):
		n.answerUnknown(e)
	case e.in().probe != nil:
		n.acknowledge(e, 0)
	}
}

// armProbe sees to it that probeDue runs when there is something to do: while
// either direction is closed there is nothing.
func (n *Network) armProbe(e side) {
	p := e.out().probe
	for _, path := range [...]*path{e.out().path, e.in().path} {
		if path.closed() {
			n.sleep(&p.timer, path, e)
			return
		}
	}
	n.arm(&p.timer, p.due(firstTimeout(e, packetProbe)), e, eventProbe)
}

func (n *Network) unusedProbe() *probe {
	if k := len(n.spareProbes) - 1; k >= 0 {
		p := n.spareProbes[k]
		n.spareProbes = n.spareProbes[:k]
		return p
	}
	return &probe{}
}

// forgetProbe ends the asking on a pipe, if there is any.
func (n *Network) forgetProbe(p *pipe) {
	if p.probe != nil {
		*p.probe = probe{}
		n.spareProbes = append(n.spareProbes, p.probe)
		p.probe = nil
	}
}
