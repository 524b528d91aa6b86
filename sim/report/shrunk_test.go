package report

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// The report of a small run says what it was made from, and which tasks are gone.
func TestReportOfASmallRun(t *testing.T) {
	r := &Run{Report: &engine.Report{Verdict: engine.VerdictViolated, Violation: &proto.Violation{Property: proto.AckOrder},
		Config:   engine.Config{Servers: 3, Clients: 2, Skip: []engine.TaskSpan{{Client: 1, From: 1}, {Client: 2, From: 3, To: 9}}},
		Schedule: make([]fault.Statement, 9)}, Shrunk: &Shrunk{Statements: 412, Runs: 1204}}
	text := r.Text(Options{})
	assert.Contains(t, text, "\nschedule (9 of 412 statements kept, 1,204 runs)\n")
	assert.Contains(t, text, "\nwithout the tasks c1, c2 3-9\n")
	r.Shrunk, r.Config.Skip = nil, nil
	text = r.Text(Options{})
	assert.Contains(t, text, "\nschedule (9 statements)\n")
	assert.NotContains(t, text, "tasks")
}
