// Package shrink makes a failing run small: fewer statements, servers, clients
// and operations, less time, rounder numbers, and still the same property
// violated. It is delta debugging: candidates are made from the best run so far,
// somebody else runs them, and the first that fails in the same way is the best
// from then on.
//
// It is a pure function of what it is given and of what the runs give, and counts
// runs, never time. Runs are chaotic: with one statement less everything after it
// comes otherwise, and a failure that does not need the statement may be gone all
// the same. So what is to be left out is tried with a few other seeds too.
//
// It imports node/proto, sim/engine, sim/fault and sim/fault/netem.
package shrink

import (
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// Target is the failure that must stay. Runs that violate another property do
// not count. A run that violates it elsewhere counts, if none of its kind does so
// at this place.
type Target struct {
	Property proto.Property
	Place    string // empty: anywhere
}

// Met reports whether a run fails with the property.
func (t Target) Met(o *Outcome) bool { return t.Property != "" && o.Property == t.Property }

// Hit reports whether a run fails with the property at the place.
func (t Target) Hit(o *Outcome) bool { return t.Met(o) && (t.Place == "" || o.Place == t.Place) }

// Outcome is what shrinking needs to know of a run.
type Outcome struct {
	Config     engine.Config  // with defaults filled in
	Property   proto.Property // that was violated; empty: none, or the run could not be made
	Place      string
	At         time.Duration // of the violation
	Virtual    time.Duration // how long the run lasted
	Operations uint64
	Schedule   []fault.Statement // every statement of the run
	Effects    []engine.Effect
	Tasks      []uint64
}

// OutcomeOf takes the outcome out of a report.
func OutcomeOf(r *engine.Report) Outcome {
	o := Outcome{Config: r.Config, Virtual: r.Virtual, Operations: r.Counts.Operations, Schedule: r.Schedule, Effects: r.Effects, Tasks: r.Tasks}
	if v := r.Violation; v != nil && r.Verdict == engine.VerdictViolated {
		o.Property, o.Place, o.At = v.Property, v.Place, v.At
	}
	return o
}

// Try runs candidates and gives their outcomes in the same order. It may leave
// out those that come after one that hits the target: they are not looked at. The
// outcome of what cannot be run is the zero value.
type Try func(candidates []engine.Config) []Outcome

// Generation is how many candidates a Try is given at most.
const Generation = 16

// InOrder makes a Try of a function that makes one run. It runs candidates one
// after the other, up to the first that hits the target.
func InOrder(target Target, run func(engine.Config) (*engine.Report, error)) Try {
	return func(candidates []engine.Config) []Outcome {
		var outcomes []Outcome
		for _, cfg := range candidates {
			var o Outcome
			if r, err := run(cfg); err == nil {
				o = OutcomeOf(r)
			}
			outcomes = append(outcomes, o)
			if target.Hit(&o) {
				break
			}
		}
		return outcomes
	}
}

// RunsDefault is how many runs a shrinking takes at most unless it is told
// otherwise.
const RunsDefault = 1000

// Options bound a shrinking.
type Options struct {
	Runs     int                 // at most so many runs count; default RunsDefault
	KeepSeed bool                // the seed stays, whatever it costs
	KeepSize bool                // so do profile, servers, clients and their tasks: a person's test decides them
	Progress func(Progress) bool // is told now and then; false ends the search. May be nil
}

// Progress is how far a shrinking is.
type Progress struct {
	Runs, RunsMax int
	Doing         string // in words: "leaving out statements"
	From, To      Size
}

// Size is how large a run is.
type Size struct {
	Statements, Servers, Clients int
	Operations                   uint64
	For                          time.Duration
}

// Ending says why a shrinking ended.
type Ending uint8

// The endings.
const (
	EndDone    Ending = iota // nothing smaller was found
	EndRuns                  // the runs were used up
	EndStopped               // Options.Progress said so
	EndNoFault               // the run that was given does not fail with the property
)

// Result is what a shrinking has come to.
type Result struct {
	Config   engine.Config // of the best run; its schedule is explicit
	Outcome  Outcome       // of that run
	From, To Size
	Runs     int // that counted
	Ending   Ending
}

// Shrink makes a run small that fails as target says. A run whose faults are drawn has them written out.
func Shrink(cfg engine.Config, target Target, opts Options, try Try) Result {
	if opts.Runs <= 0 {
		opts.Runs = RunsDefault
	}
	s := &search{opts: opts, try: try, met: target.Met, hit: target.Hit, tried: map[string]bool{}}
	return s.shrink(cfg)
}

// shrink is Shrink.
func (s *search) shrink(cfg engine.Config) Result {
	if !s.begin(cfg) {
		return Result{Config: cfg, Outcome: s.seen, Runs: s.runs, Ending: EndNoFault}
	}
	s.all()
	r := Result{Config: s.best, Outcome: s.seen, From: s.from, To: s.size(), Runs: s.runs, Ending: EndDone}
	switch {
	case s.stopped:
		r.Ending = EndStopped
	case s.spent():
		r.Ending = EndRuns
	}
	return r
}

// all goes through everything that can be made smaller, the most effective
// first, until a whole round brings nothing.
func (s *search) all() {
	for round := 0; !s.over(); round++ {
		before := key(&s.best)
		s.do("cutting off what comes later", s.cut)
		s.do("leaving out statements", s.fewerStatements)
		s.do("taking fewer servers", s.fewerServers)
		s.do("leaving out statements, with other seeds", s.fewerStatementsAnew)
		s.do("taking the plain profile", s.plainer)
		s.do("taking fewer clients", s.fewerClients)
		s.do("taking less time", s.lessTime)
		s.do("naming who is hit", s.names)
		s.do("leaving out operations", s.fewerTasks)
		s.do("rounding numbers", s.numbers)
		s.do("leaving out statements", s.fewerStatements)
		s.do("cutting off what comes later", s.cut)
		if key(&s.best) == before {
			return
		}
	}
}
