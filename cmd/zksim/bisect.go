package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
)

// bisectCommand is zksim bisect: one failure along three axes.
func (a *app) bisectCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bisect",
		Short: "Find the moment, the faults or the commit that a failure hangs on.",
		Example: "zksim bisect run 5f0c9e1d77aa.simrun\n" +
			"zksim bisect commits 5f0c9e1d77aa.simrun --good v0.3.0 --bad main",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return usagef("zksim bisect has no axis %q; it has %s", args[0], strings.Join(axes(cmd), ", "))
		},
	}
	cmd.AddCommand(a.bisectRunCommand(), a.bisectFaultsCommand(), a.bisectCommitsCommand())
	return cmd
}

// axes are the verbs below bisect.
func axes(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return names
}

// bisectFlags are those that all axes have.
type bisectFlags struct {
	expect propertyValue
	jobs   int
	out    outFlags
}

func newBisectFlags() bisectFlags { return bisectFlags{out: newOutFlags()} }

// add adds what a search is about; addOut, which comes last, what is printed of it.
func (f *bisectFlags) add(fl *pflag.FlagSet) {
	fl.Var(&f.expect, "expect", "the property; default that of the bundle")
	fl.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "runs at the same time `N`; changes speed only")
}

func (f *bisectFlags) addOut(fl *pflag.FlagSet) { f.out.add(fl, "print one JSON document") }

func (f *bisectFlags) check() error { return checkJobs(f.jobs) }

// expected is the property that a search is about: the one that was asked for,
// or the one that the bundle's run has violated.
func expected(b *bundle.Bundle, path, asked string) (string, error) {
	switch {
	case asked != "":
		return asked, (&propertyValue{asked}).check(b)
	case b.Document.Verdict != engine.VerdictViolated || b.Document.Property == "":
		return "", unjudged(fmt.Sprintf("the run of %s did not fail; say with --expect which property is meant", path))
	}
	return b.Document.Property, nil
}
