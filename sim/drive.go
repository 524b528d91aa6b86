package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/testrun"
)

// drive answers requests, one after the other.
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

// answer makes the run that a line asks for.
func (h *Harness) answer(line []byte) testrun.Result {
	var r testrun.Request
	if err := json.Unmarshal(line, &r); err != nil {
		return testrun.Result{Error: fmt.Sprintf("the request cannot be read: %v", err)}
	}
	d, err := watch(&r)
	if err != nil {
		return testrun.Result{Error: err.Error()}
	}
	o, err := Run(h.property, asked(r.Config))
	if err != nil {
		return testrun.Result{Error: err.Error()}
	}
	drawn, err := d.write(o.run(h.place, h.t.Name()))
	if err != nil {
		return testrun.Result{Error: err.Error()}
	}
	return testrun.Result{Report: o.told(r.History), Pictures: drawn}
}

// told is the report of a run as another process is told it.
func (o *Outcome) told(history bool) *engine.Report {
	answer := *o.Report
	answer.Config = o.named()
	answer.Config.Trace = nil
	if !history {
		answer.History = nil
	}
	return &answer
}
