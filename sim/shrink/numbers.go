package shrink

import (
	"slices"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// numbers makes the numbers of each statement simpler, one after the other, for
// as long as that brings something.
func (s *search) numbers() {
	s.adopt([]engine.Config{s.rounded(time.Second), s.rounded(100 * time.Millisecond)})
	for i := 0; i < len(s.best.Schedule) && !s.over(); {
		var list []engine.Config
		for _, st := range simpler(s.best.Schedule[i]) {
			list = append(list, s.withStatement(i, st))
		}
		if s.adopt(list) < 0 {
			i++
		}
	}
}

// withStatement puts another statement at a place.
func (s *search) withStatement(place int, st fault.Statement) engine.Config {
	cfg := s.best
	cfg.Schedule = slices.Clone(cfg.Schedule)
	cfg.Schedule[place] = st
	return cfg
}

// rounded rounds the times of all statements.
func (s *search) rounded(grain time.Duration) engine.Config {
	cfg := s.best
	cfg.Schedule = slices.Clone(cfg.Schedule)
	for i := range cfg.Schedule {
		st := &cfg.Schedule[i]
		st.At = round(st.At, grain)
		if st.For > 0 {
			st.For = max(grain, round(st.For, grain))
		}
	}
	return cfg
}

func round(d, grain time.Duration) time.Duration { return (d + grain/2) / grain * grain }

// grains are what times are rounded to, the coarsest first.
var grains = [...]time.Duration{10 * time.Second, time.Second, 100 * time.Millisecond, 10 * time.Millisecond, time.Millisecond}

// coarser gives a time in coarser grains than it has, above zero.
func coarser(d time.Duration) []time.Duration {
	var list []time.Duration
	for _, grain := range grains {
		if d%grain == 0 {
			break
		}
		if r := round(d, grain); r > 0 {
			list = append(list, r)
		}
	}
	return list
}

// shortest is the time below which none is halved.
const shortest = 100 * time.Millisecond

// shorter gives rounder and shorter times, which still last.
func shorter(d time.Duration) []time.Duration {
	list := coarser(d)
	for _, half := range [...]time.Duration{d / 4, d / 2} {
		if half >= shortest {
			list = append(list, half/shortest*shortest)
		}
	}
	return list
}
