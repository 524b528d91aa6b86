package vtime

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestZeroClock(t *testing.T) {
	var c Clock
	assert.Zero(t, c.Now())
	assert.Zero(t, c.Len())
	_, ok := c.Next()
	assert.False(t, ok)
	_, ok = c.Peek()
	assert.False(t, ok)
}

func TestSeqBreaksTies(t *testing.T) {
	var c Clock
	for i := range int64(5) {
		assert.Equal(t, uint64(i+1), c.Schedule(7*time.Second, Event{A: i}))
	}
	c.Schedule(time.Second, Event{A: 9})
	ev, _ := c.Next()
	require.Equal(t, int64(9), ev.A)
	c.Schedule(7*time.Second, Event{A: 5}) // seen from another now, yet last in its instant
	for i := range int64(6) {
		ev, ok := c.Next()
		require.True(t, ok)
		assert.Equal(t, i, ev.A)
		assert.Equal(t, 7*time.Second, c.Now())
	}
}

func TestThePastPanics(t *testing.T) {
	var c Clock
	c.Schedule(10, Event{})
	c.Next()
	assert.NotPanics(t, func() { c.Schedule(10, Event{}) })
	assert.Panics(t, func() { c.Schedule(9, Event{}) })
	assert.Panics(t, func() { new(Clock).Schedule(-1, Event{}) })
}

func TestTheEndOfTime(t *testing.T) {
	var c Clock
	c.Schedule(math.MaxInt64, Event{A: 2})
	c.Schedule(math.MaxInt64-1, Event{A: 1})
	c.Schedule(0, Event{A: 0})
	for want := range int64(3) {
		ev, _ := c.Next()
		assert.Equal(t, want, ev.A)
	}
}

// slowQueue is the plainly right queue: a slice, sorted before every look.
type slowQueue []Event

func (q *slowQueue) next() (Event, bool) {
	if len(*q) == 0 {
		return Event{}, false
	}
	slices.SortFunc(*q, func(a, b Event) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Seq, b.Seq)) })
	ev := (*q)[0]
	*q = (*q)[1:]
	return ev, true
}

func TestOrderAgainstSortedSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Clock
		var ref slowQueue
		delay := rapid.Custom(func(t *rapid.T) time.Duration {
			scale := rapid.IntRange(0, 50).Draw(t, "scale")
			return time.Duration(rapid.Int64Range(0, 1<<scale).Draw(t, "delay"))
		})
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "verb") > 0 {
				ev := Event{A: int64(len(ref)), At: c.Now() + delay.Draw(t, "in")}
				ev.Seq = c.Schedule(ev.At, ev)
				ref = append(ref, ev)
				continue
			}
			compareNext(t, &c, &ref)
		}
		for len(ref) > 0 {
			compareNext(t, &c, &ref)
		}
		_, ok := c.Next()
		require.False(t, ok)
	})
}

func compareNext(t *rapid.T, c *Clock, ref *slowQueue) {
	require.Equal(t, len(*ref), c.Len())
	want, wantOK := ref.next()
	at, peeked := c.Peek()
	got, ok := c.Next()
	require.Equal(t, wantOK, peeked)
	require.Equal(t, wantOK, ok)
	require.Equal(t, want, got)
	if ok {
		require.Equal(t, want.At, at)
		require.Equal(t, want.At, c.Now())
	}
}

// delays is a table of drawn delays, so that drawing them is not measured: a mix
// of what a simulation schedules, from microseconds of stages to seconds of timers.
func delays() []time.Duration {
	d := make([]time.Duration, 1<<12)
	x := uint64(88172645463325252)
	for i := range d {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		span := []uint64{20_000, 400_000, 4_000_000, 1_000_000_000}[i%4]
		d[i] = time.Duration(x % span)
	}
	return d
}

func steadyClock(pending int, d []time.Duration) *Clock {
	c := &Clock{}
	for i := range pending {
		c.Schedule(d[i%len(d)], Event{})
	}
	return c
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	d := delays()
	c := steadyClock(1000, d)
	i := 0
	assert.Zero(t, testing.AllocsPerRun(10_000, func() {
		ev, _ := c.Next()
		c.Schedule(ev.At+d[i%len(d)], ev)
		i++
	}))
	assert.Len(t, c.nodes, 1000, "places are used again") // a slow leak would not show as an allocation per event
}

func BenchmarkNextSchedule(b *testing.B) {
	d := delays()
	for _, pending := range []int{100, 1_000, 100_000} {
		b.Run(strconv.Itoa(pending), func(b *testing.B) {
			c := steadyClock(pending, d)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				ev, _ := c.Next()
				c.Schedule(ev.At+d[i%len(d)], ev)
				i++
			}
		})
	}
}
