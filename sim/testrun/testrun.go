// Package testrun is what the command zksim and a person's test agree on, so that
// the command can have the test make runs: it writes what it wants to be run into
// a file, one request a line, names that file and the one for the results in the
// environment, and runs the test.
//
// It is no part of any simulation, and imports sim/engine.
package testrun

import (
	"regexp"
	"strings"

	"github.com/zksim/zksim/sim/engine"
)

// Request is a run that is wanted of a test.
type Request struct {
	Config  engine.Config `json:"config"`  // Clients counts all that have names; no Program and no Trace
	History bool          `json:"history"` // the result is to hold the history

	// Pictures are drawn of the run as it goes, because a tracer cannot listen to
	// another process: by kind, each into this file, which is not there yet.
	Pictures map[Picture]string `json:"pictures,omitempty"`
}

// Picture is a kind of picture that is drawn while a run goes on.
type Picture string

// The kinds of pictures.
const (
	Chrome  Picture = "chrome"  // a trace for viewers, plain JSON
	Mermaid Picture = "mermaid" // a sequence diagram
)

// Result is what came of a request.
type Result struct {
	Report   *engine.Report `json:"report"`
	Pictures []Picture      `json:"pictures,omitempty"` // those that were drawn; older versions draw none
	Error    string         `json:"error"`              // why it could not be run
}

// The variables of the environment by which a test is driven.
const (
	EnvRequests = "ZKSIM_DRIVE"  // names the file of requests
	EnvResults  = "ZKSIM_RESULT" // names the file that results are appended to
)

// Pattern is what -run takes to run one test, a subtest too.
func Pattern(test string) string {
	parts := strings.Split(test, "/")
	for i := range parts {
		parts[i] = "^" + regexp.QuoteMeta(parts[i]) + "$"
	}
	return strings.Join(parts, "/")
}
