// Package report says how a run went: its story in at most ten lines, the report
// of a failure on one screen, and the JSON document.
//
// It is not part of any run, but what it prints is a function of the run. It
// imports sim, sim/fault, node and node/proto.
package report

import (
	"time"

	"github.com/zksim/zksim/sim/engine"
)

// Build says which code a binary was made from.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"` // empty when built outside a checkout; +dirty when changed
	Go      string `json:"go"`
}

// String is what a person reads: the version, and the commit when the version
// is not already made from it.
func (b Build) String() string {
	if b.Version != "devel" || b.Commit == "" {
		return "zksim " + b.Version
	}
	return "zksim " + b.Version + " " + b.Commit[:min(len(b.Commit), 7)]
}

// Run is a run with what only its caller knows of it.
type Run struct {
	*engine.Report
	Build     Build
	Wall      time.Duration     // how long it took
	Repro     []string          // commands that show the run again
	Package   string            // of the test that made it, as go test names it; empty for the command
	Test      string            // its function; empty for the command
	Artifacts map[string]string // files about the run, by kind
	Shrunk    *Shrunk           // what it was made small from; nil: it was not
	Turning   *Turning          // the event that turned it; nil: nobody has sought it
}
