package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build says which code a binary was made from.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"` // empty when built outside a checkout; +dirty when changed
	Go      string `json:"go"`
}

// thisBuild reads what the go command stamped into the binary.
func thisBuild() build {
	b := build{Version: "devel", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	return b.stamped(info.Settings)
}

func (b build) stamped(settings []debug.BuildSetting) build {
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

// String is what a person reads: the version, and the commit when the version
// is not already made from it.
func (b build) String() string {
	if b.Version != "devel" || b.Commit == "" {
		return "zksim " + b.Version
	}
	return fmt.Sprintf("zksim %s %.7s", b.Version, b.Commit)
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
					build
				}{schema, thisBuild()})
			}
			b := thisBuild()
			_, err := fmt.Fprintf(a.stdout, "%v %s %s/%s\n", b, b.Go, runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON document")
	return cmd
}
