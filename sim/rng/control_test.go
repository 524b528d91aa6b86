package rng

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// noted and bulk are keys of which a control of these tests notes the first.
func noted(k Key) bool { return k.Purpose == PurposeClient }

func notedKey(host int32) Key { return Key{Host: host, Purpose: PurposeClient} }
func bulkKey(host int32) Key  { return Key{Host: host, Purpose: PurposeLink} }

// call is one draw by some method.
type call struct {
	method    int
	low, high int64
}

func anyCall(t *rapid.T) call {
	a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
	return call{rapid.IntRange(0, 4).Draw(t, "method"), min(a, b), max(a, b)}
}

func (c call) draw(s *Stream) int64 {
	switch c.method {
	case 0:
		return int64(s.Uint64())
	case 1:
		return s.Between(c.low, c.high)
	case 2:
		return s.Below(max(c.high, 1))
	case 3:
		return int64(s.Duration(0, 1000))
	}
	return truth(s.Chance(c.low%20, (c.high%10+10)%10+1))
}

// A control that only notes changes no draw, and notes exactly what was drawn.
func TestNotingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := New(rapid.Uint64().Draw(t, "seed"))
		c := NewControl(Plan{Notes: noted})
		calls := rapid.SliceOfN(rapid.Custom(anyCall), 0, 2*ChoicesPerKey).Draw(t, "calls")
		for _, key := range []Key{notedKey(1), bulkKey(1), notedKey(2)} {
			plain, steered := src.Stream(key), src.With(c).Stream(key)
			var want []Choice
			for i, call := range calls {
				v := call.draw(&plain)
				require.Equal(t, v, call.draw(&steered))
				if noted(key) && i < ChoicesPerKey {
					want = append(want, Choice{key, uint64(i) + 1, v})
				}
			}
			all := c.Choices()
			require.Equal(t, want, append([]Choice(nil), all[len(all)-len(want):]...))
		}
		require.Zero(t, c.Matched())
	})
}

// What was noted is taken again, also from another seed; what is beyond the bound
// is drawn as ever.
func TestChoicesAreTakenAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		calls := rapid.SliceOfN(rapid.Custom(anyCall), 1, 2*ChoicesPerKey).Draw(t, "calls")
		first := NewControl(Plan{Notes: noted})
		s := New(seed).With(first).Stream(notedKey(1))
		var values []int64
		for _, call := range calls {
			values = append(values, call.draw(&s))
		}
		again := NewControl(Plan{Notes: noted, Choices: first.Choices()})
		same := New(seed).With(again).Stream(notedKey(1))
		elsewhere := NewControl(Plan{Notes: noted, Choices: first.Choices()})
		other := New(seed ^ 1).With(elsewhere).Stream(notedKey(1))
		for i, call := range calls {
			require.Equal(t, values[i], call.draw(&same))
			if v := call.draw(&other); i < ChoicesPerKey {
				require.Equal(t, values[i], v)
			}
		}
		require.Equal(t, min(len(calls), ChoicesPerKey), again.Matched())
		require.Equal(t, first.Choices(), again.Choices())
		require.Equal(t, first.Choices(), elsewhere.Choices())
	})
}

// A choice that is impossible now, or is missing, is drawn: differently from the
// recorded run, and always the same.
func TestUnmetChoices(t *testing.T) {
	given := []Choice{{notedKey(1), 1, 700}, {notedKey(1), 3, 5}, {notedKey(1), 4, 1}, {notedKey(1), 5, 1}, {notedKey(9), 1, 5}}
	draw := func() ([]int64, *Control) {
		c := NewControl(Plan{Notes: noted, Choices: given})
		s := New(4).With(c).Stream(notedKey(1))
		return []int64{s.Below(1 << 40), s.Below(1 << 40), s.Between(6, 1<<40), truth(s.Chance(0, 3)), truth(s.Chance(1, 1<<40))}, c
	}
	plain := New(4).Stream(notedKey(1))
	first, second, third := plain.Below(1<<40), plain.Below(1<<40), plain.Between(6, 1<<40)
	values, c := draw()
	assert.Equal(t, int64(700), values[0])
	assert.NotEqual(t, first, values[0])
	assert.NotEqual(t, second, values[1], "missing")
	assert.NotEqual(t, third, values[2], "below what is possible")
	assert.Equal(t, []int64{0, 1}, values[3:], "never true; true as recorded")
	assert.Equal(t, 2, c.Matched())
	assert.Len(t, c.Choices(), 5)
	again, _ := draw()
	assert.Equal(t, values, again)
}

func TestOfTwoChoicesTheFirstCounts(t *testing.T) {
	c := NewControl(Plan{Notes: noted, Choices: []Choice{{notedKey(1), 1, 3}, {notedKey(1), 1, 4}}})
	s := New(1).With(c).Stream(notedKey(1))
	assert.Equal(t, int64(3), s.Below(10))
}

// No choices at all is not the same as none of them being met.
func TestEmptyChoicesAreChoices(t *testing.T) {
	plain := New(1).Stream(notedKey(1))
	none := New(1).With(NewControl(Plan{Notes: noted, Choices: []Choice{}})).Stream(notedKey(1))
	absent := New(1).With(NewControl(Plan{Notes: noted})).Stream(notedKey(1))
	v := plain.Uint64()
	assert.NotEqual(t, v, none.Uint64())
	assert.Equal(t, v, absent.Uint64())
}

// A fork goes on with the same numbers, and what it repeats is noted once.
func TestForkUnderControl(t *testing.T) {
	c := NewControl(Plan{Notes: noted})
	s := New(9).With(c).Stream(notedKey(1))
	s.Below(100)
	fork := s
	assert.Equal(t, s.Below(100), fork.Below(100))
	assert.Len(t, c.Choices(), 2)
	fork.Below(100)
	assert.Len(t, c.Choices(), 3)

	again := NewControl(Plan{Notes: noted, Choices: c.Choices()})
	s = New(9).With(again).Stream(notedKey(1))
	s.Below(100)
	fork = s
	assert.Equal(t, s.Below(100), fork.Below(100))
	assert.Equal(t, 2, again.Matched())
}

// Up to the redraw nothing is different, after it everything is, in its own way
// for each number and the same way each time.
func TestRedraw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := New(rapid.Uint64().Draw(t, "seed"))
		before := rapid.IntRange(0, 40).Draw(t, "before")
		for _, key := range []Key{notedKey(3), bulkKey(3)} {
			ends := map[uint64]uint64{}
			plain := src.Stream(key)
			for n := range uint64(4) { // 0: none
				c := NewControl(Plan{Notes: noted, Redraws: n > 0})
				s, twin := src.With(c).Stream(key), src.With(NewControl(Plan{Redraws: n > 0})).Stream(key)
				p := plain
				for range before {
					v := p.Uint64()
					require.Equal(t, v, s.Uint64())
					require.Equal(t, v, twin.Uint64())
				}
				if n > 0 {
					c.Redraw(n, false)
					twin.control.Redraw(n, false)
				}
				v := s.Uint64()
				require.Equal(t, v, twin.Uint64(), "whether it is noted does not matter")
				_, met := ends[v]
				require.False(t, met)
				ends[v] = n
				require.Equal(t, uint64(before)+1, s.Drawn())
			}
		}
	})
}

// A redraw forgets the choices that were given, unless they are of a run that was
// redrawn, too.
func TestRedrawAndChoices(t *testing.T) {
	first := NewControl(Plan{Notes: noted, Redraws: true})
	draw := func(c *Control, keep bool) (values [4]uint64) {
		s := New(5).With(c).Stream(notedKey(1))
		for i := range values {
			if i == 2 {
				c.Redraw(1, keep)
			}
			values[i] = s.Uint64()
		}
		return values
	}
	want := draw(first, false)
	again := NewControl(Plan{Notes: noted, Choices: first.Choices(), Redraws: true})
	assert.Equal(t, want, draw(again, true))
	assert.Equal(t, 4, again.Matched())
	again = NewControl(Plan{Notes: noted, Choices: first.Choices(), Redraws: true})
	assert.Equal(t, want, draw(again, false))
	assert.Equal(t, 2, again.Matched())
}

// A redraw of one part leaves the streams of the other as they were.
func TestRedrawOfAPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := New(rapid.Uint64().Draw(t, "seed"))
		before := rapid.IntRange(0, 40).Draw(t, "before")
		others := func(k Key) bool { return !noted(k) }
		for _, part := range []func(Key) bool{nil, noted, others} {
			c, all := NewControl(Plan{Notes: noted, Redraws: true}), NewControl(Plan{Notes: noted, Redraws: true})
			for _, key := range []Key{notedKey(3), bulkKey(3)} {
				anew := part == nil || part(key)
				plain, s, whole := src.Stream(key), src.With(c).Stream(key), src.With(all).Stream(key)
				c.RedrawOnly(nil, 0, true)
				all.Redraw(0, true)
				for range before {
					plain.Uint64()
					s.Uint64()
					whole.Uint64()
				}
				c.RedrawOnly(part, 7, false)
				all.Redraw(7, false)
				p, v, w := plain.Uint64(), s.Uint64(), whole.Uint64()
				require.Equal(t, anew, v != p)
				require.Equal(t, anew, v == w, "what is drawn anew is what a redraw of all draws")
			}
		}
	})
}

func TestRedrawsAreEven(t *testing.T) {
	var low, high [16]int64
	for n := range uint64(16_000) {
		c := NewControl(Plan{Redraws: true})
		s := New(1).With(c).Stream(bulkKey(1))
		c.Redraw(n+1, false)
		v := s.Uint64()
		low[v&15]++
		high[v>>60]++
	}
	assert.Less(t, chiSquare(&low), int64(chiSquareMax))
	assert.Less(t, chiSquare(&high), int64(chiSquareMax))
}

func TestBulkCostsNothing(t *testing.T) {
	src := New(1).With(NewControl(Plan{Notes: noted}))
	s := src.Stream(bulkKey(1))
	assert.Nil(t, s.control, "no look at the control per draw")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		s := src.Stream(bulkKey(1))
		s.Below(10)
		s.Chance(1, 2)
	}))
}

func TestBadRangesPanicUnderControl(t *testing.T) {
	s := New(1).With(NewControl(Plan{Notes: noted})).Stream(notedKey(1))
	assert.Panics(t, func() { s.Below(0) })
	assert.Panics(t, func() { s.Between(1, 0) })
	assert.Panics(t, func() { s.Chance(1, 0) })
	assert.Zero(t, s.Drawn())
}

func TestPurposesHaveNames(t *testing.T) {
	for p := PurposeConfig; p <= PurposeNet; p++ {
		back, ok := ParsePurpose(p.String())
		assert.True(t, ok)
		assert.Equal(t, p, back)
	}
	for _, bad := range []string{"", "Config", "weather", "Purpose(0)"} {
		_, ok := ParsePurpose(bad)
		assert.False(t, ok, bad)
	}
	assert.Equal(t, "Purpose(0)", Purpose(0).String())
	assert.Equal(t, "Purpose(65535)", Purpose(math.MaxUint16).String())
}

func BenchmarkNoted(b *testing.B) {
	for b.Loop() {
		s := New(1).With(NewControl(Plan{Notes: noted})).Stream(notedKey(1))
		for range ChoicesPerKey {
			s.Below(1000)
		}
	}
}
