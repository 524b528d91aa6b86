package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/report"
	"github.com/zksim/zksim/sim/shrink"
)

// shrinkFlags are what zksim shrink was asked for.
type shrinkFlags struct {
	to     string
	force  bool
	runs   countValue
	jobs   int
	seed   bool
	expect propertyValue
	out    outFlags
}

func (a *app) shrinkCommand() *cobra.Command {
	f := &shrinkFlags{runs: countValue{n: shrink.RunsDefault, noun: "runs"}, out: newOutFlags()}
	cmd := &cobra.Command{
		Use:     "shrink FILE",
		Short:   "Make the run of a bundle small, with the same property violated.",
		Example: "zksim shrink 5f0c9e1d77aa.simrun\nzksim shrink 5f0c9e1d77aa.simrun -o small.simrun --runs 5000",
		Long: `Statements, servers, clients, operations and time are left out, numbers rounded.
Where things come otherwise anyhow, it tries other seeds. FILE - is stdin.
Interrupted, it writes what it has reached by then.
Exit: 0 written, 125 does not fail, 128 tool failed, 129 usage, 130 interrupted`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error { return a.shrink(f, args[0]) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVarP(&f.to, "out", "o", "", "write to this `FILE|DIR`; default the folder of FILE")
	fl.BoolVar(&f.force, "force", false, "let -o replace a file")
	fl.Var(&f.runs, "runs", "try at most so many runs; default 1000")
	fl.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "runs at the same time `N`; changes speed only")
	fl.BoolVar(&f.seed, "keep-seed", false, "try no other seeds")
	fl.Var(&f.expect, "expect", "the property; default that of the bundle")
	f.out.add(fl, "print one JSON document")
	return cmd
}

// shrinking is one zksim shrink.
type shrinking struct {
	a      *app
	f      *shrinkFlags
	file   string
	bundle *bundle.Bundle
	target shrink.Target
	pulse  *pulse
	where  string // the search is, in words
	result shrink.Result
	path   string // of the bundle that was written
}

// shrink is zksim shrink.
func (a *app) shrink(f *shrinkFlags, path string) error {
	b, err := a.readBundle(path)
	if err != nil {
		return err
	}
	s := &shrinking{a: a, f: f, file: path, bundle: b, pulse: a.newPulse(f.out.quiet)}
	if err := s.check(); err != nil {
		return err
	}
	cfg, err := a.runnable(b, path)
	if err != nil {
		return err
	}
	if err := s.search(cfg); err != nil {
		return err
	}
	s.pulse.end()
	if s.result.Ending == shrink.EndNoFault {
		return s.noFault()
	}
	if s.result.Ending == shrink.EndStopped {
		a.code = exitInterrupted
	}
	run, data, err := s.verified()
	if err == errInterrupted {
		return a.interrupted(err)
	}
	if err != nil {
		return err
	}
	if err := s.write(run, data); err != nil {
		return err
	}
	return s.print(run)
}

// runnable is what a bundle runs, if this version can run it.
func (a *app) runnable(b *bundle.Bundle, path string) (engine.Config, error) {
	cfg, err := b.Config()
	if err == nil {
		err = b.Contradiction()
	}
	if err != nil {
		return cfg, unjudged(fmt.Sprintf("%s: this version cannot run the bundle: %v", path, err))
	}
	return cfg, nil
}

// check refuses what cannot be done before anything is run.
func (s *shrinking) check() error {
	if s.f.to == "-" && s.f.out.json {
		return usagef("-o - and --json both want standard output; name a file")
	}
	if err := checkTrials(s.f.jobs, "--runs", s.f.runs.n); err != nil {
		return err
	}
	property, err := expected(s.bundle, s.file, s.f.expect.name)
	if err != nil {
		return err
	}
	s.target = shrink.Target{Property: proto.Property(property)}
	if property == s.bundle.Document.Property {
		s.target.Place = s.bundle.Document.Place
	}
	if file := s.toFile(); file != "" && !s.f.force {
		if _, err := os.Lstat(file); err == nil {
			return usagef("-o %s: this file is there already; name another one, or say --force", file)
		}
	}
	return nil
}

// toFile is the file that -o names; "" if it names a directory or nothing.
func (s *shrinking) toFile() string {
	to := s.f.to
	if to == "-" {
		return ""
	}
	if info, err := os.Stat(to); to == "" || strings.HasSuffix(to, "/") || err == nil && info.IsDir() {
		return ""
	}
	return to
}

// search shrinks.
func (s *shrinking) search(cfg engine.Config) error {
	ctx, stop := s.a.interruptible()
	defer stop()
	t := s.a.newTrials(ctx, s.f.jobs, func() { s.pulse.show(s.where) })
	hit := func(o *shrink.Outcome) bool { return s.target.Hit(o) }
	try := func(list []engine.Config) []shrink.Outcome { return runTrials(t, list, shrink.OutcomeOf, hit) }
	progress := func(p shrink.Progress) bool {
		s.where = position(p)
		s.pulse.show(s.where)
		return ctx.Err() == nil
	}
	s.result = shrink.Shrink(cfg, s.target, shrink.Options{Runs: s.f.runs.n, KeepSeed: s.f.seed,
		KeepSize: s.bundle.Document.Test != "", Progress: progress}, try)
	if ctx.Err() != nil {
		s.result.Ending = shrink.EndStopped
	}
	return t.failed(s.file)
}

// position is how far a shrinking is.
func position(p shrink.Progress) string {
	return fmt.Sprintf("%s/%s runs  %d -> %d statements  %d -> %d servers  %d -> %d clients  %s", number(p.Runs), number(p.RunsMax),
		p.From.Statements, p.To.Statements, p.From.Servers, p.To.Servers, p.From.Clients, p.To.Clients, p.Doing)
}

// noFault says that there is nothing to shrink.
func (s *shrinking) noFault() error {
	if s.result.Ending == shrink.EndStopped {
		return s.a.interrupted(errInterrupted)
	}
	said := "does not fail with " + string(s.target.Property)
	if p := s.result.Outcome.Property; p != "" {
		said = fmt.Sprintf("fails with %s, not with %s,", p, s.target.Property)
	}
	return unjudged(fmt.Sprintf("%s %s when it is run here; there is nothing to shrink", s.file, said))
}

// verified makes the bundle of the small run, reads it back, replays it, and
// compares.
func (s *shrinking) verified() (*report.Run, []byte, error) {
	cfg := s.result.Config
	cfg.Until = engine.Moment{}
	started := s.a.now()
	rep, err := s.a.simulateInterruptibly(cfg)
	if err != nil {
		return nil, nil, err
	}
	run := &report.Run{Report: rep, Build: s.a.build(), Wall: s.a.now().Sub(started), Shrunk: s.shrunk(), Repro: s.commandOf(cfg),
		Package: s.bundle.Document.Package, Test: s.bundle.Document.Test}
	b, err := bundle.New(run)
	if err != nil {
		return nil, nil, err
	}
	data, err := b.Bytes()
	if err != nil {
		return nil, nil, err
	}
	back, err := bundle.Parse(s.file, data)
	if err != nil {
		return nil, nil, err
	}
	if cfg, err = back.Config(); err != nil {
		return nil, nil, err
	}
	again, err := s.a.simulateInterruptibly(cfg)
	if err != nil {
		return nil, nil, err
	}
	o := shrink.OutcomeOf(again)
	if !s.target.Met(&o) || again.Hash != rep.Hash {
		return nil, nil, unjudged(fmt.Sprintf("the small run of %s ends otherwise when it is replayed: that is a failure of its own, please report it", s.file))
	}
	return run, data, nil
}

// shrunk says what the run was made small from, at first.
func (s *shrinking) shrunk() *report.Shrunk {
	from := s.result.From
	made := report.Shrunk{Statements: from.Statements, Servers: from.Servers, Clients: from.Clients, Operations: from.Operations,
		ForNS: int64(from.For)}
	if before := s.bundle.Document.Shrunk; before != nil {
		made = *before
	}
	made.Runs += s.result.Runs
	return &made
}

// commandOf is the command that runs a configuration, if flags can say it: they
// cannot say the code of a test.
func (s *shrinking) commandOf(cfg engine.Config) []string {
	if s.bundle.Document.Test != "" {
		return nil
	}
	cfg.Faults, cfg.Schedule = append(cfg.Schedule[:len(cfg.Schedule):len(cfg.Schedule)], cfg.Faults...), nil
	if cfg.Profile != engine.ProfileLAN || len(cfg.Skip) > 0 || cfg.Redraw.Draw != 0 || cfg.Choices != nil ||
		fault.ValidateAll(cfg.Faults, cfg.Servers, max(0, cfg.Clients)) != nil {
		return nil
	}
	return []string{repro.Line(cfg)}
}

// write writes the bundle: to where -o says, else beside the one that was read.
func (s *shrinking) write(run *report.Run, data []byte) error {
	var err error
	if s.f.to == "-" {
		s.path = "-"
		_, err = s.a.stdout.Write(data)
	} else {
		err = s.store(data)
	}
	if err != nil {
		return err
	}
	run.Artifacts = map[string]string{"bundle": s.path}
	run.Repro = append([]string{replayLine(s.path)}, run.Repro...)
	return nil
}

// store puts the bundle into a file, or into a directory by a name that comes from
// what it holds.
func (s *shrinking) store(data []byte) (err error) {
	same := func(path string) { s.a.tellAlreadyThere(&s.f.out, path) }
	if s.path = s.toFile(); s.path != "" {
		return (&store{filepath.Dir(s.path), s.f.force, same}).write(s.path, data)
	}
	dir := s.f.to
	switch {
	case dir != "":
	case s.file == "-":
		dir = "."
	default:
		dir = filepath.Dir(s.file)
	}
	to, err := openStore(dirFlags{dir: dir, force: s.f.force}, same, true)
	if err != nil {
		return err
	}
	s.path, err = to.putBytes(data)
	return err
}
