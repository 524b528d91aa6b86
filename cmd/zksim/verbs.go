package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/zksim/zksim/cmd/internal/repro"
)

// The verbs and flags of the product that this version does not have. Naming
// one is told apart from a typing error.
var (
	laterVerbs = []string{
		"scenario", "bugs", "crash-states", "4lw",
		"netem", "inspect", "diff", "serve", "proxy", "shell", "bench", "completion",
	}
	laterFlags = []string{
		"scenario", "schedule", "observers", "config", "workload", "strategy", "redact",
		"log-format", "data",
	}
)

// execute runs the verb that args name.
func (a *app) execute(args []string) error {
	a.args = args
	root := a.rootCommand()
	if err := checkVerb(root, args); err != nil {
		return err
	}
	root.SetArgs(args)
	return root.Execute()
}

func (a *app) rootCommand() *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:           "zksim",
		Short:         "Deterministic simulation of a ZooKeeper-like coordination service.",
		Example:       "zksim run --seed 1\nzksim run --seed 7 --fault 'at 10s kill leader' --json",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				return a.printVersion()
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&version, "version", false, "the same as the verb version")
	root.CompletionOptions.DisableDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { cmd.Print(helpText(cmd)) })
	root.SetFlagErrorFunc(flagError)
	help := helpCommand(root)
	root.SetHelpCommand(help)
	root.AddCommand(a.runCommand(), a.exploreCommand(), a.mergeCommand(), a.jobCommand(), a.replayCommand(), a.shrinkCommand(), a.checkCommand(), a.bisectCommand(),
		a.reportCommand(), a.stateCommand(), a.versionCommand(), help)
	return root
}

// checkVerb refuses a first argument that is neither a verb nor a flag.
func checkVerb(root *cobra.Command, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return nil
	}
	verb := args[0]
	if slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == verb }) {
		return nil
	}
	if slices.Contains(laterVerbs, verb) {
		return usagef("%q is not part of this version; zksim --help lists the verbs that are", verb)
	}
	if near := root.SuggestionsFor(verb); len(near) > 0 {
		return usagef("there is no verb %q; did you mean %q?", verb, near[0])
	}
	return usagef("there is no verb %q; zksim --help lists the verbs", verb)
}

// flagError turns what pflag says about a flag into a sentence that says how
// to mend it.
func flagError(cmd *cobra.Command, err error) error {
	help := cmd.CommandPath() + " --help lists the flags"
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &unknown):
		return unknownFlag(unknown, help)
	case errors.As(err, &bare):
		return usagef("%s needs a value; %s", dashed(bare.GetSpecifiedName()), help)
	case errors.As(err, &invalid):
		return usagef("--%s %s: %v", invalid.GetFlag().Name, repro.Quote(invalid.GetValue()), invalid.Unwrap())
	}
	return usagef("%v; %s", err, help)
}

func unknownFlag(err *pflag.NotExistError, help string) error {
	name := err.GetSpecifiedName()
	if slices.Contains(laterFlags, name) {
		return usagef("%s is not part of this version; %s", dashed(name), help)
	}
	return usagef("there is no flag %s; %s", dashed(name), help)
}

// dashed writes a flag as it is typed.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// oneFile demands exactly one file name, or - for standard input.
func oneFile(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usagef("%s needs a file, or - for standard input", cmd.CommandPath())
	case 1:
		return nil
	}
	return usagef("%s takes one file, not %d; %q is too much", cmd.CommandPath(), len(args), args[1])
}

// noArguments refuses words that are not flags.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if cmd.Flags().Lookup("fault") != nil {
		hint = "; a fault is one word to the shell: --fault 'at 10s kill leader'"
	}
	return usagef("%s takes flags only, not the word %q%s",
		cmd.CommandPath(), args[0], hint)
}
