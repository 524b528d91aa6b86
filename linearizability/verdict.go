package linearizability

import (
	"fmt"

	"github.com/zksim/zksim/node/proto"
)

// Verdict is what a check makes of a history.
type Verdict uint8

// The verdicts.
const (
	VerdictOK Verdict = iota
	VerdictViolated
	VerdictUnknown // the check could not decide within its bounds
)

var verdictNames = [...]string{"ok", "violated", "unknown"}

// String gives the word of reports.
func (v Verdict) String() string { return verdictNames[v] }

// Result is a verdict with its reasons.
type Result struct {
	Verdict   Verdict
	Violation *proto.Violation // of VerdictViolated alone
	Notes     []string         // what was left undecided, and why
}

func violated(v *proto.Violation) Result { return Result{Verdict: VerdictViolated, Violation: v} }

func undecided(format string, args ...any) Result {
	return Result{Verdict: VerdictUnknown, Notes: []string{fmt.Sprintf(format, args...)}}
}

// add sums two results up: violated beats unknown beats ok, and the first
// violation stays.
func (r *Result) add(o Result) {
	r.Notes = append(r.Notes, o.Notes...)
	switch {
	case r.Verdict == VerdictViolated || o.Verdict == VerdictOK:
	case o.Verdict == VerdictViolated || r.Verdict == VerdictOK:
		r.Verdict, r.Violation = o.Verdict, o.Violation
	}
}
