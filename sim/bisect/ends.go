package bisect

import (
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// End is how a run ended.
type End uint8

// The ends.
const (
	EndOther  End = iota // with another failure, or so that it cannot be judged; or it could not be made
	EndOK                // well
	EndFailed            // with the property that a search is about
)

// EndOf says how a run ended, for a search that is about a property.
func EndOf(r *engine.Report, p proto.Property) End {
	switch {
	case FailedWith(r, p):
		return EndFailed
	case r != nil && r.Verdict == engine.VerdictOK:
		return EndOK
	}
	return EndOther
}

// Ends are how some runs ended. One that ended otherwise has not failed, as far as
// rates go: what would have become of it nobody knows.
type Ends struct {
	Rate
	Other int // neither failed with the property nor ended well
}

// OK is how many ended well.
func (e Ends) OK() int { return e.Runs - e.Failed - e.Other }

// add counts more runs.
func (e *Ends) add(f Ends) {
	e.Rate.add(f.Rate)
	e.Other += f.Other
}

func endsOf(list []End) Ends {
	e := Ends{Rate: Rate{Runs: len(list)}}
	for _, end := range list {
		switch end {
		case EndFailed:
			e.Failed++
		case EndOther:
			e.Other++
		}
	}
	return e
}

// FailedWith reports whether a run violated a property.
func FailedWith(r *engine.Report, p proto.Property) bool {
	return r != nil && r.Verdict == engine.VerdictViolated && r.Violation != nil && r.Violation.Property == p
}
