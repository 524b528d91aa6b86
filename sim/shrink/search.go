package shrink

import (
	"fmt"
	"strings"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// search is one shrinking.
type search struct {
	opts Options
	try  Try

	best   engine.Config // the smallest run that fails so far
	seen   Outcome       // of it
	from   Size
	strict bool // no statement of the run contradicts another, as drawn ones may

	met, hit func(*Outcome) bool // those of the target

	tried   map[string]bool // candidates that were run, by key
	runs    int
	doing   string
	stopped bool
}

// begin runs what is to be shrunk, and reports whether it fails as it should.
func (s *search) begin(cfg engine.Config) bool {
	s.best = cfg
	s.best.Schedule = append(cfg.Schedule[:len(cfg.Schedule):len(cfg.Schedule)], cfg.Faults...)
	s.from = s.size()
	o := s.run([]engine.Config{cfg})
	if len(o) == 0 {
		return false
	}
	if s.seen = o[0]; !s.met(&s.seen) {
		return false
	}
	s.best = explicit(&s.seen)
	s.strict = fault.ValidateAll(s.best.Schedule, s.best.Servers, s.best.Clients) == nil
	s.from = s.size()
	plain := s.best
	plain.Choices = nil // the seed draws the same on the code that made the run
	s.adopt([]engine.Config{plain})
	return true
}

// explicit writes the statements of a run out, and leaves away what only watches.
func explicit(o *Outcome) engine.Config {
	cfg := o.Config
	cfg.Schedule, cfg.Faults = append([]fault.Statement{}, o.Schedule...), nil
	cfg.Trace, cfg.Inspect, cfg.Narrate = nil, false, engine.Steps{}
	return cfg
}

func (s *search) size() Size {
	return Size{Statements: len(s.best.Schedule), Servers: s.best.Servers, Clients: clientsAtWork(&s.best),
		Operations: s.seen.Operations, For: s.best.For}
}

// clientsAtWork counts the clients that have something to do.
func clientsAtWork(cfg *engine.Config) int {
	n := max(0, cfg.Clients)
	for _, t := range cfg.Skip {
		if t.All() {
			n--
		}
	}
	return n
}

func (s *search) spent() bool { return s.runs >= s.opts.Runs }

func (s *search) over() bool { return s.stopped || s.spent() }

// do carries out one of the steps.
func (s *search) do(words string, step func()) {
	s.doing = words
	if s.tell(); !s.over() {
		step()
	}
}

func (s *search) tell() {
	if s.opts.Progress != nil && !s.stopped {
		s.stopped = !s.opts.Progress(Progress{s.runs, s.opts.Runs, s.doing, s.from, s.size()})
	}
}

// adopt runs candidates, in their order, and makes the first that fails at the
// same place the best; if none does, the first that violates the same property
// elsewhere. It gives the place of that candidate in the list, or -1. Those that
// cannot be run, and those that were tried before, are passed over.
func (s *search) adopt(list []engine.Config) int {
	var places []int
	for i := range list {
		if s.fresh(&list[i]) {
			places = append(places, i)
		}
	}
	second, secondSeen := -1, Outcome{}
	for len(places) > 0 && !s.over() {
		n := min(len(places), Generation, s.opts.Runs-s.runs)
		generation := make([]engine.Config, n)
		for i, place := range places[:n] {
			generation[i] = list[place]
		}
		for i, o := range s.run(generation) {
			if s.hit(&o) {
				return s.accept(list, places[i], o)
			}
			if second < 0 && s.met(&o) {
				second, secondSeen = places[i], o
			}
		}
		places = places[n:]
	}
	if second >= 0 {
		return s.accept(list, second, secondSeen)
	}
	return -1
}

func (s *search) accept(list []engine.Config, place int, o Outcome) int {
	s.best, s.seen = list[place], o
	s.tell()
	return place
}

// run runs a generation. Those count that come up to the first hit, so that it
// makes no difference how many are run at a time.
func (s *search) run(generation []engine.Config) []Outcome {
	given := make([]engine.Config, len(generation))
	for i, cfg := range generation {
		given[i] = s.bounded(cfg)
	}
	outcomes := s.try(given)
	for i := range outcomes {
		s.runs++
		if s.hit(&outcomes[i]) {
			outcomes = outcomes[:i+1]
			break
		}
	}
	s.tell()
	return outcomes
}

// bounded ends a candidate when its faults end, if the failure came before they
// did: what would come later is judged only if nothing was violated by then.
func (s *search) bounded(cfg engine.Config) engine.Config {
	if s.seen.Property != "" && s.seen.At < s.best.For {
		cfg.Until = engine.Moment{At: cfg.For}
	}
	return cfg
}

// fresh reports whether a candidate can be run and was not tried.
func (s *search) fresh(cfg *engine.Config) bool {
	k := key(cfg)
	if s.tried[k] || k == key(&s.best) || !s.sound(cfg) {
		return false
	}
	s.tried[k] = true
	return true
}

// sound reports whether every statement can take effect in such a run, and
// whether they contradict each other no more than those of the run did.
func (s *search) sound(cfg *engine.Config) bool {
	clients := max(0, cfg.Clients)
	for _, st := range cfg.Schedule {
		if st.At >= cfg.For || st.Validate(cfg.Servers, clients) != nil {
			return false
		}
	}
	return !s.strict || fault.ValidateAll(cfg.Schedule, cfg.Servers, clients) == nil
}

// key tells candidates apart. What shrinking never changes is not in it.
func key(cfg *engine.Config) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d %d %d %s %t\n", cfg.Seed, cfg.Servers, cfg.Clients, cfg.For, cfg.Profile, cfg.Choices == nil)
	for _, st := range cfg.Schedule {
		b.WriteString(st.String() + "\n")
	}
	for _, t := range cfg.Skip {
		b.WriteString(t.String() + "\n")
	}
	return b.String()
}
