package bisect

import (
	"errors"
	"slices"
)

// Continuation is a run to be tried: the first Step steps of the run as they
// were, and the rest drawn anew, as number Draw.
type Continuation struct {
	Step, Draw uint64
	Calm       bool // no fault begins after Step
}

// Try carries out continuations, in any order and as many at a time as it likes,
// and says which of them failed with the property that the search is about. Its
// error ends the search.
type Try func(generation []Continuation) (failed []bool, err error)

// Moments says how to search for the event of a run after which its failure could
// hardly be avoided any more.
type Moments struct {
	Try  Try
	Last uint64 // steps of the run; at least 1. After the last one it has failed
	Runs int    // how many continuations at most
}

// Turn is the event at which the chance of the failure rises most.
type Turn struct {
	Step          uint64 // the event; 0 when no single one was found
	Before, After Rate   // of fresh continuations that leave the run right before the event, and right after it

	Calm  bool    // continuations met no faults but those that had begun
	Curve []Point // every boundary that was tried, in order, the end of the run among them
	From  uint64  // where no event was found: it lies behind From …
	To    uint64  // … and not behind To
	Runs  int     // continuations that were carried out
}

// Bounds of what decides. A rate is a ratio of these.
const (
	rarelyNum, rarelyDen = 3, 10 // before the event the run fails at most so often
	mostlyNum, mostlyDen = 4, 5  // after it at least so often
)

// Decisive reports whether the failure was unlikely before the event and can
// hardly be avoided after it.
func (t *Turn) Decisive() bool {
	return t.Step > 0 && t.Before.AtMost(rarelyNum, rarelyDen) && t.After.AtLeast(mostlyNum, mostlyDen)
}

// better reports whether the event says more than that of another search.
func (t *Turn) better(than *Turn) bool {
	if than == nil || than.Step == 0 || t.Step == 0 {
		return than == nil || than.Step == 0
	}
	return t.height().compare(than.height()) > 0
}

func (t *Turn) height() rise {
	return riseBetween(&Point{Rate: t.Before}, &Point{Rate: t.After})
}

// The sizes of samples. Draws of samples and of confirmations never meet, so that
// a lucky sample does not confirm itself.
const (
	sampleSmall  = 6  // at a boundary; enough where all end alike
	sampleLarge  = 20 // where they do not, and near the event
	confirmation = 50 // on either side of the event
	near         = 8  // so few events between two boundaries are near
	coarse       = 8  // boundaries of the first curve
	firstFresh   = 1001
)

// errBudget says that the runs were used up.
var errBudget = errors.New("bisect: the runs are used up")

// Find searches. First the run keeps all its faults and everything else is drawn
// anew. Where that fails too often from the start, because the faults alone force
// the failure, or where no event decides, no fault begins after the boundary any
// more: the event is then the one after which the failure comes even so. The
// error is that of Try, and the Turn says what was found until then.
func (m Moments) Find() (*Turn, error) {
	s := &momentSearch{Moments: m, most: m.Runs / 2}
	best, err := s.search()
	if (err == nil || errors.Is(err, errBudget)) && !best.Decisive() {
		s.calm, s.most = true, m.Runs
		var turn *Turn
		if turn, err = s.search(); turn.better(best) {
			best = turn
		}
	}
	best.Runs = s.used
	if errors.Is(err, errBudget) {
		err = nil
	}
	return best, err
}

// momentSearch is a search at work.
type momentSearch struct {
	Moments
	calm   bool
	points []Point         // by step
	sure   []Turn          // events that were confirmed
	fresh  map[uint64]Rate // what fresh draws have shown, by step
	used   int
	most   int // used at most
}

// search narrows the largest rise of the curve down to one event, again and
// again, until that event has been confirmed.
func (s *momentSearch) search() (*Turn, error) {
	s.sure, s.fresh = nil, map[uint64]Rate{}
	err := s.draft()
	for err == nil && !s.settled() {
		i := s.steepest()
		a, b := &s.points[i], &s.points[i+1]
		if b.Step-a.Step > 1 {
			err = s.sample(a.Step+(b.Step-a.Step)/2, b.Step-a.Step <= near)
		} else {
			err = s.confirm(i)
		}
	}
	return s.turn(), err
}

// draft draws the first curve. With all faults kept the beginning is sampled
// first: where the run fails from there, the rest says nothing.
func (s *momentSearch) draft() error {
	s.points = []Point{{s.Last, Rate{confirmation, confirmation}}} // it has failed
	if err := s.sample(0, false); err != nil {
		return err
	}
	if !s.points[0].AtMost(rarelyNum, rarelyDen) {
		return nil
	}
	for i := range uint64(coarse - 1) {
		if step := s.Last / coarse * (i + 1); step > 0 {
			if err := s.sample(step, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// settled reports whether there is nothing to be narrowed down any more: the run
// fails from the start, or the largest rise is at an event that was confirmed.
func (s *momentSearch) settled() bool {
	if !s.points[0].AtMost(rarelyNum, rarelyDen) {
		return true
	}
	step := s.points[s.steepest()+1].Step
	return slices.ContainsFunc(s.sure, func(t Turn) bool { return t.Step == step || t.Decisive() })
}

// steepest is the point before the largest rise; of equal ones the latest.
func (s *momentSearch) steepest() int {
	best := 0
	for i := range len(s.points) - 1 {
		if riseBetween(&s.points[i], &s.points[i+1]).compare(riseBetween(&s.points[best], &s.points[best+1])) >= 0 {
			best = i
		}
	}
	return best
}

// sample tries a boundary: a few times, and more often if they do not all end
// alike or the event is near.
func (s *momentSearch) sample(step uint64, thoroughly bool) error {
	small, large := uint64(sampleSmall), uint64(sampleLarge)
	if thoroughly {
		small = large
	}
	got, err := s.try(step, 1, small)
	if err == nil && got.mixed() && small < large {
		var more Rate
		more, err = s.try(step, small+1, large-small)
		got.add(more)
	}
	if got.Runs > 0 {
		s.take(step, got)
	}
	return err
}

// confirm tries both sides of an event again, with fresh draws. After the last
// event nothing is left to be drawn.
func (s *momentSearch) confirm(i int) error {
	before, after := s.points[i].Step, s.points[i+1].Step
	t := Turn{Step: after, After: Rate{confirmation, confirmation}}
	var err error
	if t.Before, err = s.freshly(before); err != nil {
		return err
	}
	if after < s.Last {
		if t.After, err = s.freshly(after); err != nil {
			return err
		}
	}
	s.sure = append(s.sure, t)
	return nil
}

// freshly tries a boundary with fresh draws and adds them to the curve, once: the
// boundary between two events belongs to both, and the same draws tell nothing
// new.
func (s *momentSearch) freshly(step uint64) (Rate, error) {
	if r, known := s.fresh[step]; known {
		return r, nil
	}
	r, err := s.try(step, firstFresh, confirmation)
	if err == nil {
		s.fresh[step] = r
		s.take(step, r)
	}
	return r, err
}

// try carries out so many continuations from a boundary.
func (s *momentSearch) try(step, draw, count uint64) (Rate, error) {
	if s.used+int(count) > s.most {
		return Rate{}, errBudget
	}
	generation := make([]Continuation, count)
	for i := range generation {
		generation[i] = Continuation{step, draw + uint64(i), s.calm}
	}
	failed, err := s.Try(generation)
	if err != nil {
		return Rate{}, err
	}
	s.used += len(failed)
	r := Rate{Runs: len(failed)}
	for _, f := range failed {
		if f {
			r.Failed++
		}
	}
	return r, nil
}

// take adds what was tried to the curve.
func (s *momentSearch) take(step uint64, r Rate) {
	i, known := slices.BinarySearchFunc(s.points, step, func(p Point, step uint64) int {
		switch {
		case p.Step < step:
			return -1
		case p.Step > step:
			return 1
		}
		return 0
	})
	if known {
		s.points[i].add(r)
		return
	}
	s.points = slices.Insert(s.points, i, Point{step, r})
}

// turn is what the search has come to: of the confirmed events the one with the
// largest rise.
func (s *momentSearch) turn() *Turn {
	t := &Turn{}
	for i := range s.sure {
		if s.sure[i].better(t) {
			t = &s.sure[i]
		}
	}
	t.Calm, t.Curve = s.calm, slices.Clone(s.points)
	if t.Step == 0 && len(s.points) > 1 {
		i := s.steepest()
		t.From, t.To = s.points[i].Step, s.points[i+1].Step
	}
	return t
}
