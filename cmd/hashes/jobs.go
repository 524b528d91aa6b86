package main

import (
	"fmt"
	"sync"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// outcome is a report or what kept a run from giving one.
type outcome struct {
	rep *engine.Report
	err error
}

// each runs every seed, several at a time, and hands the reports to use in the
// order of the seeds. It reports whether every verdict was ok, and stops at
// the first error.
func (o *options) each(simulate simulation, use func(*engine.Report) error) (bool, error) {
	ok := true
	for at := 0; at < len(o.seeds); at += o.jobs {
		batch := o.seeds[at:min(at+o.jobs, len(o.seeds))]
		for _, out := range o.together(batch, simulate) {
			if out.err != nil {
				return false, out.err
			}
			ok = ok && out.rep.Verdict == engine.VerdictOK
			if err := use(out.rep); err != nil {
				return false, err
			}
		}
	}
	return ok, nil
}

// together runs seeds at the same time.
func (o *options) together(seeds []uint64, simulate simulation) []outcome {
	outs := make([]outcome, len(seeds))
	var wg sync.WaitGroup
	for i, seed := range seeds {
		cfg := o.cfg
		cfg.Seed = seed
		wg.Go(func() {
			rep, err := simulate(cfg)
			if err != nil {
				err = fmt.Errorf("seed %s: %w", report.Seed(seed), err)
			}
			outs[i] = outcome{rep, err}
		})
	}
	wg.Wait()
	return outs
}
