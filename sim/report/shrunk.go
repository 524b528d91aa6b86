package report

import (
	"fmt"
	"strings"

	"github.com/zksim/zksim/sim/engine"
)

// Shrunk says what a run was made small from.
type Shrunk struct {
	Statements int    `json:"statements"` // that the run had before
	Servers    int    `json:"servers"`
	Clients    int    `json:"clients"`
	Operations uint64 `json:"operations"`
	ForNS      int64  `json:"for_ns"`
	Runs       int    `json:"runs"` // that were tried
}

// scheduleTitle heads the statements of a run.
func (r *Run) scheduleTitle() string {
	n := len(r.Schedule)
	if s := r.Shrunk; s != nil {
		return fmt.Sprintf("schedule (%d of %s kept, %s)", n, Plural(s.Statements, "statement"), counted(s.Runs, "run"))
	}
	return fmt.Sprintf("schedule (%s)", Plural(n, "statement"))
}

// counted is Plural with commas between thousands.
func counted(n int, noun string) string {
	return Number(uint64(n)) + strings.TrimLeft(Plural(n, noun), "0123456789")
}

// leftOut says in one line which tasks of clients were left out, if any were.
func (r *Run) leftOut() []string {
	if len(r.Config.Skip) == 0 {
		return nil
	}
	return []string{clip("without the tasks "+strings.Join(skipped(r.Config.Skip), ", "), Columns)}
}

// skipped prints rows of tasks.
func skipped(spans []engine.TaskSpan) []string {
	var texts []string
	for _, t := range spans {
		texts = append(texts, t.String())
	}
	return texts
}
