package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/sim/bisect"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// momentFlags are what zksim bisect run was asked for.
type momentFlags struct {
	runs  countValue
	to    string
	force bool
	bisectFlags
}

// momentRuns is how many continuations are tried unless another number is given.
const momentRuns = 2000

func (a *app) bisectRunCommand() *cobra.Command {
	f := &momentFlags{runs: countValue{n: momentRuns, min: 1, noun: "runs"}, bisectFlags: newBisectFlags()}
	cmd := &cobra.Command{
		Use:     "run FILE",
		Short:   "Find the event after which the failure of a bundle can hardly be avoided.",
		Example: "zksim bisect run 5f0c9e1d77aa.simrun\nzksim bisect run 5f0c9e1d77aa.simrun --jobs 8 -o turned.simrun",
		Long: `The run is replayed up to an event and drawn anew from there, many times. Where
that has no answer, no fault begins after the event, or delays alone or choices
alone are drawn anew; docs/model.md says more. 50 fresh runs on either side judge
the answer: before it at most 0.3 of them fail, after it at least 0.8.
Exit: 0 found, 125 none, 128 tool failed, 129 usage, 130 interrupted`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error { return a.bisectRun(f, args[0]) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.Var(&f.runs, "runs", "try at most so many runs; default 2000")
	f.bisectFlags.add(fl)
	fl.StringVarP(&f.to, "out", "o", "", "write the bundle with the event into this `FILE`")
	fl.BoolVar(&f.force, "force", false, "let -o replace a file")
	f.bisectFlags.addOut(fl)
	return cmd
}

// momentSearch is one zksim bisect run.
type momentSearch struct {
	a        *app
	f        *momentFlags
	file     string
	bundle   *bundle.Bundle
	cfg      engine.Config
	property string
	pulse    *pulse
	last     uint64 // steps of the run
	turn     *bisect.Turn
	events   map[uint64]*engine.Narrated // those that are named, by step
	written  string                      // path of the bundle with it
}

// bisectRun is zksim bisect run.
func (a *app) bisectRun(f *momentFlags, path string) error {
	if err := f.check(); err != nil {
		return err
	}
	b, err := a.readBundle(path)
	if err != nil {
		return err
	}
	s := &momentSearch{a: a, f: f, file: path, bundle: b, pulse: a.newPulse(f.out.quiet), turn: &bisect.Turn{}, events: map[uint64]*engine.Narrated{}}
	if s.property, err = expected(b, path, f.expect.name); err != nil {
		return err
	}
	if s.cfg, err = a.branchable(b, path); err != nil {
		return err
	}
	ctx, stop := a.interruptible()
	defer stop()
	err = s.search(ctx)
	s.pulse.end()
	if errors.Is(err, errInterrupted) {
		a.code = exitInterrupted
		return s.print()
	}
	if err != nil {
		return err
	}
	if err := s.write(); err != nil {
		return err
	}
	return s.print()
}

func (f *momentFlags) check() error {
	if f.force && f.to == "" {
		return usagef("--force is about -o, which is not given; leave it out")
	}
	if _, err := os.Lstat(f.to); f.to != "" && !f.force && err == nil {
		return usagef("-o %s: this file is there already; name another one, or say --force", f.to)
	}
	return f.bisectFlags.check()
}

// branchable is what a bundle runs, if it can be drawn anew from any event.
func (a *app) branchable(b *bundle.Bundle, path string) (engine.Config, error) {
	cfg, err := a.runnable(b, path)
	if err == nil && cfg.Redraw.Draw != 0 {
		err = unjudged(fmt.Sprintf("the run of %s was drawn anew after step %d itself; give the bundle that it branched from", path, cfg.Redraw.Step))
	}
	return cfg, err
}

// search replays the run, seeks the event, and has it told in words.
func (s *momentSearch) search(ctx context.Context) error {
	exact, err := s.replay(ctx, s.cfg)
	if err != nil {
		return err
	}
	if !s.fails(exact) {
		return unjudged(fmt.Sprintf("%s %s; there is no event to find", s.file, otherEnding(exact, s.property)))
	}
	s.last = exact.Step
	t := s.a.newTrials(ctx, s.f.jobs, s.show)
	s.turn, err = bisect.Moments{Last: s.last, Runs: s.f.runs.n, Try: s.try(ctx, t)}.Find()
	s.pulse.end()
	t.tellLost()
	if err != nil || s.turn.Step == 0 {
		return err
	}
	for _, r := range append(s.turn.Others, s.turn.Rise) {
		if err := s.tell(ctx, r.Step); err != nil {
			return err
		}
	}
	return nil
}

// tell has an event told in words.
func (s *momentSearch) tell(ctx context.Context, step uint64) error {
	cfg := s.cfg
	cfg.Narrate = engine.Steps{First: step, Last: step}
	told, err := s.replay(ctx, cfg)
	if err == nil && len(told.Narration) > 0 {
		s.events[step] = &told.Narration[0]
	}
	return err
}

// replay makes one run, beside the wait for an interrupt.
func (s *momentSearch) replay(ctx context.Context, cfg engine.Config) (*engine.Report, error) {
	t := s.a.newTrials(ctx, 1, s.show)
	came := runTrials(t, []engine.Config{cfg}, func(r *engine.Report) *engine.Report { return r }, never[*engine.Report])
	switch {
	case len(came) == 0:
		return nil, errInterrupted
	case came[0] == nil:
		return nil, cannotRun(s.file, t.err)
	}
	return came[0], nil
}

// never says that every run of a list is wanted.
func never[T any](*T) bool { return false }

// try makes continuations, some at a time.
func (s *momentSearch) try(ctx context.Context, t *trials) bisect.Try {
	return func(generation []bisect.Continuation) ([]bisect.Trial, error) {
		list := make([]engine.Config, len(generation))
		for i, c := range generation {
			list[i] = s.cfg
			list[i].Redraw = engine.Redraw{Step: c.Step, Draw: c.Draw, Calm: c.Calm, Only: c.Only}
		}
		trial := func(r *engine.Report) bisect.Trial { return bisect.Trial{Failed: s.fails(r), Hash: r.Hash} }
		ended := runTrials(t, list, trial, never[bisect.Trial])
		if len(ended) < len(list) {
			return nil, errInterrupted
		}
		s.turn.Runs += len(ended)
		return ended, nil
	}
}

// fails reports whether a run ended with the property that the search is about.
func (s *momentSearch) fails(r *engine.Report) bool {
	return r.Verdict == engine.VerdictViolated && r.Violation != nil && string(r.Violation.Property) == s.property
}

// otherEnding says how a run ended that did not end with a property.
func otherEnding(r *engine.Report, property string) string {
	if r.Violation == nil {
		return "does not fail when it is run here"
	}
	return fmt.Sprintf("fails with %s when it is run here, not with %s", r.Violation.Property, property)
}

func (s *momentSearch) show() {
	s.pulse.show(fmt.Sprintf("%s of at most %s runs", number(s.turn.Runs), number(s.f.runs.n)))
}

// turning is an event as bundles keep it; nil where there is none.
func (s *momentSearch) turning(r bisect.Rise) *report.Turning {
	event := s.events[r.Step]
	if event == nil {
		return nil
	}
	return &report.Turning{Step: r.Step, AtNS: int64(event.At), Event: event.String(), Calm: s.turn.Calm, Only: string(s.turn.Only),
		Before: report.Rate(r.Before), After: report.Rate(r.After)}
}

// write writes the bundle with the event, if that was asked for and one decides.
func (s *momentSearch) write() error {
	turning := s.turning(s.turn.Rise)
	if s.f.to == "" || turning == nil || !s.turn.Decisive() {
		return nil
	}
	b := *s.bundle
	b.Document.Turning = turning
	data, err := b.Bytes()
	if err != nil {
		return err
	}
	to := &store{filepath.Dir(s.f.to), s.f.force, func(path string) { s.a.tellAlreadyThere(&s.f.out, path) }}
	s.written = s.f.to
	return to.write(s.f.to, data)
}

// sides are the commands that show runs on either side of the event.
func (s *momentSearch) sides() []string {
	if s.turn.Step == 0 {
		return nil
	}
	first, _ := bisect.JudgedDraws()
	var lines []string
	for _, step := range []uint64{s.turn.Step - 1, s.turn.Step} {
		line := strings.TrimSuffix(replayLine(s.file), " --verify") + fmt.Sprintf(" --redraw %d", first)
		if step > 0 {
			line += fmt.Sprintf(" --from %d", step)
		}
		if s.turn.Calm {
			line += " --calm"
		}
		if s.turn.Only != engine.DrawsAll {
			line += " --only " + string(s.turn.Only)
		}
		lines = append(lines, line+" --expect "+s.property)
	}
	return lines
}
