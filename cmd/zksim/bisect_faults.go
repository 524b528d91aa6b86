package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/bisect"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// faultsFlags are what zksim bisect faults was asked for.
type faultsFlags struct {
	tries countValue
	runs  countValue
	bisectFlags
}

// The defaults of zksim bisect faults.
const (
	faultTries = 20
	faultRuns  = 5000
)

func (a *app) bisectFaultsCommand() *cobra.Command {
	f := &faultsFlags{tries: countValue{n: faultTries, noun: "tries"}, runs: countValue{n: faultRuns, noun: "runs"},
		bisectFlags: newBisectFlags()}
	cmd := &cobra.Command{
		Use:     "faults FILE",
		Short:   "Tell which fault statements the failure of a bundle needs.",
		Example: "zksim bisect faults 5f0c9e1d77aa.simrun\nzksim bisect faults 5f0c9e1d77aa.simrun --tries 50 --json",
		Long: `Runs leave the bundle's before a statement takes effect, with it and without it.
Needed: without it the failure comes less than half as often, and chance alone
would make that so in one of 1000 cases (of 100 after three times --tries).
Shrink large schedules first. FILE - is standard input.
Exit: 0 found, 125 not found, 128 tool failed, 129 usage, 130 interrupted`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error { return a.bisectFaults(f, args[0]) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.Var(&f.tries, "tries", "runs with each statement, as many without; default 20")
	fl.Var(&f.runs, "runs", "make at most so many runs; default 5000")
	f.bisectFlags.add(fl)
	f.bisectFlags.addOut(fl)
	return cmd
}

// faultBisection is one zksim bisect faults.
type faultBisection struct {
	a        *app
	f        *faultsFlags
	file     string
	property proto.Property
	pulse    *pulse
	where    string
	schedule []string
	answer   *bisect.FaultsAnswer
}

// bisectFaults is zksim bisect faults.
func (a *app) bisectFaults(f *faultsFlags, path string) error {
	if err := cmp.Or(f.bisectFlags.check(), checkCount("--runs", f.runs.n), checkCount("--tries", f.tries.n)); err != nil {
		return err
	}
	b, err := a.readBundle(path)
	if err != nil {
		return err
	}
	property, err := expected(b, path, f.expect.name)
	if err != nil {
		return err
	}
	cfg, err := a.runnable(b, path)
	if err != nil {
		return err
	}
	if cfg.Redraw.Draw != 0 {
		return unjudged(fmt.Sprintf("%s: the end of this run was drawn anew, so that it cannot be drawn anew once more; shrink it first: zksim shrink %s", path, repro.QuotePath(path)))
	}
	s := &faultBisection{a: a, f: f, file: path, property: proto.Property(property), pulse: a.newPulse(f.out.quiet)}
	ctx, stop := a.interruptible()
	defer stop()
	if err := s.search(ctx, cfg); err != nil {
		return a.interrupted(err)
	}
	if ctx.Err() != nil {
		a.code = exitInterrupted
	} else if !s.answer.Found() {
		a.code = exitUnknown
	}
	return s.print()
}

// search runs the bundle, and then what the search asks for.
func (s *faultBisection) search(ctx context.Context, cfg engine.Config) error {
	t := s.a.newTrials(ctx, s.f.jobs, func() { s.pulse.show(s.where) })
	defer s.pulse.end()
	first := runTrials(t, []engine.Config{cfg}, func(r *engine.Report) *engine.Report { return r }, never[*engine.Report])
	switch {
	case len(first) == 0:
		return errInterrupted
	case t.failed(s.file) != nil:
		return t.failed(s.file)
	case !bisect.FailedWith(first[0], s.property):
		return unjudged(fmt.Sprintf("%s does not fail with %s when it is run here; there is nothing to find", s.file, s.property))
	}
	for _, st := range first[0].Schedule {
		s.schedule = append(s.schedule, st.String())
	}
	ended := func(r *engine.Report) bisect.End { return bisect.EndOf(r, s.property) }
	s.answer = bisect.Faults{Report: first[0], Tries: s.f.tries.n, Runs: s.f.runs.n,
		Try: func(list []engine.Config) []bisect.End {
			return runTrials(t, list, ended, never[bisect.End])
		},
		Told: func(done, of int) {
			s.where = fmt.Sprintf("%d/%d statements judged", done, of)
			s.pulse.show(s.where)
		},
	}.Find()
	s.pulse.end()
	t.tellLost()
	return nil
}

func (s *faultBisection) print() error {
	if s.f.out.json {
		return s.a.printJSON(s.document())
	}
	_, err := io.WriteString(s.a.stdout, visible(s.text()))
	return err
}

// text is what a person reads: what is needed, first, then the rest.
func (s *faultBisection) text() string {
	var lines []string
	noise, together := 0, false
	for _, n := range s.answer.Statements {
		switch n.Need {
		case bisect.NeedNoise, bisect.NeedIdle:
			noise++
		case bisect.NeedNeeded:
			lines = append(lines, s.line(&n)+s.counts(&n))
		case bisect.NeedTogether:
			together = true
			lines = append(lines, s.line(&n))
		}
	}
	if together {
		lines = append(lines, fmt.Sprintf("          each of these can be left out alone, but not all noise: without it ok in %s", okIn(s.answer.None)))
	}
	for _, n := range s.answer.Statements {
		if n.Need == bisect.NeedUnclear || n.Need == bisect.NeedUnjudged {
			lines = append(lines, s.line(&n)+s.counts(&n))
		}
	}
	if noise > 0 {
		other := "other "
		if noise == len(s.answer.Statements) {
			other = ""
		}
		lines = append(lines, fmt.Sprintf("%-10s%s", "noise", report.Plural(noise, other+"statement")))
	}
	if noise == len(s.answer.Statements) && s.answer.Found() {
		lines = append(lines, "no fault is needed: the failure comes without any")
	}
	if s.f.out.quiet {
		return strings.Join(lines, "\n") + "\n"
	}
	return strings.Join(append(lines, s.remarks()...), "\n") + "\n"
}

// remarks say how the answer came about.
func (s *faultBisection) remarks() []string {
	var lines []string
	switch {
	case s.a.code == exitInterrupted:
		lines = append(lines, "INTERRUPTED: what is not judged may be needed too")
	case s.answer.Spent:
		lines = append(lines, fmt.Sprintf("--runs %d do not suffice for all: what is not judged may be needed too", s.f.runs.n))
	case !s.answer.Found():
		lines = append(lines, "not found: "+s.reason()+"; try more with --tries")
	}
	return append(lines, fmt.Sprintf("%-10s%s  %s in %s", "judged on", report.Plural(s.answer.Runs, "run"), s.property, s.file))
}

// reason says why no statement can be called needed.
func (s *faultBisection) reason() string {
	for _, n := range s.answer.Statements {
		if n.Need == bisect.NeedUnclear && 2*n.With.Failed > n.With.Runs {
			return "so few runs may differ by chance"
		}
	}
	return "where the rest is drawn anew the failure comes too rarely"
}

func (s *faultBisection) line(n *bisect.StatementNeed) string {
	return fmt.Sprintf("%-10s%s", n.Need, s.schedule[n.Statement])
}

// counts tell the rates of a statement.
func (s *faultBisection) counts(n *bisect.StatementNeed) string {
	if n.Without.Runs == 0 {
		return ""
	}
	return fmt.Sprintf("   without it: ok in %s, with it: ok in %s", okIn(n.Without), okIn(n.With))
}

// okIn is how many runs ended well, and how many neither well nor with the failure.
func okIn(e bisect.Ends) string {
	if e.Other == 0 {
		return fmt.Sprintf("%d/%d", e.OK(), e.Runs)
	}
	return fmt.Sprintf("%d/%d (%d end otherwise)", e.OK(), e.Runs, e.Other)
}

// faultsDocument is the JSON form of a search among statements.
type faultsDocument struct {
	Schema     int             `json:"schema"`
	Found      bool            `json:"found"`
	Property   string          `json:"property"`
	Bundle     string          `json:"bundle"`
	Tries      int             `json:"tries"`
	Runs       int             `json:"runs"`
	Statements []faultDocument `json:"statements"`
	NoNoise    rateDocument    `json:"no_noise"` // without all that is noise one by one
	Control    rateDocument    `json:"control"`  // the same continuations with all statements
	Ended      string          `json:"ended"`    // done, runs or interrupted
	Repro      []string        `json:"repro"`
}

// faultDocument is the JSON form of what was found out about a statement.
type faultDocument struct {
	Statement   string       `json:"statement"`
	Need        string       `json:"need"`
	With        rateDocument `json:"with"`
	Without     rateDocument `json:"without"`
	ExactFailed bool         `json:"exact_failed"` // the run without it, nothing drawn anew
}

// rateDocument is how many of some runs failed.
type rateDocument struct {
	Failed int `json:"failed"`
	Other  int `json:"other"` // with another failure, or could not be judged
	Runs   int `json:"runs"`
}

func rateOf(e bisect.Ends) rateDocument { return rateDocument{e.Failed, e.Other, e.Runs} }

func (s *faultBisection) document() *faultsDocument {
	d := &faultsDocument{Schema: report.Schema, Found: s.answer.Found(), Property: string(s.property), Bundle: s.file, Tries: s.f.tries.n,
		Runs: s.answer.Runs, Statements: []faultDocument{}, NoNoise: rateOf(s.answer.None), Control: rateOf(s.answer.Control),
		Ended: "done", Repro: []string{fmt.Sprintf("zksim bisect faults %s --tries %d --runs %d", repro.QuotePath(s.file), s.f.tries.n, s.f.runs.n)}}
	switch {
	case s.a.code == exitInterrupted:
		d.Ended = "interrupted"
	case s.answer.Spent:
		d.Ended = "runs"
	}
	for _, n := range s.answer.Statements {
		d.Statements = append(d.Statements, faultDocument{s.schedule[n.Statement], n.Need.String(), rateOf(n.With), rateOf(n.Without), n.Exact})
	}
	return d
}
