package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/sim/report"
)

// thisBuild reads what the go command stamped into the binary.
func thisBuild() report.Build {
	b := report.Build{Version: "devel", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	return stamped(b, info.Settings)
}

// stamped adds what is known of the checkout.
func stamped(b report.Build, settings []debug.BuildSetting) report.Build {
	dirty := ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			b.Commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	if b.Commit != "" {
		b.Commit += dirty
	}
	return b
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version, the commit and the Go release of this binary.",
		Example: "zksim version\nzksim version --json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return a.printJSON(struct {
					Schema int `json:"schema"`
					report.Build
				}{report.Schema, a.build()})
			}
			return a.printVersion()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON document")
	return cmd
}

// printVersion prints one line.
func (a *app) printVersion() error {
	b := a.build()
	_, err := fmt.Fprintf(a.stdout, "%v %s %s/%s\n", b, b.Go, runtime.GOOS, runtime.GOARCH)
	return err
}
