package engine

import (
	"slices"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/rng"
)

// hosts finds the hosts that names or a group word select at this moment, none
// of them among taken.
func (f *faults) hosts(nodes []string, draws *rng.Stream, taken []netsim.HostID) []netsim.HostID {
	if !fault.IsGroup(nodes) {
		return without(f.named(nodes), taken)
	}
	switch word := nodes[0]; word {
	case fault.NodeLeader:
		if l := f.c.leader(); l != nil {
			return without([]netsim.HostID{l.host}, taken)
		}
		return nil
	case fault.NodeFollowers:
		return without(f.serversThat(func(s *server) bool { return s.seen.role == node.RoleFollowing }), taken)
	case fault.NodePrimaries:
		return without(f.serversThat(func(s *server) bool { return s.seen.leads() }), taken)
	case fault.NodeAll:
		return without(f.serversThat(func(*server) bool { return true }), taken)
	default:
		left := without(f.serversThat(func(*server) bool { return true }), taken)
		return drawSome(left, fault.GroupSize(word, len(f.c.servers)), draws)
	}
}

// named finds the hosts of names: servers zk1 to zkN, clients c1 to cN.
func (f *faults) named(nodes []string) []netsim.HostID {
	var list []netsim.HostID
	for _, name := range nodes {
		if n := fault.ServerNumber(name); n > 0 {
			list = append(list, netsim.HostID(n-1))
		} else {
			list = append(list, netsim.HostID(len(f.c.servers)+fault.ClientNumber(name)-1))
		}
	}
	return list
}

func (f *faults) serversThat(is func(*server) bool) []netsim.HostID {
	var list []netsim.HostID
	for _, s := range f.c.servers {
		if is(s) {
			list = append(list, s.host)
		}
	}
	return list
}

func without(list, taken []netsim.HostID) []netsim.HostID {
	if len(taken) == 0 {
		return list
	}
	return slices.DeleteFunc(list, func(h netsim.HostID) bool { return slices.Contains(taken, h) })
}

// drawSome draws so many of a list, or as many as there are. The list is reordered.
func drawSome(list []netsim.HostID, n int, draws *rng.Stream) []netsim.HostID {
	n = min(n, len(list))
	for i := range n {
		j := i + int(draws.Below(int64(len(list)-i)))
		list[i], list[j] = list[j], list[i]
	}
	return list[:n]
}

// allHosts are the servers and clients of the run.
func (f *faults) allHosts() []netsim.HostID {
	list := make([]netsim.HostID, 0, len(f.c.servers)+f.c.clientNames())
	for h := range len(f.c.servers) + f.c.clientNames() {
		list = append(list, netsim.HostID(h))
	}
	return list
}

// leader is the server that leads the highest epoch: with a quorum, or else on
// the way to it. A leader that was deposed may not know yet.
func (c *cluster) leader() *server {
	var best *server
	for _, s := range c.servers {
		if !s.seen.leads() {
			continue
		}
		if best == nil || s.seen.established > best.seen.established ||
			s.seen.established == best.seen.established && s.seen.currentEpoch > best.seen.currentEpoch {
			best = s
		}
	}
	return best
}
