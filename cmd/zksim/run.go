package main

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// runFlags are what zksim run was asked for.
type runFlags struct {
	seed seedValue
	simFlags
	out outFlags
	dir dirFlags
}

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{simFlags: newSimFlags(repro.DefaultProfile), out: newOutFlags()}
	cmd := &cobra.Command{
		Use:     "run",
		Short:   "Simulate one ensemble from one seed, check it, print the verdict.",
		Example: "zksim run --seed 1\nzksim run --seed 7 --fault 'at 20s for 15s crash one' --json",
		Long:    "Exit: 0 ok, 1 violated, 125 unknown, 128 tool failed, 129 usage, 130 interrupted",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return a.runOnce(f) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.Var(&f.seed, "seed", "decimal, or hexadecimal after 0x; default: drawn")
	f.simFlags.add(fl)
	f.dir.add(fl, "write a bundle for zksim replay into this `DIR`")
	f.out.add(fl, "print one JSON document")
	f.out.addVerbose(fl)
	return cmd
}

// runOnce is zksim run: everything is checked before anything is simulated.
func (a *app) runOnce(f *runFlags) error {
	if err := f.out.check(); err != nil {
		return err
	}
	if err := f.settle(); err != nil {
		return err
	}
	if err := a.needSeed(&f.seed); err != nil {
		return err
	}
	bundles, err := openStore(f.dir, func(path string) { a.tellAlreadyThere(&f.out, path) }, false)
	if err != nil {
		return err
	}
	cfg := f.config(f.seed.seed)
	started := a.now()
	rep, err := a.simulateInterruptibly(cfg)
	run := &report.Run{Report: rep, Wall: a.now().Sub(started), Build: a.build(), Repro: []string{repro.Line(cfg)}}
	if err == errInterrupted {
		return a.printInterrupted(&f.out, cfg, run)
	}
	if err != nil {
		return usageError(err.Error())
	}
	if a.code, err = exitCode(rep.Verdict); err != nil {
		return err
	}
	if _, err := bundles.put(run); err != nil {
		return err
	}
	return a.printRun(&f.out, run)
}

// needSeed draws a seed if none was given.
func (a *app) needSeed(v *seedValue) error {
	if v.given {
		return nil
	}
	seed, err := a.drawSeed()
	if err != nil {
		return fmt.Errorf("cannot draw a seed: %w; give one with --seed", err)
	}
	v.seed = seed
	return nil
}

// exitCode is the code of a verdict.
func exitCode(v engine.Verdict) (int, error) {
	switch v {
	case engine.VerdictOK:
		return exitOK, nil
	case engine.VerdictViolated:
		return exitViolated, nil
	case engine.VerdictUnknown:
		return exitUnknown, nil
	}
	return 0, fmt.Errorf("the simulator returned no verdict but %q", v)
}

// errInterrupted says that the user stopped the run.
var errInterrupted = errors.New("interrupted")

// simulated is what a simulation ended with; crash is what it panicked with.
type simulated struct {
	report *engine.Report
	err    error
	crash  any
	trace  []byte // of the panic
}

// attempt simulates, and catches a panic.
func (a *app) attempt(cfg engine.Config) (s simulated) {
	defer func() {
		if s.crash = recover(); s.crash != nil {
			s.trace = debug.Stack()
		}
	}()
	s.report, s.err = a.simulate(cfg)
	return s
}

// simulateInterruptibly runs the simulation, which is deaf to signals, beside
// the wait for an interrupt. A panic in it comes up here.
func (a *app) simulateInterruptibly(cfg engine.Config) (*engine.Report, error) {
	done := make(chan simulated, 1)
	go func() { done <- a.attempt(cfg) }()
	select {
	case s := <-done:
		if s.crash != nil {
			panic(fmt.Sprintf("%v, with seed %s\n%s", s.crash, report.Seed(cfg.Seed), s.trace))
		}
		return s.report, s.err
	case <-a.interrupts:
		return nil, errInterrupted
	}
}
