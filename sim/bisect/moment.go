package bisect

import (
	"cmp"
	"errors"
	"slices"
)

// Continuation is a run to be tried: the first Step steps of the run as they
// were, and the rest drawn anew, as number Draw.
type Continuation struct {
	Step, Draw uint64
	Mode
}

// Trial is what came of a continuation.
type Trial struct {
	Failed bool   // with the property that the search is about
	Hash   uint64 // of the run: equal ones are one run, whatever was drawn anew
}

// Try carries out continuations, in any order and as many at a time as it likes.
// Its error ends the search.
type Try func(generation []Continuation) ([]Trial, error)

// Moments says how to search for the event of a run after which its failure could
// hardly be avoided any more.
type Moments struct {
	Try  Try
	Last uint64 // steps of the run; at least 1. After the last one it has failed
	Runs int    // how many continuations at most
}

// The sizes of samples. Draws of samples, of confirmations and of the judgement
// never meet, so that a lucky sample does not confirm itself, and a lucky
// confirmation, of several, is not the answer.
const (
	sampleSmall  = 6   // at a boundary; enough where all end alike
	sampleLarge  = 20  // where they do not, and near the event
	confirmation = 30  // on either side of an event
	judgement    = 50  // on either side of the one that is named
	near         = 8   // so few events between two boundaries are near
	coarse       = 8   // boundaries of the first curve
	share        = 500 // continuations that a search in one mode may take; or a quarter of all
	firstFresh   = 1001
	firstJudging = 2001
)

// JudgedDraws are the numbers of the continuations on which an answer stands: the
// first one, and how many there are.
func JudgedDraws() (first uint64, count int) { return firstJudging, judgement }

// Why a search in one mode ends without an answer.
var (
	errBudget = errors.New("bisect: the runs are used up")
	errAlike  = errors.New("bisect: so little is drawn anew that the runs are the same")
)

// why is such an error as a Turn tells it.
func why(err error) Why {
	switch {
	case errors.Is(err, errAlike):
		return Alike
	case err != nil:
		return UsedUp
	}
	return Gradual
}

// Find searches in one mode after the other until an event clearly decides. The
// best of those that were found is judged once, by draws that the search has not
// seen; that it may not decide then is the answer too. If these are too much alike
// to judge, the search goes on without it. Where none seems to decide, all events
// are sought at which the chance rises, in the mode of the largest rise. The error
// is that of Try, and the Turn says what was found until then.
func (m Moments) Find() (*Turn, error) {
	h := &hunt{Moments: m}
	best, err := h.judged()
	for errors.Is(err, errAlike) { // of a search whose event is then put aside
		best, err = h.judged()
	}
	if best.Decisive() {
		best.Others = nil
	}
	best.Runs = h.used
	return best, trouble(err)
}

// judged is the best event there is, judged.
func (h *hunt) judged() (*Turn, error) {
	best, at, err := h.best()
	if err == nil && !best.Decisive() {
		if best.Step == 0 {
			at = h.widest(at)
		}
		best, err = at.explained()
	}
	if err != nil || best.Step == 0 {
		return best, err
	}
	return best, at.judge(best)
}

// best searches in all modes, or until an event clearly decides. Where it has
// searched before it does not again.
func (h *hunt) best() (best *Turn, at *momentSearch, err error) {
	for i, mode := range modes {
		if i == len(h.searches) {
			h.searches = append(h.searches, h.in(mode))
			err = trouble(h.searches[i].search())
		}
		if turn := h.searches[i].turn(); turn.better(best) {
			best, at = turn, h.searches[i]
		}
		if err != nil || i == len(h.searches)-1 && best.clear() {
			return best, at, err
		}
	}
	return best, at, nil
}

// widest is the first search on whose curve the chance rises by runs that differ;
// else the given one.
func (h *hunt) widest(given *momentSearch) *momentSearch {
	for _, s := range h.searches {
		if len(s.points) > 2 && s.alike == 0 {
			return s
		}
	}
	return given
}

// trouble is an error of Try, which ends all searches.
func trouble(err error) error {
	if errors.Is(err, errBudget) || errors.Is(err, errAlike) {
		return nil
	}
	return err
}

// hunt is what the searches in all modes share.
type hunt struct {
	Moments
	used     int             // continuations
	searches []*momentSearch // in the order of the modes
}

// in begins a search in a mode. It may take a share of the runs, and leaves enough
// for the judgement.
func (h *hunt) in(mode Mode) *momentSearch {
	most := h.Runs - h.used
	if h.Runs > 4*judgement { // with fewer there is no answer anyhow
		most = max(0, min(most-2*judgement, max(h.Runs/4, share)))
	}
	return &momentSearch{hunt: h, Mode: mode, most: h.used + most, fresh: map[uint64]drawn{}}
}

// momentSearch is a search at work.
type momentSearch struct {
	*hunt
	Mode
	points []Point          // by step
	sure   []Rise           // events that were confirmed
	fresh  map[uint64]drawn // what fresh draws have shown, by step
	most   int              // used at most
	alike  uint64           // an event beside which the runs were too much alike; 0: none
	why    Why              // the search has ended
}

// search narrows the largest rise of the curve in which a deciding event can lie
// down to one event, again and again, until there is no such rise or an event
// clearly decides.
func (s *momentSearch) search() error {
	err := s.draft()
	defer func() { s.why = why(err) }()
	for err == nil && !slices.ContainsFunc(s.sure, func(r Rise) bool { return r.clear() }) {
		i := s.steepest(func(r *Rise) bool { return r.promising() })
		if i < 0 || !s.points[0].AtMost(rarelyNum, rarelyDen) {
			return nil
		}
		err = s.narrow(i)
	}
	return err
}

// narrow halves the part of the curve behind a point, or confirms the one event
// that it is.
func (s *momentSearch) narrow(i int) error {
	a, b := &s.points[i], &s.points[i+1]
	if b.Step-a.Step > 1 {
		return s.sample(a.Step+(b.Step-a.Step)/2, b.Step-a.Step <= near)
	}
	return s.confirm(b.Step)
}

// explained seeks all events at which the chance rises by a fifth or more: where the
// failure takes several unlikely things, these are they.
func (s *momentSearch) explained() (*Turn, error) {
	s.most = max(s.most, s.Runs-2*judgement)
	var err error
	for err == nil && s.alike == 0 {
		i := s.steepest((*Rise).matters)
		if i < 0 {
			s.why = Gradual
			break
		}
		if err = s.narrow(i); err != nil {
			s.why = why(err)
		}
	}
	t := s.turn()
	for _, r := range s.sure {
		if r.Step != t.Step && r.matters() {
			t.Others = append(t.Others, r)
		}
	}
	slices.SortFunc(t.Others, func(a, b Rise) int { return cmp.Compare(a.Step, b.Step) }) // total order: each is confirmed once
	return t, trouble(err)
}

// draft draws the first curve. With all faults kept the beginning is sampled
// first: where the run fails from there, the rest says nothing.
func (s *momentSearch) draft() error {
	s.points = []Point{{s.Last, Rate{judgement, judgement}}} // it has failed
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

// steepest is the point before the largest rise of those wanted that is not at an
// event that was confirmed; of equal ones the latest. -1: there is none.
func (s *momentSearch) steepest(wanted func(*Rise) bool) int {
	best := -1
	for i := range len(s.points) - 1 {
		r := Rise{s.points[i+1].Step, s.points[i].Rate, s.points[i+1].Rate}
		sure := func(known Rise) bool { return known.Step == r.Step }
		if !wanted(&r) || s.points[i+1].Step-s.points[i].Step == 1 && slices.ContainsFunc(s.sure, sure) {
			continue
		}
		if best < 0 || r.height().compare(riseBetween(&s.points[best], &s.points[best+1])) >= 0 {
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
	first, err := s.try(step, 1, small)
	got := first.Rate
	if err == nil && got.mixed() && small < large {
		var more drawn
		more, err = s.try(step, small+1, large-small)
		got.add(more.Rate)
	}
	if got.Runs > 0 {
		s.take(step, got)
	}
	return err
}

// try carries out so many continuations from a boundary.
func (s *momentSearch) try(step, draw, count uint64) (drawn, error) {
	if s.used+int(count) > s.most {
		return drawn{}, errBudget
	}
	generation := make([]Continuation, count)
	for i := range generation {
		generation[i] = Continuation{step, draw + uint64(i), s.Mode}
	}
	trials, err := s.Try(generation)
	if err != nil {
		return drawn{}, err
	}
	s.used += len(trials)
	return drawnOf(trials), nil
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
	t := &Turn{Mode: s.Mode, Curve: slices.Clone(s.points), To: s.Last}
	for i := range s.sure {
		if found := (&Turn{Rise: s.sure[i]}); t.Step == 0 || found.better(t) {
			t.Rise = s.sure[i]
		}
	}
	switch i := s.steepest(func(*Rise) bool { return true }); {
	case t.Step != 0:
		t.To = 0
		return t
	case s.alike != 0:
		t.From, t.To = s.alike-1, s.alike
	case i >= 0:
		t.From, t.To = s.points[i].Step, s.points[i+1].Step
	}
	t.Why = s.why
	return t
}
