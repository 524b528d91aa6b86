package bisect

import (
	"cmp"
	"slices"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// Need says whether a failure needs a fault statement.
type Need uint8

// The needs.
const (
	NeedUnjudged Need = iota // the runs were used up before it came to it
	NeedUnclear              // the failure comes too rarely, once the end is drawn anew, to say anything
	NeedNoise                // it comes without the statement too
	NeedIdle                 // the statement took no effect before the failure
	NeedTogether             // noise by itself, but not all of it: this is a smallest part that is needed
	NeedNeeded               // without the statement the failure comes decisively more rarely
)

var needWords = [...]string{"unjudged", "unclear", "noise", "noise", "together", "needed"}

// String gives the word of reports. A statement that took no effect is noise.
func (n Need) String() string { return needWords[n] }

// StatementNeed is what was found out about one statement.
type StatementNeed struct {
	Statement int  // its place in the schedule, from 0
	Need      Need // needed, or not
	With      Ends // of continuations from right before it takes effect, with all statements
	Without   Ends // of the same continuations without it
	Exact     bool // the run without it, nothing drawn anew, failed too
}

// FaultsAnswer says which statements a failure needs.
type FaultsAnswer struct {
	Statements []StatementNeed // in the order of the schedule
	Runs       int

	// None is the rate without all statements that are noise one by one, beside
	// Control, that of the same continuations with all. They are empty if there is
	// no noise.
	None, Control Ends

	Spent   bool // the runs were used up
	Stopped bool // the runner said so
}

// Found reports whether there is an answer: something is needed, or nothing is.
func (a *FaultsAnswer) Found() bool {
	noise := true
	for _, s := range a.Statements {
		if s.Need == NeedNeeded || s.Need == NeedTogether {
			return true
		}
		noise = noise && (s.Need == NeedNoise || s.Need == NeedIdle)
	}
	return noise && !a.Spent && !a.Stopped
}

// FaultTry makes runs, in any order and as many at a time as it likes, and says
// how each ended. A list that is shorter than that of the runs ends the search.
type FaultTry func(list []engine.Config) []End

// Faults says how to search for the statements that a failure needs.
//
// For each statement, runs leave the failed one right before it takes effect, and
// draw everything else anew: Tries with all statements, and as many without this
// one. It is noise if the failure comes at least half as often without it. Else it
// is needed if the failure is so much rarer that chance alone would make it so once
// in a thousand times at most, by Fisher's exact test of two rates. If neither
// holds there are more runs, up to rounds times as many; in the end, once
// in a hundred times is enough.
type Faults struct {
	Report *engine.Report // of the failed run
	Tries  int            // at least 1
	Runs   int            // how many runs at most
	Try    FaultTry
	Told   func(done, of int) // how many statements have been judged; may be nil
}

// rounds is how many times Tries a statement may take.
const rounds = 3

// faultSearch is a search at work.
type faultSearch struct {
	Faults
	base   engine.Config
	answer FaultsAnswer
	begins []uint64 // of each statement: the step in which it first took effect; 0: it did not
}

// Find searches.
func (f Faults) Find() *FaultsAnswer {
	s := &faultSearch{Faults: f, base: f.Report.Config}
	s.base.Schedule, s.base.Faults = append([]fault.Statement{}, f.Report.Schedule...), nil
	s.base.Trace, s.base.Inspect, s.base.Narrate = nil, false, engine.Steps{}
	s.begins = make([]uint64, len(s.base.Schedule))
	for _, e := range slices.Backward(f.Report.Effects) {
		s.begins[e.Statement] = e.Step
	}
	s.limit(f.Report.Violation)
	s.each()
	s.together()
	return &s.answer
}

// patience is how much later than in the failed run a failure may come.
const patience = 10 * time.Second

// limit ends runs soon after the failure, if it came while there were faults:
// what is judged later is not what failed.
func (s *faultSearch) limit(v *proto.Violation) {
	if v == nil || v.At >= s.base.For {
		return
	}
	s.base.For = min(s.base.For, (v.At/time.Second+1)*time.Second+patience)
	s.base.Until = engine.Moment{At: s.base.For}
}

// each judges the statements one by one, the one that comes last first: it has
// the most to do with the failure.
func (s *faultSearch) each() {
	n := len(s.base.Schedule)
	s.answer.Statements = make([]StatementNeed, n)
	order := make([]int, n)
	for i := range order {
		order[i] = i
		s.answer.Statements[i].Statement = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.begins[b], s.begins[a]) })
	for done, i := range order {
		if s.Told != nil {
			s.Told(done, n)
		}
		s.one(&s.answer.Statements[i])
	}
}

// one judges one statement.
func (s *faultSearch) one(need *StatementNeed) {
	i := need.Statement
	if s.begins[i] == 0 {
		need.Need = NeedIdle
		return
	}
	without := s.without(func(place int) bool { return place == i })
	exact := s.run([]engine.Config{without})
	if len(exact) == 0 {
		return
	}
	need.Exact = exact[0] == EndFailed
	for round := range rounds {
		if !s.sample(without, s.begins[i], round, &need.With, &need.Without) {
			return
		}
		if need.Need = judged(need.With.Rate, need.Without.Rate, round == rounds-1); need.Need != NeedUnclear {
			return
		}
	}
}

// judged says what two rates mean.
func judged(with, without Rate, last bool) Need {
	switch { // many runs make the smallest difference certain, which is no need
	case without.Failed > 0 && without.Failed*2*with.Runs >= with.Failed*without.Runs:
		return NeedNoise
	case rarer(with, without, 1000) || last && rarer(with, without, 100):
		return NeedNeeded
	}
	return NeedUnclear
}

// without is the run without some of its statements, and without those that could
// take effect after the failure only. Others that took none stay: that they were
// due, and hit nobody or drew nothing, is a step of the run.
func (s *faultSearch) without(out func(place int) bool) engine.Config {
	cfg := s.base
	cfg.Schedule = []fault.Statement{}
	for i, st := range s.base.Schedule {
		if !s.late(i) && !out(i) {
			cfg.Schedule = append(cfg.Schedule, st)
		}
	}
	return cfg
}

// late reports whether a statement took no effect before the failure, and not even
// a step.
func (s *faultSearch) late(i int) bool {
	st, v := &s.Report.Schedule[i], s.Report.Violation
	return s.begins[i] == 0 && (st.When == fault.WhenOn || st.When == fault.WhenAt && v != nil && st.At > v.At)
}

// sample adds continuations from right before a step to the rates with all
// statements and of another run; false if the search is over.
func (s *faultSearch) sample(other engine.Config, step uint64, round int, with, without *Ends) bool {
	all := s.without(func(int) bool { return false })
	list := append(s.continued(all, step, round), s.continued(other, step, round)...)
	ends := s.run(list)
	if len(ends) < len(list) {
		return false
	}
	with.add(endsOf(ends[:s.Tries]))
	without.add(endsOf(ends[s.Tries:]))
	return true
}

// continued gives the continuations of a round: the steps before one as they
// were, and everything else drawn anew.
func (s *faultSearch) continued(cfg engine.Config, step uint64, round int) []engine.Config {
	list := make([]engine.Config, s.Tries)
	for i := range list {
		cfg.Redraw = engine.Redraw{Step: step - 1, Draw: uint64(round*s.Tries + i + 1)}
		list[i] = cfg
	}
	return list
}

// run makes runs, if there are enough left; else it gives nothing.
func (s *faultSearch) run(list []engine.Config) []End {
	if s.answer.Stopped || s.answer.Spent {
		return nil
	}
	if s.answer.Runs+len(list) > s.Runs {
		s.answer.Spent = true
		return nil
	}
	s.answer.Runs += len(list)
	ends := s.Try(list)
	s.answer.Stopped = len(ends) < len(list)
	return ends
}
