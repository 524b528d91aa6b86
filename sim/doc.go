// Package sim is for tests of code that uses a ZooKeeper-like service. A test
// declares an ensemble, clients whose code is blocking code, faults, and what must
// hold; [Check] runs it once for each of many seeds, in virtual time and on one
// thread, judges every run with all checks of the simulator, and makes of a
// failure a file that shows the very same run again:
//
//	func TestLeader(t *testing.T) {
//		sim.Check(t, func(c *sim.Cluster) {
//			for _, id := range []string{"a", "b"} {
//				c.Client(id, func(zk client.API) { campaign(zk, c.Leader(id)) })
//			}
//			c.Faults(sim.Sessions, sim.LostReplies)
//			c.Always(sim.AtMostOne("leader"))
//		})
//	}
//
// The code of clients must be a function of what it is given: no goroutines,
// clocks or random numbers of its own. Package client has stand-ins for them.
// docs/testing.md tells the rest.
//
// The package is no part of any simulation: it knows package testing, files and
// the environment. It imports what is below sim, node for planted bugs, and
// nothing of others but what those do.
package sim
