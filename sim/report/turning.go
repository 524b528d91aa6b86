package report

import "fmt"

// Turning is the event of a run after which its failure could hardly be avoided
// any more.
type Turning struct {
	Step   uint64 `json:"step"`  // the event
	AtNS   int64  `json:"at_ns"` // of it
	Event  string `json:"event"` // in words
	Before Rate   `json:"before"`
	After  Rate   `json:"after"`
	Calm   bool   `json:"calm,omitempty"` // continuations met no faults but those that had begun
	Only   string `json:"only,omitempty"` // delays or choices: what alone was drawn anew in them; empty: everything
}

// Rate is how many of some continuations of a run have failed.
type Rate struct {
	Failed int `json:"failed"`
	Runs   int `json:"runs"`
}

// String is the rate with two decimals, rounded, without floating point: 0.02.
func (r Rate) String() string {
	if r.Runs == 0 {
		return "?"
	}
	hundredths := (200*int64(r.Failed) + int64(r.Runs)) / (2 * int64(r.Runs))
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

// turningPoint tells the event, with how often continuations from right before it
// and right after it fail; nothing of a run for which nobody has sought it.
func (r *Run) turningPoint() []string {
	t := r.Turning
	if t == nil {
		return nil
	}
	return []string{fmt.Sprintf("turning point  step %d: P(fail) %v -> %v", t.Step, t.Before, t.After), clip("  "+t.Event, Columns)}
}
