package engine

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/rng"
)

// cutBy gives what a partition of so many servers cuts, as a table.
func cutBy(t *testing.T, servers int, line string, seed uint64, tell func(teller)) [][]bool {
	c := newCluster(Config{Seed: seed, Servers: servers, Clients: 2}.withDefaults())
	tell(teller{c})
	st := statement(t, line)
	draws := c.src.Stream(rng.Key{Host: faultHost, Purpose: rng.PurposeFault})
	e := &effect{st: &st, draws: &draws}
	c.faults.selectVictims(e)
	hosts := servers + 2
	cut := make([][]bool, hosts)
	for i := range cut {
		cut[i] = make([]bool, hosts)
	}
	for _, p := range e.pairs {
		cut[p.from][p.to] = true
	}
	for a := range hosts {
		require.False(t, cut[a][a])
		for b := range hosts {
			require.Equal(t, cut[a][b], cut[b][a])
		}
	}
	return cut
}

// reached counts the servers that each server reaches, itself among them.
func reached(cut [][]bool, servers int) []int {
	counts := make([]int, servers)
	for a := range servers {
		for b := range servers {
			if !cut[a][b] {
				counts[a]++
			}
		}
	}
	slices.Sort(counts)
	return counts
}

func TestShapesOfPartitions(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		nobody := func(teller) {}
		assert.Equal(t, []int{1, 4, 4, 4, 4}, reached(cutBy(t, 5, "at 1s partition one", seed, nobody), 5))
		assert.Equal(t, []int{2, 2, 3, 3, 3}, reached(cutBy(t, 5, "at 1s partition majority", seed, nobody), 5))
		assert.Equal(t, []int{1, 4, 4, 4, 4}, reached(cutBy(t, 5, "at 1s partition minority-third", seed, nobody), 5))
		assert.Equal(t, []int{3, 3, 3, 3, 5}, reached(cutBy(t, 5, "at 1s partition bridge", seed, nobody), 5))
	}
}

// In a ring each server reaches a majority, and no two the same one.
func TestMajoritiesRing(t *testing.T) {
	for _, servers := range []int{3, 5, 6, 7, 9} {
		cut := cutBy(t, servers, "at 1s partition majorities-ring", 4, func(teller) {})
		rows := map[string]bool{}
		for a := range servers {
			row := ""
			for b := range servers {
				if cut[a][b] {
					row += "x"
				} else {
					row += "."
				}
			}
			if servers > 3 {
				assert.False(t, rows[row], "%d servers: two reach the same ones", servers)
			}
			rows[row] = true
		}
		for _, n := range reached(cut, servers) {
			assert.Greater(t, 2*n, servers)
		}
	}
}

func TestPartitionOfNamedGroups(t *testing.T) {
	cut := cutBy(t, 3, "at 1s partition {zk1 c1} | {zk2 c2}", 1, func(teller) {})
	assert.True(t, cut[0][1])
	assert.True(t, cut[0][4], "zk1 and c2")
	assert.True(t, cut[1][3], "zk2 and c1")
	assert.False(t, cut[0][3])
	assert.Equal(t, []int{2, 2, 3}, reached(cut, 3), "zk3 is in no group and reaches all")
}

func TestPartitionOfPrimaries(t *testing.T) {
	cut := cutBy(t, 5, "at 1s partition primaries", 1, func(c teller) {
		c.lead(2, 1)
		c.lead(4, 2)
	})
	assert.Equal(t, []int{1, 1, 3, 3, 3}, reached(cut, 5))
	assert.True(t, cut[1][3])
	none := cutBy(t, 5, "at 1s partition primaries", 1, func(teller) {})
	assert.Equal(t, []int{5, 5, 5, 5, 5}, reached(none, 5))
}

func TestGroupsOfNodes(t *testing.T) {
	c := newTeller()
	c.lead(2, 1)
	c.tell(1, node.Note{Kind: node.NoteRole, Role: node.RoleFollowing})
	draws := c.src.Stream(rng.Key{})
	pick := func(word string, taken ...netsim.HostID) []netsim.HostID {
		return c.faults.hosts([]string{word}, &draws, taken)
	}
	assert.Equal(t, []netsim.HostID{1}, pick(fault.NodeLeader))
	assert.Empty(t, pick(fault.NodeLeader, 1), "the leader is taken")
	assert.Equal(t, []netsim.HostID{0}, pick(fault.NodeFollowers))
	assert.Equal(t, []netsim.HostID{1}, pick(fault.NodePrimaries))
	assert.Empty(t, pick(fault.NodeObservers))
	assert.Len(t, pick(fault.NodeOne), 1)
	assert.Len(t, pick(fault.NodeMinority), 1)
	assert.Len(t, pick(fault.NodeMajority), 2)
	assert.Len(t, pick(fault.NodeMajority, 0, 1), 1, "more are not left")
	assert.Empty(t, pick(fault.NodeMinorityThird))
	assert.Len(t, pick(fault.NodeAll), 3)
}
