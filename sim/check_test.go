package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim"
	"github.com/zksim/zksim/sim/client"
)

// One leader at a time, and one at last, whatever happens to sessions, replies
// and servers. Sessions last longer than a server needs to see that its leader
// has lost power, 10 s: until then it answers the pings of clients that the others
// may have given up.
func TestElection(t *testing.T) {
	sim.Check(t, func(c *sim.Cluster) {
		c.SessionTimeout(20 * time.Second)
		for _, id := range []string{"a", "b", "c"} {
			c.Client(id, func(zk client.API) { campaign(zk, c.Leader(id)) })
		}
		c.Faults(sim.Sessions, sim.Disconnects, sim.LostReplies, sim.Crashes)
		c.Always(sim.AtMostOne("leader"))
		c.Eventually(sim.SomeOne("leader"))
	})
}

// The built-in workload alone, with all checks of the simulator.
func TestWorkload(t *testing.T) {
	sim.Check(t, func(c *sim.Cluster) {
		c.Workload(3)
		c.For(5 * time.Second)
		c.Schedule("at 2s for 1s crash one")
	})
}

// naiveElection is a property that does not hold.
func naiveElection(c *sim.Cluster) {
	for _, id := range []string{"a", "b", "c"} {
		c.Client(id, func(zk client.API) { naive(zk, c.Leader(id)) })
	}
	c.Faults(sim.Sessions, sim.Disconnects, sim.LostReplies)
	c.Always(sim.AtMostOne("leader"))
}

// The naive recipe is caught within few seeds.
func TestTheNaiveRecipeIsCaught(t *testing.T) {
	caught := 0
	for seed := range uint64(10) {
		o, err := sim.Run(naiveElection, sim.Input{Seed: seed})
		require.NoError(t, err)
		if o.Failed() {
			caught++
			assert.Equal(t, sim.AtMostOneLeader, string(o.Violation.Property))
			assert.Regexp(t, `^2 leaders: [abc] since \d\d:\d\d\.\d{3}, [abc] since \d\d:\d\d\.\d{3}$`, o.Violation.Detail)
			assert.Regexp(t, `^client [abc]$`, o.Violation.Place)
		}
	}
	assert.GreaterOrEqual(t, caught, 3)
}

func ExampleRun() {
	o, err := sim.Run(func(c *sim.Cluster) {
		for _, id := range []string{"a", "b"} {
			c.Client(id, func(zk client.API) { naive(zk, c.Leader(id)) })
		}
		c.Schedule("at 5s client c1 expire", "at 25s client c2 expire")
		c.Always(sim.AtMostOne("leader"))
	}, sim.Input{Seed: 1})
	fmt.Println(err, o.Failed(), o.Violation.Property)
	// Output: <nil> true AtMostOneLeader
}

// FuzzWorkload looks for bytes, so a seed and a schedule, that a small ensemble
// does not survive.
func FuzzWorkload(f *testing.F) {
	sim.Fuzz(f, func(c *sim.Cluster) {
		c.Workload(2)
		c.For(5 * time.Second)
	})
}
