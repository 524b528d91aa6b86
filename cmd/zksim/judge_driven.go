package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zksim/zksim/sim/engine"
)

// A bundle of a person's test is judged on a commit by that test, as the commit
// has it: the test is built in the work tree and makes every run.

// buildTest builds the test of the bundle in the module at dir.
func (j *judge) buildTest(dir string) (player, func(), error) {
	d := &j.bundle.Document
	t := &testRunner{pkg: d.Package, test: d.Test, at: dir}
	t.begin(j.repo.ctx)
	if err := t.build(); err != nil {
		if ctx := j.repo.ctx; ctx.Err() != nil {
			return nil, t.close, context.Cause(ctx)
		}
		return nil, t.close, &buildFailure{"its test cannot be built", err.Error()}
	}
	return func(number int) trial { return j.drive(t, number) }, t.close, nil
}

// drive has the test make one run. An instant is looked for in a run of its own,
// because the commit need not take as many steps to it.
func (j *judge) drive(t *testRunner, number int) trial {
	cfg, err := j.bundle.Config()
	if err != nil {
		return unknownTrial(true, "the bundle cannot be used", err.Error())
	}
	if number > 0 {
		prefix := cfg
		prefix.Until = engine.Moment{At: j.starts[number-1]}
		rep, err := j.driven(t, prefix)
		if err != nil {
			return j.undriven(err)
		}
		cfg.Redraw = engine.Redraw{Step: rep.Step, Draw: uint64(number)}
	}
	rep, err := j.driven(t, cfg)
	if err != nil {
		return j.undriven(err)
	}
	return j.driveEnded(rep)
}

// driven makes one run, for as long as one may last.
func (j *judge) driven(t *testRunner, cfg engine.Config) (*engine.Report, error) {
	type result struct {
		rep *engine.Report
		err error
	}
	ended := make(chan result, 1)
	go func() {
		rep, err := t.simulate(cfg)
		ended <- result{rep, err}
	}()
	limit := time.NewTimer(j.limit)
	defer limit.Stop()
	select {
	case r := <-ended:
		return r.rep, r.err
	case <-limit.C:
		return nil, errTooLong
	case <-j.repo.ctx.Done():
		return nil, context.Cause(j.repo.ctx)
	}
}

// undriven is a run that the test did not make.
func (j *judge) undriven(err error) trial {
	switch {
	case errors.Is(err, errInterrupted):
		return trial{err: err}
	case errors.Is(err, errTooLong):
		return j.tooLong()
	}
	return unknownTrial(true, "its test does not make the run", err.Error())
}

// driveEnded says what a run has shown that the test has made.
func (j *judge) driveEnded(rep *engine.Report) trial {
	switch {
	case rep.Verdict == engine.VerdictOK:
		return trial{end: trialHolds}
	case rep.Violation == nil:
		return unknownTrial(false, otherwise(string(rep.Verdict), ""), "")
	case string(rep.Violation.Property) == j.expect:
		return trial{end: trialFails}
	}
	return unknownTrial(false, otherwise(string(rep.Verdict), string(rep.Violation.Property)), "")
}

// tooLong is a run that was given up.
func (j *judge) tooLong() trial {
	return unknownTrial(true, "a run takes too long", fmt.Sprintf("a run takes longer than %v; --run-timeout may allow more", j.limit))
}
