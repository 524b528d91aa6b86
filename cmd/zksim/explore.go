package main

import (
	"encoding/json"
	"errors"
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
	limit   wallValue
	jobs    int
	shard   shardValue
	simFlags
	dir   dirFlags
	junit string
	out   outFlags
}

// exploreProfile is what a search runs unless it is told otherwise.
const exploreProfile = "swarm"

// runTimeout is how long a run may take by the real clock unless the user says
// otherwise: some thousand times of what one usually takes.
const runTimeout = 5 * time.Minute

func (a *app) exploreCommand() *cobra.Command {
	f := &exploreFlags{simFlags: newSimFlags(exploreProfile), out: newOutFlags(), limit: wallValue{runTimeout}}
	cmd := &cobra.Command{
		Use:     "explore",
		Short:   "Run many seeds and tell the distinct failures among them.",
		Example: "zksim explore --seeds 1-5000 --jobs 2\nzksim explore --seeds commit:2000 --timeout 8m --junit sim.xml --out sim",
		Long:    "Exit: 0 ok, 1 violated, 125 unknown, 128 tool failed, 129 usage, 130 interrupted",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return a.explore(f) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.Var(&f.seeds, "seeds", "1,2,5-10, random:N or commit:N; or --timeout alone")
	fl.Var(&f.timeout, "timeout", "stop after this time of the real clock")
	fl.Var(&f.limit, "run-timeout", "give a run up after it, as a failure; default 5m")
	fl.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "processes `N`, a run each at a time; for speed only")
	fl.Var(&f.shard, "shard", "every N-th seed from the I-th, 1/4 to 4/4; or auto")
	f.dir.add(fl, "write bundles of failures into this `DIR`")
	fl.StringVar(&f.junit, "junit", "", "write a JUnit report, a case a seed, to this `FILE`")
	f.simFlags.add(fl)
	f.out.add(fl, "print one JSON object a run, one a line")
	fl.Lookup("profile").Usage = "default swarm, that draws faults; lan with --fault"
	oneLine(fl, "out", "force", "bundles of failures; replace what is there")
	oneLine(fl, "servers", "clients", "voters zk1 to zkN, c1 to cN; default 5, 10")
	oneLine(fl, "json", "quiet", "an object a line; verdict lines only")
	return cmd
}

// explore is zksim explore.
func (a *app) explore(f *exploreFlags) error {
	s, err := a.newSearch(f)
	if err != nil {
		return err
	}
	over := make(chan struct{})
	defer close(over)
	s.failed = s.run(a.interruption(over))
	return s.finish()
}

// interruption is closed when the user has had enough. A second interrupt ends
// the process at once, even where it waits for somebody to read its output.
func (a *app) interruption(over <-chan struct{}) <-chan struct{} {
	enough := make(chan struct{})
	go func() {
		select {
		case <-a.interrupts:
			a.letGo()
			close(enough)
		case <-over:
		}
	}()
	return enough
}

// newSearch checks everything that can be checked before anything runs.
func (a *app) newSearch(f *exploreFlags) (*search, error) {
	if f.jobs < 1 {
		return nil, usagef("--jobs %d: at least one run goes on at a time; give a number from 1", f.jobs)
	}
	if err := f.settle(); err != nil {
		return nil, err
	}
	if err := a.settleShard(&f.shard); err != nil {
		return nil, err
	}
	seeds, err := a.settleSeeds(f) // and writes down in f which they are
	if err != nil {
		return nil, err
	}
	if f.shard.share(seeds.count) == 0 {
		return nil, usagef("--shard %v: of %s nothing is left for this shard; say fewer shards, or more seeds",
			&f.shard, report.Plural(int(seeds.count), "seed"))
	}
	s := &search{a: a, f: f, seeds: seeds, tally: newTally(), began: a.now(), build: a.build()}
	s.progress = progress{w: a.stderr, redraw: a.redraws(), columns: a.columns, quiet: f.out.quiet, shown: s.began}
	if s.bundles, err = openStore(f.dir, s.tellAlreadyThere, f.junit != ""); err != nil {
		return nil, err
	}
	s.cases, err = a.openJUnit(f.junit, f.dir.force, &f.out)
	return s, err
}

// search is one exploration.
type search struct {
	a        *app
	f        *exploreFlags
	seeds    *seedSet
	bundles  *store
	cases    *junitFile
	tally    *tally
	progress progress
	began    time.Time
	build    report.Build
	full     *kindsFull

	interrupted bool
	timedOut    bool
	failed      error // the tool did; what was finished before counts
	unwritten   error // the first bundle that could not be written
	lost        int   // bundles that could not be
}

// line is what explore prints of a run with --json: the document of the run, and
// what merge wants to know.
type line struct {
	report.Document
	Search place `json:"search"`
}

// place is a run's place in a search that may have been divided.
type place struct {
	Seeds   string   `json:"seeds"`      // of all shards, as --seeds takes them; empty: from 1 on
	Faults  []string `json:"faults"`     // that were asked for
	Shard   string   `json:"shard"`      // I/N
	Place   uint64   `json:"place"`      // of the seed among those of all shards, from 1
	Of      uint64   `json:"of"`         // seeds of all shards; 0: no end
	Timeout int64    `json:"timeout_ns"` // after which the search was to end; 0: none
}

// total is how many seeds there are to run; 0 is no end.
func (s *search) total() uint64 {
	if s.endless() {
		return 0
	}
	return s.f.shard.share(s.seeds.count)
}

// endless reports whether nothing but the clock ends the search.
func (s *search) endless() bool { return s.f.seeds.text == "" }

// placeOf says where the run of a seed is among the others.
func (s *search) placeOf(f *finished) place {
	p := place{Seeds: s.f.seeds.text, Faults: []string{}, Shard: s.f.shard.String(), Place: f.place + 1,
		Of: s.seeds.count, Timeout: int64(s.f.timeout.d)}
	if s.endless() {
		p.Of = 0
	}
	for _, st := range s.f.faults.list {
		p.Faults = append(p.Faults, st.String())
	}
	return p
}

// tick is how often progress is considered.
const tick = 100 * time.Millisecond

// order is what the jobs are to do.
func (s *search) order() *order {
	o := &order{jobs: s.f.jobs, seeds: s.seeds, shard: s.f.shard, config: s.f.config, limit: s.f.limit.d, keep: s.bundles != nil, build: s.build}
	if total := s.total(); total > 0 {
		o.jobs = int(min(uint64(o.jobs), total))
	}
	o.hire = func(quit <-chan struct{}) (worker, error) { return s.a.hire(s.f.config(0), quit) }
	o.hear = func(complaints string) { fmt.Fprint(s.a.stderr, complaints) }
	s.full = &o.full
	return o
}

// run simulates seeds until there are no more, the time is over, or the user
// has had enough. What it has taken in by then is a prefix of the seeds, in
// their order, however many jobs there are.
func (s *search) run(enough <-chan struct{}) error {
	p := startPool(s.order())
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
		case <-enough:
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
		case f, ok := <-p.results:
			if !ok {
				return nil
			}
			for _, f := range p.inOrder(f) {
				if err := s.take(&f); err != nil {
					return err
				}
			}
		}
	}
}

// take takes in the run of the next seed.
func (s *search) take(f *finished) error {
	switch {
	case f.err != nil:
		return f.err
	case f.Refused != "":
		return usageError(f.Refused)
	case f.Document == nil:
		return errors.New("a job answered nothing")
	}
	l := line{*f.Document, s.placeOf(f)}
	if _, err := exitCode(l.Verdict); err != nil {
		return err
	}
	s.keep(&l.Document, f.Bundle)
	if err := s.cases.add(&l.Document); err != nil {
		return err
	}
	if !s.f.out.json {
		return nil
	}
	return encodeLine(s.a.stdout, &l)
}

// keep counts a run, and writes its bundle down if it is among the first failures
// of its kind.
func (s *search) keep(d *report.Document, bundle []byte) {
	k := s.tally.kindOf(d)
	if k != nil && k.count < bundlesPerKind {
		s.write(d, bundle)
	}
	if s.tally.add(d); k == nil {
		return
	}
	if k.count == 1 {
		s.progress.announce(k)
	}
	if k.count == bundlesPerKind {
		s.full.add(k.id())
	}
}

// write writes a bundle. Where that fails, the user is told at once, and the
// search goes on: its results are worth more than its files.
func (s *search) write(d *report.Document, bundle []byte) {
	if s.bundles == nil || len(bundle) == 0 {
		return
	}
	path, err := s.bundles.putBytes(bundle)
	if err != nil {
		s.lost++
		if s.unwritten == nil {
			s.unwritten = err
			s.progress.end()
			fmt.Fprintf(s.a.stderr, "zksim: %v; the search goes on\n", err)
		}
		return
	}
	d.Artifact = map[string]string{"bundle": path}
	d.Repro = append([]string{replayLine(path)}, d.Repro...)
}

func (s *search) tellAlreadyThere(path string) {
	s.progress.end()
	s.a.tellAlreadyThere(&s.f.out, path)
}

// finish prints the results, chooses the exit code, and says what the tool could
// not do.
func (s *search) finish() error {
	s.progress.end()
	var err error
	if s.a.code, err = exitCode(s.tally.verdict()); err != nil {
		return err
	}
	if s.interrupted {
		s.a.code = exitInterrupted
	}
	var usage usageError
	if errors.As(s.failed, &usage) && s.tally.runs == 0 { // nothing could run: there is nothing to sum up
		return errors.Join(s.failed, s.cases.abandon())
	}
	err = s.a.printSummary(&s.f.out, s.f.junit, s.summary)
	return errors.Join(s.failed, err, s.cases.close(s.suite()), s.unwrittenError())
}

// unwrittenError says how many bundles are missing.
func (s *search) unwrittenError() error {
	if s.unwritten == nil {
		return nil
	}
	return fmt.Errorf("%s could not be written: %w", report.Plural(s.lost, "bundle"), s.unwritten)
}

// printSummary prints a summary to standard output, or to standard error when
// the former is for something else.
func (a *app) printSummary(f *outFlags, junit string, summary func(colour bool) string) error {
	if !f.json && junit != "-" {
		_, err := io.WriteString(a.stdout, summary(a.colourful(f.color.word)))
		return err
	}
	if f.quiet {
		return nil
	}
	_, err := io.WriteString(a.stderr, summary(false))
	return err
}

// encodeLine prints one object on one line.
func encodeLine(w io.Writer, doc any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(doc)
}

// hire starts a worker for a configuration.
func (a *app) hire(cfg engine.Config, quit <-chan struct{}) (worker, error) {
	if a.workers != nil {
		return a.workers(cfg), nil
	}
	return a.startJob(cfg, quit)
}
