package shrink

import (
	"slices"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// seedsAnew is how many other seeds a candidate is tried with that draws
// everything otherwise anyhow. They are the small numbers, which read well.
const seedsAnew = 7

// anew lists a candidate with the seed of the best run, and with others.
func (s *search) anew(cfg engine.Config) []engine.Config {
	list := []engine.Config{cfg}
	if s.opts.KeepSeed {
		return list
	}
	for seed := uint64(1); seed <= seedsAnew; seed++ {
		cfg.Seed, cfg.Choices, cfg.Redraw = seed, nil, engine.Redraw{}
		list = append(list, cfg)
	}
	return list
}

func same(cfg engine.Config) []engine.Config { return []engine.Config{cfg} }

// cut leaves out what cannot matter, because it comes after the failure.
func (s *search) cut() {
	if s.seen.At >= s.best.For {
		return
	}
	cfg := s.best
	cfg.Schedule = slices.DeleteFunc(slices.Clone(cfg.Schedule), func(st fault.Statement) bool { return st.At > s.seen.At })
	cfg.For = min(cfg.For, (s.seen.At/time.Second+1)*time.Second)
	s.adopt(same(cfg))
}

// fewerStatements leaves statements out and keeps everything else.
func (s *search) fewerStatements() { s.dropStatements(same) }

// fewerStatementsAnew leaves statements out and draws everything anew, as it
// comes otherwise anyhow.
func (s *search) fewerStatementsAnew() { s.dropStatements(s.anew) }

// dropStatements leaves out rows of statements: all of them, halves, quarters,
// and so on, down to single ones.
func (s *search) dropStatements(with func(engine.Config) []engine.Config) {
	drop(len(s.best.Schedule), 1, func(from, to int) bool {
		cfg := s.best
		cfg.Schedule = slices.Delete(slices.Clone(cfg.Schedule), from, to)
		return s.adopt(with(cfg)) >= 0
	}, s.over)
}

// drop is delta debugging by complements: of n things it tries to leave out rows,
// from all of them down to rows of least, which without may do for those from a
// place up to another. Behind one that was left out it goes on, and when a round of
// the smallest rows has left something out there is one more. It gives how many
// are left.
func drop(n, least int, without func(from, to int) bool, over func() bool) int {
	for size := n; n > 0 && !over(); {
		left := n
		for end := n; end > 0 && !over(); end -= size { // what comes late has the fewest consequences
			if from := max(0, end-size); without(from, end) {
				n -= end - from
			}
		}
		switch {
		case size > least:
			size = max(least, (min(size, n)+1)/2)
		case n == left:
			return n
		}
	}
	return n
}
