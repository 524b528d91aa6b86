// Package simrapid runs a property of package sim under rapid: seeds and schedules
// of faults are drawn by rapid's generators, and what fails is made small by it.
//
// It is a package of its own so that only who wants rapid links it. It imports
// sim, sim/fault/faultgen and rapid, and is no part of any simulation.
package simrapid

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/zksim/zksim/sim"
	"github.com/zksim/zksim/sim/fault/faultgen"
	"github.com/zksim/zksim/sim/report"
)

// FaultsMax is how many statements a drawn schedule has at most.
const FaultsMax = 8

// Check runs what is kept of the test's failures, as sim.Check does, and then a
// property under rapid, whose flags say how often. Faults of every kind are drawn
// in place of those that the property declares. A failure is kept as a bundle,
// too.
func Check(t *testing.T, property func(c *sim.Cluster)) {
	t.Helper()
	h := sim.Open(t, property)
	if h.Replay() {
		return
	}
	var failing *sim.Outcome
	defer func() { // rapid ends the goroutine
		if failing != nil && t.Failed() {
			h.Keep(t, failing, 0)
		}
	}()
	cfg, clients := h.Size()
	schedules := faultgen.Schedule(cfg.Servers, clients, cfg.For, FaultsMax)
	rapid.Check(t, func(rt *rapid.T) {
		in := sim.Input{Seed: rapid.Uint64().Draw(rt, "seed"), Schedule: schedules.Draw(rt, "schedule"), For: cfg.For}
		o, err := sim.Run(property, in)
		if errors.Is(err, sim.ErrLost) {
			t.Fatalf("seed %s: %v", report.Seed(in.Seed), err) // not for rapid, which would repeat it
		}
		if err != nil {
			rt.Skip(err) // a statement that comes too late, or that this version cannot carry out
		}
		if o.Failed() {
			failing = o
			rt.Fatalf("%s at %s step %d: %s", o.Violation.Property, report.Clock(o.Violation.At), o.Step, o.Violation.Detail)
		}
	})
}
