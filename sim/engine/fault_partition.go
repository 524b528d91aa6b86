package engine

import (
	"slices"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/sim/fault"
)

// partition finds the pairs that a partition cuts: all those of nodes in groups
// that are in none together.
func (f *faults) partition(e *effect) []pair {
	e.groups = f.groups(e)
	return cutBetween(e.groups)
}

// cutBetween gives both ways between hosts that share no group.
func cutBetween(groups [][]netsim.HostID) []pair {
	var hosts []netsim.HostID
	for _, g := range groups {
		hosts = append(hosts, g...)
	}
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	var pairs []pair
	for _, a := range hosts {
		for _, b := range hosts {
			if a != b && !together(groups, a, b) {
				pairs = append(pairs, pair{a, b})
			}
		}
	}
	return pairs
}

func together(groups [][]netsim.HostID, a, b netsim.HostID) bool {
	return slices.ContainsFunc(groups, func(g []netsim.HostID) bool {
		return slices.Contains(g, a) && slices.Contains(g, b)
	})
}

// groups divides the servers as a statement says: those within a group reach
// each other.
func (f *faults) groups(e *effect) [][]netsim.HostID {
	n := len(f.c.servers)
	switch e.st.Shape {
	case fault.ShapeOne:
		return f.apart(e, 1)
	case fault.ShapeMajority:
		return f.apart(e, fault.GroupSize(fault.NodeMajority, n))
	case fault.ShapeMinorityThird:
		return f.apart(e, fault.GroupSize(fault.NodeMinorityThird, n))
	case fault.ShapeMajoritiesRing:
		return f.ring(e)
	case fault.ShapeBridge:
		return f.bridge(e)
	case fault.ShapePrimaries:
		return f.primaries(e)
	}
	var groups [][]netsim.HostID
	for _, names := range e.st.Groups {
		groups = append(groups, f.named(names))
	}
	return groups
}

// shuffled gives all servers in a drawn order.
func (f *faults) shuffled(e *effect) []netsim.HostID {
	all := f.hosts([]string{fault.NodeAll}, e.draws, nil)
	return drawSome(all, len(all), e.draws)
}

// apart divides off so many drawn servers.
func (f *faults) apart(e *effect, n int) [][]netsim.HostID {
	order := f.shuffled(e)
	return [][]netsim.HostID{order[:n], order[n:]}
}

// ring has the servers stand in a circle; each reaches so many to both sides that
// they are a majority with it, and no two servers reach the same ones. With an
// even number it is as few as are a majority, and one more to make both sides equal.
func (f *faults) ring(e *effect) [][]netsim.HostID {
	order := f.shuffled(e)
	n := len(order)
	var groups [][]netsim.HostID
	for i, a := range order {
		for d := 1; d <= ringReach(n); d++ {
			groups = append(groups, []netsim.HostID{a, order[(i+d)%n]})
		}
	}
	return groups
}

// ringReach is how many neighbours to each side a server reaches.
func ringReach(n int) int { return (n/2 + 1) / 2 }

// bridge divides the servers in two halves, which only one server reaches both.
func (f *faults) bridge(e *effect) [][]netsim.HostID {
	order := f.shuffled(e)
	mid := len(order) / 2
	return [][]netsim.HostID{order[:mid+1], order[mid:]}
}

// primaries puts each server that takes itself for the leader apart.
func (f *faults) primaries(e *effect) [][]netsim.HostID {
	leaders := f.hosts([]string{fault.NodePrimaries}, e.draws, nil)
	if len(leaders) == 0 {
		return nil
	}
	groups := [][]netsim.HostID{f.hosts([]string{fault.NodeAll}, e.draws, leaders)}
	for _, l := range leaders {
		groups = append(groups, []netsim.HostID{l})
	}
	return groups
}
