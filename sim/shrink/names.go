package shrink

import (
	"slices"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// names puts what was drawn into words: the servers that one, minority or the
// shape of a partition came to be, what a crash left, and each of the few times
// that a statement came again.
func (s *search) names() {
	places := s.resolvable()
	cfg := s.best
	for i := len(places) - 1; i >= 0; i-- {
		cfg = s.resolved(cfg, places[i])
	}
	if s.adopt(same(cfg)) >= 0 {
		return
	}
	for i := len(places) - 1; i >= 0; i-- {
		s.adopt(same(s.resolved(s.best, places[i])))
	}
}

// timesMax is how often a statement may have come again to be written out.
const timesMax = 3

// resolvable lists the statements of which something was drawn that is known.
func (s *search) resolvable() []int {
	var places []int
	for i := range s.best.Schedule {
		n := len(s.effectsOf(i))
		if n > 0 && n <= timesMax && (n == 1 || s.best.Schedule[i].When == fault.WhenEvery) && wasDrawn(&s.best.Schedule[i]) {
			places = append(places, i)
		}
	}
	return places
}

// effectsOf lists how the statement at a place took effect, in the best run.
func (s *search) effectsOf(place int) []fault.Statement {
	var list []fault.Statement
	for _, e := range s.seen.Effects {
		if e.Statement == place {
			list = append(list, e.Fault)
		}
	}
	return list
}

// wasDrawn reports whether a statement leaves something to chance. What it
// happens to do on an event stays with the event, as it says when.
func wasDrawn(st *fault.Statement) bool {
	return isDrawn(st.Nodes) || isDrawn(st.Peers) || st.Action == fault.ActionPartition && st.Shape != fault.ShapeGroups ||
		st.Action == fault.ActionCrash && st.Power == fault.PowerDrawn || st.When == fault.WhenEvery
}

func isDrawn(nodes []string) bool {
	return fault.IsGroup(nodes) && slices.Contains([]string{fault.NodeOne, fault.NodeMinority, fault.NodeMajority, fault.NodeMinorityThird}, nodes[0])
}

// resolved writes the statement at a place out.
func (s *search) resolved(cfg engine.Config, place int) engine.Config {
	st := cfg.Schedule[place]
	var list []fault.Statement
	for _, done := range s.effectsOf(place) {
		if st.When == fault.WhenOn {
			done.When, done.At, done.On = st.When, st.At, st.On
		}
		if !isDrawn(st.Nodes) {
			done.Nodes = st.Nodes
		}
		if !isDrawn(st.Peers) {
			done.Peers = st.Peers
		}
		list = append(list, done)
	}
	cfg.Schedule = slices.Replace(slices.Clone(cfg.Schedule), place, place+1, list...)
	return cfg
}
