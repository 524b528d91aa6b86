package bisect

import "cmp"

// Rate is how many of some runs have failed.
type Rate struct{ Failed, Runs int }

// add counts more runs.
func (r *Rate) add(s Rate) {
	r.Failed += s.Failed
	r.Runs += s.Runs
}

// mixed reports whether some have failed and some have not.
func (r Rate) mixed() bool { return r.Failed > 0 && r.Failed < r.Runs }

// AtMost reports whether the rate is num/den or less.
func (r Rate) AtMost(num, den int64) bool { return int64(r.Failed)*den <= num*int64(r.Runs) }

// AtLeast reports whether the rate is num/den or more.
func (r Rate) AtLeast(num, den int64) bool { return int64(r.Failed)*den >= num*int64(r.Runs) }

// Point is the boundary behind a step of a run, and what continuations from there
// have shown.
type Point struct {
	Step uint64 // so many steps are as they were; what comes after them is drawn anew
	Rate
}

// rise is by how much the rate is higher at one point than at an earlier one, as
// a ratio: up over over, which is positive.
type rise struct{ up, over int64 }

// riseBetween compares two points with runs.
func riseBetween(a, b *Point) rise {
	ra, rb := int64(a.Runs), int64(b.Runs)
	return rise{int64(b.Failed)*ra - int64(a.Failed)*rb, ra * rb}
}

// compare orders rises. With some thousand runs at a point nothing overflows.
func (r rise) compare(s rise) int { return cmp.Compare(r.up*s.over, s.up*r.over) }
