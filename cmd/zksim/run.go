package main

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim"
)

// runFlags are what zksim run was asked for.
type runFlags struct {
	seed    seedValue
	servers countValue
	clients countValue
	span    spanValue
	profile wordValue
	faults  faultsValue
	bugs    bugsValue
	json    bool
	color   wordValue
	quiet   bool
	verbose bool
}

func newRunFlags() *runFlags {
	return &runFlags{
		servers: countValue{n: repro.DefaultServers, min: 1, noun: "servers"},
		clients: countValue{n: repro.DefaultClients, noun: "clients"},
		span:    spanValue{repro.DefaultFor},
		profile: wordValue{word: repro.DefaultProfile, kind: "NAME"},
		color:   wordValue{word: "auto", words: []string{"auto", "always", "never"}, kind: "WHEN"},
	}
}

func (a *app) runCommand() *cobra.Command {
	f := newRunFlags()
	cmd := &cobra.Command{
		Use:     "run",
		Short:   "Simulate one ensemble from one seed, check it, print the verdict.",
		Example: "zksim run --seed 1\nzksim run --seed 7 --fault 'at 20s for 15s crash one' --json",
		Long: `A fault is at TIME [for TIME] crash|kill|start NODES; NODES: zk1,zk2 leader one
Exit: 0 ok, 1 violated, 125 unknown, 128 tool failed, 129 usage, 130 interrupted`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return a.runOnce(f) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.Var(&f.seed, "seed", "decimal, or hexadecimal after 0x; default: drawn")
	fl.Var(&f.servers, "servers", "voting servers, zk1 to zkN; default 5")
	fl.Var(&f.clients, "clients", "clients, c1 to cN; default 10")
	fl.Var(&f.span, "for", "virtual time with load and faults; default 60s")
	fl.Var(&f.profile, "profile", "kind of network and disks; this version has lan")
	fl.Var(&f.faults, "fault", "add a fault, such as 'at 10s kill leader'")
	fl.Var(&f.bugs, "bug", "plant a bug; this version has sync-without-quorum")
	fl.BoolVar(&f.json, "json", false, "print one JSON document")
	fl.Var(&f.color, "color", "auto, always or never")
	fl.BoolVar(&f.quiet, "quiet", false, "print the verdict line only (not with --json)")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print every counter, and the checkpoints of the hash")
	return cmd
}

// runOnce is zksim run: everything is checked before anything is simulated.
func (a *app) runOnce(f *runFlags) error {
	if f.quiet && f.verbose {
		return usagef("--quiet and -v contradict each other; leave one out")
	}
	cfg, err := a.config(f)
	if err != nil {
		return err
	}
	started := a.now()
	rep, err := a.simulateInterruptibly(cfg)
	res := result{report: rep, wall: a.now().Sub(started), build: thisBuild(), repro: repro.Line(cfg)}
	if err == errInterrupted {
		return a.printInterrupted(f, cfg, res)
	}
	if err != nil {
		return usageError(err.Error())
	}
	if a.code, err = exitCode(rep.Verdict); err != nil {
		return err
	}
	return a.printResult(f, res)
}

func (a *app) config(f *runFlags) (sim.Config, error) {
	if !f.seed.given {
		seed, err := a.drawSeed()
		if err != nil {
			return sim.Config{}, fmt.Errorf("cannot draw a seed: %w; give one with --seed", err)
		}
		f.seed.seed = seed
	}
	clients := f.clients.n
	if clients == 0 {
		clients = sim.NoClients
	}
	return sim.Config{
		Seed:    f.seed.seed,
		Servers: f.servers.n,
		Clients: clients,
		For:     f.span.d,
		Profile: f.profile.word,
		Faults:  f.faults.list,
		Bugs:    f.bugs.bugs,
	}, nil
}

// exitCode is the code of a verdict.
func exitCode(v sim.Verdict) (int, error) {
	switch v {
	case sim.VerdictOK:
		return exitOK, nil
	case sim.VerdictViolated:
		return exitViolated, nil
	case sim.VerdictUnknown:
		return exitUnknown, nil
	}
	return 0, fmt.Errorf("the simulator returned no verdict but %q", v)
}

// errInterrupted says that the user stopped the run.
var errInterrupted = errors.New("interrupted")

// simulated is what a simulation ended with; crash is what it panicked with.
type simulated struct {
	report *sim.Report
	err    error
	crash  any
	trace  []byte // of the panic
}

// simulateInterruptibly runs the simulation, which is deaf to signals, beside
// the wait for an interrupt. A panic in it comes up here.
func (a *app) simulateInterruptibly(cfg sim.Config) (*sim.Report, error) {
	done := make(chan simulated, 1)
	go func() {
		var s simulated
		defer func() {
			if s.crash = recover(); s.crash != nil {
				s.trace = debug.Stack()
			}
			done <- s
		}()
		s.report, s.err = a.simulate(cfg)
	}()
	select {
	case s := <-done:
		if s.crash != nil {
			panic(fmt.Sprintf("%v, with seed %s\n%s", s.crash, repro.Seed(cfg.Seed), s.trace))
		}
		return s.report, s.err
	case <-a.interrupts:
		return nil, errInterrupted
	}
}
