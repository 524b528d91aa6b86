package main

import (
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// exploreFlags are what zksim explore was asked for.
type exploreFlags struct {
	seeds   seedsValue
	timeout wallValue
	jobs    int
	simFlags
	dir dirFlags
	out outFlags
}

// exploreProfile is what a search runs unless it is told otherwise.
const exploreProfile = "swarm"

func (a *app) exploreCommand() *cobra.Command {
	f := &exploreFlags{simFlags: newSimFlags(exploreProfile), out: newOutFlags()}
	cmd := &cobra.Command{
		Use:     "explore",
		Short:   "Run many seeds and tell the distinct failures among them.",
		Example: "zksim explore --seeds 1-5000 --jobs 2\nzksim explore --timeout 10m --json",
		Long:    "Exit: 0 ok, 1 violated, 125 unknown, 128 tool failed, 129 usage, 130 interrupted",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return a.explore(f) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.Var(&f.seeds, "seeds", "1,2,5-10 or random:1000; with --timeout: from 1 on")
	fl.Var(&f.timeout, "timeout", "stop after this time of the real clock")
	fl.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "runs at the same time `N`; changes speed only")
	f.dir.add(fl, "write bundles of failures into this `DIR`")
	f.simFlags.add(fl)
	f.out.add(fl, "print one JSON object a run, one a line")
	return cmd
}

// explore is zksim explore.
func (a *app) explore(f *exploreFlags) error {
	if err := f.settle(); err != nil {
		return err
	}
	next, count, err := a.seedsOf(f) // and writes drawn seeds down in f
	if err != nil {
		return err
	}
	s := &search{a: a, f: f, total: count, tally: newTally(), began: a.now(), build: a.build()}
	s.progress = progress{w: a.stderr, redraw: a.watched, columns: a.columns, quiet: f.out.quiet, shown: s.began}
	s.bundles, err = openStore(f.dir, func(path string) {
		s.progress.end()
		a.tellAlreadyThere(&f.out, path)
	})
	if err != nil {
		return err
	}
	if err := s.run(next); err != nil {
		return err
	}
	return s.finish()
}

// seedsOf gives the seeds in order, and how many there are; 0 is no end.
func (a *app) seedsOf(f *exploreFlags) (next func() (uint64, bool), count uint64, err error) {
	if f.jobs < 1 {
		return nil, 0, usagef("--jobs %d: at least one run goes on at a time; give a number from 1", f.jobs)
	}
	var seed uint64
	switch {
	case len(f.seeds.seeds) > 0:
		list := f.seeds.seeds
		return func() (uint64, bool) {
			if len(list) == 0 {
				return 0, false
			}
			seed, list = list[0], list[1:]
			return seed, true
		}, uint64(len(list)), nil
	case f.seeds.drawn > 0:
		if seed, err = a.drawSeed(); err != nil {
			return nil, 0, fmt.Errorf("cannot draw seeds: %w; give them with --seeds", err)
		}
		seed >>= 1 // room for the others behind it
		left := f.seeds.drawn
		f.seeds.text = report.Seed(seed+1) + "-" + report.Seed(seed+left)
		return func() (uint64, bool) {
			seed++
			left--
			return seed, left < f.seeds.drawn
		}, f.seeds.drawn, nil
	case f.timeout.d > 0:
		return func() (uint64, bool) { seed++; return seed, true }, 0, nil
	}
	return nil, 0, usagef("zksim explore needs an end: say which seeds, such as --seeds 1-1000, or how long, such as --timeout 10m")
}

// search is one exploration.
type search struct {
	a        *app
	f        *exploreFlags
	total    uint64 // seeds; 0 is no end
	bundles  *store
	tally    *tally
	progress progress
	began    time.Time
	build    report.Build

	interrupted bool
	timedOut    bool
}

// tick is how often progress is considered.
const tick = 100 * time.Millisecond

// run simulates seeds until there are no more, the time is over, or the user
// has had enough. What it has taken in by then is a prefix of the seeds, in
// their order, however many jobs there are.
func (s *search) run(next func() (uint64, bool)) error {
	p := startPool(s.f.jobs, next, func(seed uint64) simulated { return s.a.attempt(s.f.config(seed)) }, s.a.now)
	defer p.stop()
	var timeout <-chan time.Time
	if s.f.timeout.d > 0 {
		timer := time.NewTimer(s.f.timeout.d)
		defer timer.Stop()
		timeout = timer.C
	}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-s.a.interrupts:
			s.interrupted = true
			return nil
		case <-timeout:
			s.timedOut = true
			return nil
		case <-ticker.C:
			s.progress.show(s)
			if err := s.a.flush(); err != nil {
				return fmt.Errorf("cannot write the result: %w", err)
			}
		case r, ok := <-p.results:
			if !ok {
				return nil
			}
			for _, r := range p.inOrder(r) {
				if err := s.take(r); err != nil {
					return err
				}
			}
		}
	}
}

// take takes in the run of the next seed.
func (s *search) take(r finished) error {
	if r.err != nil {
		return usageError(r.err.Error())
	}
	run := &report.Run{Report: r.outcome(s.f.config(r.seed)), Wall: r.wall, Build: s.build}
	run.Repro = []string{runLine(run.Config)}
	if _, err := exitCode(run.Verdict); err != nil {
		return err
	}
	if err := s.keep(run); err != nil {
		return err
	}
	if !s.f.out.json {
		return nil
	}
	return encodeLine(s.a.stdout, run.Document())
}

// keep counts a run, and writes it down if it is among the first failures of
// its kind.
func (s *search) keep(run *report.Run) error {
	k := s.tally.add(run)
	if k == nil {
		return nil
	}
	if k.count == 1 {
		s.progress.announce(k)
	}
	var err error
	if k.count <= bundlesPerKind && run.Step > 0 { // a simulator that failed leaves nothing to write down
		err = k.write(s.bundles, run)
	}
	if k.count == 1 {
		k.repro = run.Repro[0]
	}
	return err
}

// finish prints the results, and chooses the exit code.
func (s *search) finish() error {
	s.progress.end()
	code, err := exitCode(s.tally.verdict())
	if err != nil {
		return err
	}
	s.a.code = code
	if s.interrupted {
		s.a.code = exitInterrupted
	}
	if s.f.out.json { // every line of standard output is a run
		if s.f.out.quiet {
			return nil
		}
		_, err = io.WriteString(s.a.stderr, s.summary(false))
		return err
	}
	_, err = io.WriteString(s.a.stdout, s.summary(s.a.colourful(s.f.out.color.word)))
	return err
}

// outcome is the report of a run; of one that has brought the simulator itself
// down, what is known of it.
func (r *finished) outcome(cfg engine.Config) *engine.Report {
	if r.crash == nil {
		return r.report
	}
	return crashed(cfg, r.crash, r.trace)
}
