package main

import (
	"strings"

	"github.com/spf13/cobra"
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
