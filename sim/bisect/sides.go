package bisect

import "errors"

// different is how many different runs there must be among those that confirm or
// judge a side of an event. With fewer the rate is that of a few runs, each counted
// many times.
const different = 15

// drawn is what continuations from one boundary have shown.
type drawn struct {
	Rate
	distinct int // runs among them that differ
}

func drawnOf(trials []Trial) drawn {
	d, runs := drawn{Rate: Rate{Runs: len(trials)}}, map[uint64]bool{}
	for _, t := range trials {
		if runs[t.Hash] = true; t.Failed {
			d.Failed++
		}
	}
	d.distinct = len(runs)
	return d
}

// differ reports whether the rate is that of different runs.
func (d drawn) differ() bool { return d.distinct >= different }

// settled reports whether the failure always comes. Then it does not matter whether
// the runs differ: it may be on its way already, with nothing left to be drawn.
func (d drawn) settled() bool { return d.Failed == d.Runs }

// sides tries both sides of an event, count runs each. After the last event nothing
// is left to be drawn. errAlike: the runs show nothing, and the event is put aside.
func (s *momentSearch) sides(step uint64, count int, try func(step uint64) (drawn, error)) (Rise, error) {
	before, err := try(step - 1)
	if err != nil {
		return Rise{}, err
	}
	after := drawn{Rate: Rate{count, count}}
	if before.differ() && step < s.Last {
		if after, err = try(step); err != nil {
			return Rise{}, err
		}
	}
	if !before.differ() || !after.differ() && !after.settled() {
		s.alike = step
		return Rise{}, errAlike
	}
	return Rise{step, before.Rate, after.Rate}, nil
}

// confirm tries both sides of an event again, with fresh draws.
func (s *momentSearch) confirm(step uint64) error {
	r, err := s.sides(step, confirmation, s.freshly)
	if err == nil {
		s.sure = append(s.sure, r)
	}
	return err
}

// freshly tries a boundary with fresh draws and adds them to the curve, once: the
// boundary between two events belongs to both, and the same draws tell nothing
// new.
func (s *momentSearch) freshly(step uint64) (drawn, error) {
	if d, known := s.fresh[step]; known {
		return d, nil
	}
	d, err := s.try(step, firstFresh, confirmation)
	if err == nil {
		s.fresh[step] = d
		s.take(step, d.Rate)
	}
	return d, err
}

// judge tries both sides of an event with draws that no search has seen. Where it
// cannot, the Turn names no event.
func (s *momentSearch) judge(t *Turn) error {
	s.most = s.Runs
	r, err := s.sides(t.Step, judgement, func(step uint64) (drawn, error) { return s.try(step, firstJudging, judgement) })
	if err != nil {
		t.From, t.To, t.Why, t.Others = t.Step-1, t.Step, why(err), nil
	}
	if errors.Is(err, errAlike) {
		s.sure, s.why = nil, Alike
	}
	t.Rise = r
	return err
}
