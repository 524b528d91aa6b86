package engine

import "github.com/zksim/zksim/sim/vtime"

// leak is what the determinism check must catch: the order of a map range
// decides the order in which events of one instant are asked for. It runs only
// for Config.Nondeterminism.
func (c *cluster) leak() {
	places := map[int]struct{}{}
	for i := range 257 {
		places[i] = struct{}{}
	}
	for i := range places { // order-free: never, on purpose
		c.kernel.after(0, vtime.Event{Class: classProgress, Kind: progressNothing, Host: -1, A: int64(i)})
	}
}
