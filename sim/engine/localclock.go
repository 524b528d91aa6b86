package engine

import "time"

// million is what drifts are counted in.
const million = 1_000_000

// localClock is the pair of clocks of a server. The monotonic one runs at a rate
// of its own while there is drift, and the wall clock with it; besides, the wall
// clock may jump. The zero value is a pair that goes right.
type localClock struct {
	base, since time.Duration // the monotonic clock showed base at the instant since
	drift       int64         // parts in a million that it gains; at least 1 - million
	offset      time.Duration // of the wall clock
}

// now gives the monotonic clock at an instant, not before the last change.
func (c *localClock) now(at time.Duration) time.Duration {
	d := at - c.since
	if c.drift != 0 {
		d = ratio(d, million+c.drift, million)
	}
	return c.base + d
}

// wall gives the wall clock at an instant, in ms since 1970. Of what a drift has
// gained nothing is left when it ends: then the wall clock is set right.
func (c *localClock) wall(at time.Duration) int64 {
	right := at + c.offset
	if c.drift != 0 {
		right += c.now(at) - c.base - (at - c.since)
	}
	return wallStart + int64(right/time.Millisecond)
}

// when gives the first instant at which the monotonic clock shows local or more.
func (c *localClock) when(local time.Duration) time.Duration {
	d := local - c.base
	if c.drift != 0 {
		d = ratio(d, million, million+c.drift)
		for c.now(c.since+d) < local {
			d++
		}
	}
	return c.since + d
}

// turn changes the rate at an instant; nothing jumps.
func (c *localClock) turn(at time.Duration, drift int64) {
	c.base, c.since, c.drift = c.now(at), at, max(drift, 1-million)
}

// ratio gives d·num/den, rounded down. It does not overflow for spans of a run
// and rates of a clock: num and den are at most a few millions.
func ratio(d time.Duration, num, den int64) time.Duration {
	n := int64(d)
	return time.Duration(n/den*num + n%den*num/den)
}

// setDrift changes the rate of a server's clocks. What its timers still have to
// wait is a span of its own clock.
func (s *server) setDrift(drift int64) {
	now := s.now()
	old := s.clock
	s.clock.turn(now, drift)
	for i := range s.timers {
		t := &s.timers[i]
		if t.due != 0 && t.set(max(now, s.clock.when(old.now(t.due)))) {
			s.awake(i)
		}
	}
}
