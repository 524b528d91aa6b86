package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/zksim/zksim/sim/engine"
)

// The command zksim drives a test that has made a bundle: it writes what it wants
// to be run into a file, one request a line, names that file and the one for the
// results in the environment, and runs the test.

// Request is a run that the command wants of a test.
type Request struct {
	Config  engine.Config `json:"config"`  // Clients counts all that have names; no Program and no Trace
	History bool          `json:"history"` // the result is to hold the history
}

// Result is what came of a request.
type Result struct {
	Report *engine.Report `json:"report"`
	Error  string         `json:"error"` // why it could not be run
}

// The variables of the environment by which a test is driven.
const (
	EnvDrive  = "ZKSIM_DRIVE"  // names the file of requests
	EnvResult = "ZKSIM_RESULT" // names the file of results
)

// drive answers requests, each before the next one is looked at.
func (h *Harness) drive() {
	text, err := os.ReadFile(optionDrive.value())
	if err != nil {
		h.t.Fatalf("sim: the requests cannot be read: %v", err)
	}
	out, err := os.OpenFile(optionResult.value(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		h.t.Fatalf("sim: the results cannot be written: %v", err)
	}
	enc := json.NewEncoder(out)
	for line := range bytes.Lines(text) {
		if err := enc.Encode(h.answer(line)); err != nil {
			h.t.Errorf("sim: the results cannot be written: %v", err)
		}
	}
	if err := out.Close(); err != nil {
		h.t.Errorf("sim: the results cannot be written: %v", err)
	}
}

func (h *Harness) answer(line []byte) Result {
	var r Request
	if err := json.Unmarshal(line, &r); err != nil {
		return Result{Error: fmt.Sprintf("the request cannot be read: %v", err)}
	}
	o, err := Run(h.property, asked(r.Config))
	if err != nil {
		return Result{Error: err.Error()}
	}
	answer := *o.Report
	answer.Config = o.named()
	answer.Config.Trace = nil
	if !r.History {
		answer.History = nil
	}
	return Result{Report: &answer}
}
