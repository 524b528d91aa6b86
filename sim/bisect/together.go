package bisect

import "slices"

// together leaves out everything that is noise one by one. If the failure does not
// come then, some of it is needed together: what one statement does another may
// do too. A smallest part is searched for that brings the failure back.
func (s *faultSearch) together() {
	noise := s.noise()
	if len(noise) < 2 {
		return
	}
	step := s.firstStep(noise)
	gone := s.without(func(place int) bool { return slices.Contains(noise, place) })
	for round := range rounds {
		if !s.sample(gone, step, round, &s.answer.Control, &s.answer.None) {
			return
		}
		switch judged(s.answer.Control.Rate, s.answer.None.Rate, round == rounds-1) {
		case NeedNoise:
			return
		case NeedNeeded:
			s.smallest(noise, step)
			return
		}
	}
}

// noise lists the statements that took effect and can be left out one by one.
func (s *faultSearch) noise() []int {
	var list []int
	for _, n := range s.answer.Statements {
		if n.Need == NeedNoise {
			list = append(list, n.Statement)
		}
	}
	return list
}

// firstStep is the one in which the first of some statements took effect.
func (s *faultSearch) firstStep(places []int) uint64 {
	first := s.begins[places[0]]
	for _, i := range places {
		first = min(first, s.begins[i])
	}
	return first
}

// smallest leaves out rows of the noise, halves, quarters and so on, for as long
// as the failure comes at least half as often as with all of it.
func (s *faultSearch) smallest(noise []int, step uint64) {
	kept := slices.Clone(noise)
	for size := (len(kept) + 1) / 2; ; {
		before := len(kept)
		for end := len(kept); end > 0; end -= size {
			less := slices.Delete(slices.Clone(kept), max(0, end-size), end)
			if s.enough(noise, less, step) {
				kept = less
			}
		}
		switch {
		case s.answer.Spent || s.answer.Stopped:
			return
		case size > 1:
			size = (size + 1) / 2
		case len(kept) == before:
			s.mark(kept)
			return
		}
	}
}

// enough reports whether so much of the noise brings the failure.
func (s *faultSearch) enough(noise, kept []int, step uint64) bool {
	cfg := s.without(func(place int) bool { return slices.Contains(noise, place) && !slices.Contains(kept, place) })
	r, all := endsOf(s.run(s.continued(cfg, step, 0))), s.answer.Control
	return r.Failed > 0 && r.Failed*2*all.Runs >= all.Failed*r.Runs
}

func (s *faultSearch) mark(kept []int) {
	for _, i := range kept {
		s.answer.Statements[i].Need = NeedTogether
	}
}
