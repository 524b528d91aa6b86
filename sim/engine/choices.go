package engine

import (
	"fmt"

	"github.com/zksim/zksim/sim/rng"
)

// noted tells the decisions that a report lists: the parameters of the run, what
// faults hit and leave, when processes boot, and where clients go. The delays of
// packets, disks, stages and timers are not among them, nor the operations of the
// workload: there are many, and their keys find them again on other code. What a
// swarm draws is in the schedule, and when a disk is looked at changes nothing.
func noted(k rng.Key) bool {
	switch k.Purpose {
	case rng.PurposeConfig, rng.PurposeCrash, rng.PurposeClient:
		return true
	case rng.PurposeNode:
		return k.Host >= 0
	case rng.PurposeFault:
		return k.Host != swarmHost
	}
	return false
}

func newControl(cfg *Config) *rng.Control {
	return rng.NewControl(rng.Plan{Notes: noted, Choices: cfg.Choices, Redraws: cfg.Redraw.Draw != 0})
}

// redraw begins all randomness anew where Config.Redraw says so; after no step, that
// is before there is a kernel.
func (c *cluster) redraw() {
	if r := c.cfg.Redraw; r.Draw != 0 {
		c.chosen.RedrawOnly(r.Only.streams(), r.Draw, r.Recorded || r.Only == DrawsDelays)
		c.redrawn = true
		c.faults.calm = r.Calm
	}
}

// streams are those of some decisions; nil: all.
func (d Draws) streams() func(rng.Key) bool {
	switch d {
	case DrawsChoices:
		return noted
	case DrawsDelays:
		return delays
	}
	return nil
}

// delays tells the decisions about time: of packets, disks, stages and timers.
func delays(k rng.Key) bool {
	switch k.Purpose {
	case rng.PurposeLink, rng.PurposeNet, rng.PurposeDisk, rng.PurposeStage, rng.PurposeTimer:
		return true
	}
	return false
}

// check says why decisions cannot be drawn anew.
func (d Draws) check() error {
	switch d {
	case DrawsAll, DrawsChoices, DrawsDelays:
		return nil
	}
	return fmt.Errorf("there are no draws %.40q in this version: say choices or delays, or nothing for all", d)
}
