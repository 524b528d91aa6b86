package netsim

import (
	"fmt"
	"math"
	"time"

	"github.com/zksim/zksim/sim/rng"
)

// Netem is what a link does to packets beyond its own delay. The zero value
// does nothing.
type Netem struct {
	Delay, Jitter time.Duration // added: uniform in Delay ± Jitter, below 0 counts as 0
	Loss          uint32        // a packet is lost if Loss > 0 and x ≤ Loss, x one of the 2^32 equally likely numbers
}

// SetNetem sets the impairment of an ordered pair, for what is sent from now
// on. The last one set holds; the zero value lifts it. It panics if a duration
// is negative.
func (n *Network) SetNetem(from, to HostID, m Netem) {
	if m.Delay < 0 || m.Jitter < 0 {
		panic(fmt.Sprintf("netsim: impairment with a delay of %v ± %v", m.Delay, m.Jitter))
	}
	p := n.path(from, to)
	p.netem = m
	if p.fate == nil {
		p.fate = n.newFate(from, to)
	}
	n.changed(p)
}

// lane tells packets from acknowledgements, which are drawn for separately.
type lane uint8

const (
	packetLane lane = iota
	ackLane
)

// fate is the draws of an impaired path, each by lane.
type fate struct{ loss, jitter [2]rng.Stream }

func (n *Network) newFate(from, to HostID) *fate {
	draws := func(kind uint16) rng.Stream { return n.linkDraws(from, to, kind) }
	return &fate{
		loss:   [2]rng.Stream{draws(drawPacketLoss), draws(drawAckLoss)},
		jitter: [2]rng.Stream{draws(drawPacketJitter), draws(drawAckJitter)},
	}
}

// lost decides whether what is sent now vanishes. It draws only if that depends
// on chance.
func (n *Network) lost(p *path, l lane) bool {
	if p.closed() {
		return true
	}
	loss := p.netem.Loss
	return loss > 0 && uint32(p.fate.loss[l].Uint64()>>32) <= loss
}

// extra draws the delay that the impairment adds.
func (p *path) extra(l lane) time.Duration {
	d := p.netem.Delay
	if j := p.netem.Jitter; j > 0 {
		d += p.fate.jitter[l].Duration(-j, j)
	}
	return max(0, d)
}

// attempt puts a packet on the wire: when it arrives, or false if it is lost.
func (n *Network) attempt(p *path) (time.Duration, bool) {
	if n.lost(p, packetLane) {
		return 0, false
	}
	return n.clock.Now() + p.packetDelay() + p.extra(packetLane), true
}

// closed reports whether nothing that is sent now gets through, surely.
func (p *path) closed() bool { return p.cuts > 0 || p.netem.Loss == math.MaxUint32 }

// meanDelay is how long a packet takes on average.
func (p *path) meanDelay() time.Duration {
	return p.link.DelayMin + (p.link.DelayMax-p.link.DelayMin)/2 + p.netem.Delay
}

// roundTrip is how long an answer takes on average.
func (e side) roundTrip() time.Duration { return e.out().path.meanDelay() + e.in().path.meanDelay() }
