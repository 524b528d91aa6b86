package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpText is what --help prints: two examples first, at most 24 lines of 80
// columns.
func helpText(cmd *cobra.Command) string {
	var b strings.Builder
	b.WriteString("Examples:\n")
	for line := range strings.Lines(cmd.Example + "\n") {
		b.WriteString("  " + line)
	}
	fmt.Fprintf(&b, "\n%s\n", cmd.Short)
	if cmd.HasAvailableSubCommands() {
		writeVerbs(&b, cmd)
	}
	if cmd.HasAvailableLocalFlags() {
		b.WriteString("\nFlags:\n")
		width := flagColumn(cmd)
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { writeFlag(&b, f, width) })
	}
	if cmd.Long != "" {
		fmt.Fprintf(&b, "\n%s\n", cmd.Long)
	}
	return b.String()
}

func writeVerbs(b *strings.Builder, root *cobra.Command) {
	b.WriteString("\nVerbs:\n")
	for _, c := range root.Commands() {
		if c.Hidden {
			continue
		}
		fmt.Fprintf(b, "  %-10s%s\n", c.Name(), c.Short)
	}
	b.WriteString("\nExit: 0 ok, 1 violated, 125 unknown, 128 tool failed, 129 usage, 130 interrupted\n")
}

// flagColumn is the width of the longest flag, and of a blank behind it.
func flagColumn(cmd *cobra.Command) int {
	width := 17
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		name, _ := flagWords(f)
		width = max(width, len(name)+1)
	})
	return width
}

// flagWords are a flag with its placeholder, and what it does.
func flagWords(f *pflag.Flag) (name, usage string) {
	metavar, usage := pflag.UnquoteUsage(f)
	if beside := f.Annotations[besideKey]; beside != nil {
		return strings.Join(strings.Fields("--"+f.Name+" "+beside[0]+" "+beside[1]), " "), usage
	}
	return strings.TrimSpace("--" + f.Name + " " + metavar), usage
}

// besideKey annotates a flag with another one that help shows on its line.
const besideKey = "zksim-beside"

// oneLine lets help show two flags on one line.
func oneLine(fl *pflag.FlagSet, name, beside, usage string) {
	first, second := fl.Lookup(name), fl.Lookup(beside)
	metavar, _ := pflag.UnquoteUsage(second)
	second.Hidden = true
	own, _ := pflag.UnquoteUsage(first)
	first.Usage = usage
	first.Annotations = map[string][]string{besideKey: {own, strings.TrimSpace("--" + beside + " " + metavar)}}
}

func writeFlag(b *strings.Builder, f *pflag.Flag, width int) {
	if f.Hidden {
		return
	}
	short := "    "
	if f.Shorthand != "" {
		short = "-" + f.Shorthand + ", "
	}
	name, usage := flagWords(f)
	fmt.Fprintf(b, "  %s%-*s%s\n", short, width, name, usage)
}

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [VERB]",
		Short:   "Say what a verb does and which flags it takes.",
		Example: "zksim help run\nzksim run --help",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkVerb(root, args); err != nil {
				return err
			}
			target, _, err := root.Find(args)
			if err != nil {
				return usagef("%v; zksim --help lists the verbs", err)
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}
