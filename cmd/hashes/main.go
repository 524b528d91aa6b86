// Command hashes shows that runs are deterministic: it prints the hashes of
// many seeds, to be compared between processes, builds and machines, and names
// the first checkpoint at which two such lists differ. It also measures how
// long a run takes. It may import what every command may; it needs no module
// but ours, so that it builds for every target.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/zksim/zksim/cmd/internal/heap"
	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/report"
)

// The exit codes are those of zksim.
const (
	exitOK       = 0
	exitViolated = 1
	exitInternal = 128
	exitUsage    = 129
)

func main() {
	heap.Tune()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, engine.Run))
}

// simulation is what engine.Run does.
type simulation func(engine.Config) (*engine.Report, error)

// options are the flags.
type options struct {
	cfg         engine.Config // but for the seed
	seeds       []uint64
	jobs        int
	checkpoints bool
	twice       bool
	diff        bool
	measure     bool
	files       []string
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet("hashes", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, "Examples:\n  hashes -seeds 1-50 -checkpoints > a\n  hashes -diff a b\n\nFlags:\n")
		fs.PrintDefaults()
	}
	seeds := fs.String("seeds", "1-10", "`list` of seeds and ranges of seeds")
	fs.IntVar(&o.jobs, "jobs", 1, "runs at the same time; changes speed only")
	fs.BoolVar(&o.checkpoints, "checkpoints", false, "print the checkpoints of every run too")
	fs.BoolVar(&o.twice, "twice", false, "run everything twice in this process and compare")
	fs.BoolVar(&o.diff, "diff", false, "compare two lists with checkpoints, instead of running")
	fs.BoolVar(&o.measure, "measure", false, "print the median wall time, and the memory, of the runs")
	fs.StringVar(&o.cfg.Profile, "profile", "", "profile of the runs, lan or swarm; empty is the default of zksim run")
	fs.IntVar(&o.cfg.Servers, "servers", 0, "voting servers; 0 is the default of zksim run")
	fs.IntVar(&o.cfg.Clients, "clients", 0, "clients; 0 is the default of zksim run")
	fs.DurationVar(&o.cfg.For, "for", 0, "virtual time with load; 0 is the default of zksim run")
	fs.BoolVar(&o.cfg.Nondeterminism, "nondeterminism", false, "plant a map range that leaks its order, to be caught")
	fs.Func("fault", "add a fault `statement`", func(s string) error {
		st, err := fault.Parse(s)
		o.cfg.Faults = append(o.cfg.Faults, st)
		return err
	})
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	o.files = fs.Args()
	var err error
	if o.seeds, err = repro.ParseSeeds(*seeds); err != nil {
		return nil, fmt.Errorf("-seeds %w", err)
	}
	return o, o.sensible()
}

func (o *options) sensible() error {
	switch {
	case o.diff && len(o.files) != 2:
		return errors.New("-diff compares two files; name two")
	case !o.diff && len(o.files) > 0:
		return fmt.Errorf("do not know what to do with %q; files are for -diff", o.files[0])
	case o.jobs < 1:
		return errors.New("-jobs is at least 1")
	}
	return nil
}

func run(args []string, stdout, stderr io.Writer, simulate simulation) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintln(stderr, "hashes:", err)
		return exitUsage
	}
	verb := list
	switch {
	case o.diff:
		verb = diffFiles
	case o.measure:
		verb = measure
	case o.twice:
		verb = twice
	}
	ok, err := verb(o, stdout, stderr, simulate)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "hashes:", err)
		return exitInternal
	case !ok:
		return exitViolated
	}
	return exitOK
}

// list prints the hash of every seed. It reports false when a run was not ok.
func list(o *options, stdout, stderr io.Writer, simulate simulation) (bool, error) {
	return o.each(simulate, func(rep *engine.Report) error {
		if rep.Verdict != engine.VerdictOK {
			complain(stderr, rep)
		}
		return write(stdout, rep, o.checkpoints)
	})
}

// complain tells of a run that was not ok, and how to see it.
func complain(stderr io.Writer, rep *engine.Report) {
	detail := ""
	if rep.Violation != nil {
		detail = " " + rep.Violation.Error()
	}
	fmt.Fprintf(stderr, "%s %s%s\n  %s\n", report.Seed(rep.Config.Seed), rep.Verdict, detail, repro.Line(rep.Config))
}

// write prints a run as lines of five words: seed, what the line is, step,
// virtual time, hash.
func write(w io.Writer, rep *engine.Report, checkpoints bool) error {
	seed := report.Seed(rep.Config.Seed)
	if checkpoints {
		for _, c := range rep.Checkpoints {
			if _, err := fmt.Fprintln(w, seed, "checkpoint", c.Step, c.At, report.Hash(c.Hash)); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintln(w, seed, rep.Verdict, rep.Step, rep.Virtual, report.Hash(rep.Hash))
	return err
}
