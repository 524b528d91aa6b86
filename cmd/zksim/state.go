package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/report"
)

// stateFlags are what zksim state was asked for.
type stateFlags struct {
	at    instantValue
	given bool
	json  bool
}

func (a *app) stateCommand() *cobra.Command {
	f := &stateFlags{}
	cmd := &cobra.Command{
		Use:     "state NODE --at T FILE",
		Short:   "Look into one server, or all, at a moment of a recorded run.",
		Example: "zksim state zk2 --at 38.5s 5f0c9e1d77aa.simrun\nzksim state all --at 8410 5f0c9e1d77aa.simrun --json",
		Long: `NODE is zk1 to zkN, or all; FILE - is standard input. What is printed is true
after the first step at that instant or later, or after that step.
Exit: 0 printed, 125 not a bundle, 128 tool failed, 129 usage, 130 interrupted`,
		Args: nodeAndFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.given = cmd.Flags().Changed("at")
			return a.state(f, args[0], args[1])
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.Var(&f.at, "at", "the moment: an instant such as 38.5s, or a step")
	fl.BoolVar(&f.json, "json", false, "print one JSON document")
	return cmd
}

// nodeAndFile demands a server and a file.
func nodeAndFile(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0, 1:
		return usagef("%s needs a server, such as zk1 or all, and a file: zksim state zk1 --at 38.5s FILE", cmd.CommandPath())
	case 2:
		return nil
	}
	return usagef("%s takes one server and one file; %q is too much", cmd.CommandPath(), args[2])
}

// state is zksim state.
func (a *app) state(f *stateFlags, name, path string) error {
	if !f.given {
		return usagef("zksim state needs a moment; say --at 38.5s, or --at 8410 for a step")
	}
	b, err := a.readBundle(path)
	if err != nil {
		return err
	}
	cfg, err := b.Config()
	if err != nil {
		return cannotRun(path, err)
	}
	ids, err := serversNamed(name, cfg.Servers)
	if err != nil {
		return err
	}
	cfg.Until, cfg.Inspect = f.at.moment, true
	rep, err := a.simulateInterruptibly(cfg)
	if err == errInterrupted {
		a.code = exitInterrupted
		_, err = fmt.Fprintf(a.stdout, "INTERRUPTED\n")
		return err
	}
	if err != nil {
		return cannotRun(path, err)
	}
	a.tellOtherRun(b, rep, path)
	return a.printState(f, rep, ids, path)
}

// tellOtherRun says that the state is not that of the run which the bundle tells of.
func (a *app) tellOtherRun(b *bundle.Bundle, rep *engine.Report, path string) {
	if b.Edited {
		fmt.Fprintf(a.stderr, "zksim: %s was edited (%v); the state is of the run that it makes now\n", path, b.Edits)
		return
	}
	if step := differentStep(b, rep); step > 0 {
		fmt.Fprintf(a.stderr, "zksim: %s tells of another run than this code makes of it; they differ at step %d\n", path, step)
	}
}

// differentStep is where a run, as far as it went, is seen to differ from that of
// its bundle; 0: nowhere. A bundle without events has checkpoints.
func differentStep(b *bundle.Bundle, rep *engine.Report) uint64 {
	then, now := b.Events, rep.Events
	switch {
	case len(then) == 0:
		was, is, _ := engine.FirstDifference(common(b.Checkpoints, rep.Checkpoints))
		return max(was.Step, is.Step)
	case rep.Stopped:
		then = then[:min(len(then), len(now))]
	}
	return engine.FirstDifferentEvent(then, now)
}

func (a *app) printState(f *stateFlags, rep *engine.Report, ids []proto.ServerID, path string) error {
	s := report.NewState(rep, ids...)
	s.Ended = !rep.Stopped && !f.at.moment.Reached(rep.Step, rep.Virtual) // the violation may be in the very step
	if s.Ended {
		fmt.Fprintf(a.stderr, "zksim: %s ends at %s with step %d, before the moment %s; this is its end\n",
			path, report.Span(rep.Virtual.Round(time.Microsecond)), rep.Step, f.at.String())
	}
	if f.json {
		return a.printJSON(s)
	}
	_, err := io.WriteString(a.stdout, s.Text())
	return err
}

// serversNamed gives the server of a name; none for all.
func serversNamed(name string, servers int) ([]proto.ServerID, error) {
	if name == "all" {
		return nil, nil
	}
	n := fault.ServerNumber(name)
	if n < 1 || n > servers {
		return nil, usagef("there is no server %q in this run; it has zk1 to zk%d, or say all", name, servers)
	}
	return []proto.ServerID{proto.ServerID(n)}, nil
}

// instantValue is a moment that may be the beginning.
type instantValue struct {
	momentValue
	start bool
}

// Set takes a number of steps, or a Go duration or 00:38.551, from 0.
func (v *instantValue) Set(s string) error {
	if d, err := parseInstant(s); s == "0" || err == nil && d == 0 {
		v.start, v.moment = true, engine.Moment{Start: true}
		return nil
	}
	v.start = false
	if err := v.momentValue.Set(s); err != nil {
		return errors.New("this is a step, such as 8410, or an instant, such as 38.5s, from 0")
	}
	return nil
}

// String prints the moment, or nothing.
func (v *instantValue) String() string {
	if v.start {
		return "0s"
	}
	return v.momentValue.String()
}
