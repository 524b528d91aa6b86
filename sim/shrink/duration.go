package shrink

import (
	"slices"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// shortRuns are lengths that are tried, the shortest first.
var shortRuns = [...]time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second}

// lessTime moves all statements to an earlier time, takes out the time between
// them, and ends the run earlier.
func (s *search) lessTime() {
	s.adopt(s.earlier())
	s.adopt(s.denser())
	s.cut()
	var list []engine.Config
	for _, span := range shortRuns {
		if span < s.best.For {
			list = append(list, s.anew(shortened(s.best, span))...)
		}
	}
	s.adopt(list)
}

// shortened ends a run earlier, without the statements that would come later.
func shortened(cfg engine.Config, span time.Duration) engine.Config {
	cfg.For = span
	cfg.Schedule = slices.DeleteFunc(slices.Clone(cfg.Schedule), func(st fault.Statement) bool { return st.At >= span })
	return cfg
}

// starts are the instants at which the first statement may come: soon after the
// ensemble and its clients have begun to work, if not before.
var starts = [...]time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second}

// earlier moves all statements together.
func (s *search) earlier() []engine.Config {
	first, ok := s.first()
	if !ok {
		return nil
	}
	var list []engine.Config
	for _, start := range starts {
		if start < first {
			list = append(list, s.anew(moved(s.best, func(at time.Duration) time.Duration { return at - first + start }))...)
		}
	}
	return list
}

// denser halves and quarters the time between statements.
func (s *search) denser() []engine.Config {
	first, ok := s.first()
	if !ok {
		return nil
	}
	var list []engine.Config
	for _, part := range [...]time.Duration{8, 4, 2} {
		list = append(list, s.anew(moved(s.best, func(at time.Duration) time.Duration { return first + (at-first)/part }))...)
	}
	return list
}

// first is when the first statement comes that has an instant.
func (s *search) first() (first time.Duration, ok bool) {
	for _, st := range s.best.Schedule {
		if st.When == fault.WhenAt && (!ok || st.At < first) {
			first, ok = st.At, true
		}
	}
	return first, ok
}

// moved maps the instants of all statements.
func moved(cfg engine.Config, to func(time.Duration) time.Duration) engine.Config {
	cfg.Schedule = slices.Clone(cfg.Schedule)
	for i := range cfg.Schedule {
		if st := &cfg.Schedule[i]; st.When == fault.WhenAt {
			st.At = to(st.At)
		}
	}
	return cfg
}
