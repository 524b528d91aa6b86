package engine

import (
	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/sim/fault"
)

// pairsBetween finds the pairs that a net statement names: every node of one
// side with every node of the other, none with itself. A group on the other side
// is drawn from the servers that are left.
func (f *faults) pairsBetween(e *effect) []pair {
	from := f.hosts(e.st.Nodes, e.draws, nil)
	var taken []netsim.HostID
	if fault.IsGroup(e.st.Peers) {
		taken = from
	}
	e.from, e.peers = from, f.hosts(e.st.Peers, e.draws, taken)
	return product(from, e.peers, e.st.Net.Both)
}

// product pairs each host of a list with each of another, both ways if asked.
func product(from, to []netsim.HostID, both bool) []pair {
	var pairs []pair
	for _, a := range from {
		for _, b := range to {
			if a == b {
				continue
			}
			pairs = append(pairs, pair{a, b})
			if both {
				pairs = append(pairs, pair{b, a})
			}
		}
	}
	return pairs
}

// impair carries out a net statement.
func (f *faults) impair(e *effect) {
	switch n := &e.st.Net; n.Kind {
	case fault.NetNetem:
		f.links.putNetem(e, n.Netem)
	case fault.NetBlackhole:
		f.links.put(linkCut, e)
	case fault.NetRefuse:
		f.links.put(linkRefuse, e)
	case fault.NetNoReset:
		f.links.put(linkNoReset, e)
	case fault.NetClog:
		f.links.put(linkClog, e)
	case fault.NetSndBuf:
		f.links.putSndbuf(e, n.Size)
	case fault.NetReset:
		for _, p := range e.pairs {
			f.c.net.Reset(p.from, p.to)
		}
	case fault.NetClear:
		for _, p := range e.pairs {
			f.links.clear(p)
		}
	}
}

func (f *faults) limitConns(e *effect) {
	for _, s := range e.servers {
		f.links.putLimit(e.id, s.host, e.st.Limit)
	}
}

// healNetwork undoes every fault of the network, and ends those that change by
// themselves.
func (f *faults) healNetwork() {
	kept := f.effects[:0]
	for _, e := range f.effects {
		if !e.st.EndsWithHeal() && e.st.Client != fault.ClientExpire {
			kept = append(kept, e)
		}
	}
	f.effects = kept
	f.links.heal()
}
