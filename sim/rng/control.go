package rng

import "math"

// Choice is one decision that was taken: the N-th number under Key, counted from
// 1, as the method gave it. Of Chance that is 1 for true and 0 for false, of
// Duration the nanoseconds, of Uint64 the same 64 bits.
type Choice struct {
	Key
	N     uint64
	Value int64
}

// ChoicesPerKey is how many decisions of one stream are noted. Later ones are
// drawn as if nobody noted any, in a replay as in the run that was recorded: a
// disk that fails one operation in fifty for a minute is described by its first
// operations well enough, and the list stays short enough to be read.
const ChoicesPerKey = 32

// Plan says what a Control does.
type Plan struct {
	// Notes tells the streams whose decisions are noted; nil notes none. Of all
	// others a Control costs nothing, unless Redraws is set.
	Notes func(Key) bool

	// Choices are the decisions of a recorded run, to be taken again by streams
	// that are noted. Not nil: a decision of such a stream that is not among
	// them, or is impossible now, is drawn from a source derived from the seed.
	Choices []Choice

	// Redraws says that Redraw will be called. It must, to have an effect.
	Redraws bool
}

// Control steers all randomness of one run that is drawn from the sources it was
// given to, see [Source.With]. It notes decisions, has recorded ones taken again,
// and begins everything anew in the middle of a run. It belongs to one run, and
// takes no number by itself.
type Control struct {
	plan    Plan
	given   map[place]int64
	noted   map[Key]uint64 // how many numbers of a stream have been noted
	choices []Choice
	matched int
	redraw  uint64         // 0 before Redraw
	only    func(Key) bool // the streams that Redraw is about; nil: all
}

// place is where a number stands.
type place struct {
	Key
	n uint64
}

// NewControl makes the control of one run. Of two choices for one number the
// first counts.
func NewControl(p Plan) *Control {
	c := &Control{plan: p, noted: map[Key]uint64{}}
	if p.Choices == nil {
		return c
	}
	c.given = make(map[place]int64, len(p.Choices))
	for _, ch := range p.Choices {
		at := place{ch.Key, ch.N}
		if _, twice := c.given[at]; !twice {
			c.given[at] = ch.Value
		}
	}
	return c
}

// Redraw begins all streams anew: from now on every number is a function of
// seed, key, its place in the stream, and n, which is not 0. With keep the given
// choices hold on; without it they are forgotten.
func (c *Control) Redraw(n uint64, keep bool) { c.RedrawOnly(nil, n, keep) }

// RedrawOnly is Redraw of some streams. All others go on as if nothing had
// happened.
func (c *Control) RedrawOnly(streams func(Key) bool, n uint64, keep bool) {
	c.only, c.redraw = streams, n
	if !keep {
		c.given = nil
	}
}

// anew reports whether a stream has begun anew.
func (c *Control) anew(s *Stream) bool { return c.redraw != 0 && (c.only == nil || c.only(s.key)) }

// Choices lists the decisions that were noted, in the order in which they were
// taken. The caller must not change it while the run goes on.
func (c *Control) Choices() []Choice { return c.choices }

// Matched is how many of the given choices were taken again.
func (c *Control) Matched() int { return c.matched }

// With gives the same source under a control; nil takes it away.
func (s Source) With(c *Control) Source {
	s.control = c
	return s
}

// steer puts a new stream under the control, if that has to do with it.
func (c *Control) steer(s *Stream) {
	s.noted = c.plan.Notes != nil && c.plan.Notes(s.key)
	if s.noted || c.plan.Redraws {
		s.control = c
	}
}

// Under control, a method takes a number in three steps. It recalls the recorded
// value, if there is one and it is possible, from lo to hi; else it maps the
// number to a value; and what came of it is noted.

func (s *Stream) steeredUint64() uint64 {
	v, ok := s.recall(math.MinInt64, math.MaxInt64)
	if !ok {
		v = s.note(int64(s.number()))
	}
	return uint64(v)
}

func (s *Stream) steeredBetween(lo, hi int64) int64 {
	v, ok := s.recall(lo, hi)
	if !ok {
		v = s.note(between(s.number(), lo, hi))
	}
	return v
}

func (s *Stream) steeredChance(num, den int64) bool {
	v, ok := s.recall(truth(num >= den), truth(num > 0))
	if !ok {
		v = s.note(truth(int64(below(s.number(), uint64(den))) < num))
	}
	return v == 1
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// recall goes on to the next number and gives the recorded decision there.
func (s *Stream) recall(lo, hi int64) (int64, bool) {
	s.drawn++
	c := s.control
	if !s.fresh() || c.given == nil {
		return 0, false
	}
	v, ok := c.given[place{s.key, s.drawn}]
	if !ok || v < lo || v > hi {
		return 0, false
	}
	c.matched++
	return s.note(v), true
}

// fresh reports whether the number at hand is to be noted: a copy of a stream
// takes numbers once more, which is no decision of its own.
func (s *Stream) fresh() bool {
	return s.noted && s.drawn <= ChoicesPerKey && s.drawn > s.control.noted[s.key]
}

// note keeps a decision, and gives it back.
func (s *Stream) note(v int64) int64 {
	if s.fresh() {
		c := s.control
		c.noted[s.key] = s.drawn
		c.choices = append(c.choices, Choice{s.key, s.drawn, v})
	}
	return v
}

// number is the number at hand, where nothing was recalled.
func (s *Stream) number() uint64 {
	base, c := s.base, s.control
	switch {
	case c.anew(s):
		base = absorb(absorb(base, tagRedraw), c.redraw)
	case c.given != nil && s.fresh():
		base = absorb(base, tagUnmet)
	}
	return mix(base + s.drawn*gamma)
}
