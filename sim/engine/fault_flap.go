package engine

import (
	"slices"
	"time"

	"github.com/zksim/zksim/netsim"
)

// flap has nodes lose the network and get it back, in turn.
func (f *faults) flap(e *effect) {
	delay := e.st.Up
	if e.turns%2 == 0 {
		for _, p := range product(e.hosts, f.allHosts(), true) {
			f.links.putOne(linkCut, e.id, p)
		}
		delay = e.st.Down
	} else {
		f.links.drop(e.id)
	}
	f.after(delay, faultTurns, int64(e.id), 0)
}

// swizzle clogs nodes one by one over half of its span, and unclogs them over the
// other half in an order of its own. A pair is unclogged with the later of its two.
func (f *faults) swizzle(e *effect) {
	n := int64(len(e.hosts))
	if e.turns == 0 {
		e.order = drawSome(slices.Clone(e.hosts), int(n), e.draws)
	}
	switch {
	case e.turns < n:
		f.clog(e, e.hosts[:e.turns+1])
	case e.turns+1 < 2*n:
		f.clog(e, e.order[e.turns+1-n:])
	default:
		f.end(e)
		return
	}
	f.after(e.st.Span/time.Duration(2*n), faultTurns, int64(e.id), 0)
}

// clog makes the pairs of these nodes, and no others, those that an effect clogs.
func (f *faults) clog(e *effect, nodes []netsim.HostID) {
	pairs := product(nodes, f.allHosts(), true)
	for _, p := range pairs {
		f.links.putOne(linkClog, e.id, p)
	}
	for _, p := range e.pairs {
		if !slices.Contains(pairs, p) {
			f.links.dropFrom(f.links.state(p), e.id)
		}
	}
	e.pairs = pairs
}
