package bisect

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/rng"
)

// world says how often a run fails that leaves the recorded one behind a step, of
// 1,000 times.
type world struct {
	seed       uint64
	last       uint64
	keep, calm func(step uint64) int64
	narrow     map[Mode]func(step uint64) int64 // in other modes; else as keep or calm
	distinct   map[Mode]uint64                  // how many different runs there are; else all differ
	settled    uint64                           // nothing is drawn from this step on; 0: always something
	paired     bool                             // one draw decides alike wherever a run leaves
	tried      []Continuation
}

func (w *world) try(generation []Continuation) ([]Trial, error) {
	var trials []Trial
	for _, c := range generation {
		w.tried = append(w.tried, c)
		rate := w.keep
		if c.Calm {
			rate = w.calm
		}
		if narrow := w.narrow[c.Mode]; narrow != nil {
			rate = narrow
		}
		src := rng.New(w.seed).Derive(c.Draw)
		if !w.paired {
			src = src.Derive(c.Step)
		}
		s := src.Stream(rng.Key{})
		trials = append(trials, Trial{s.Chance(rate(c.Step), 1000), c.Draw % max(1, w.distinct[c.Mode])})
		if w.distinct[c.Mode] == 0 {
			trials[len(trials)-1].Hash = c.Draw
		}
		if w.settled > 0 && c.Step >= w.settled {
			trials[len(trials)-1].Hash = w.settled
		}
	}
	return trials, nil
}

func (w *world) find(t require.TestingT, runs int) *Turn {
	turn, err := Moments{Try: w.try, Last: w.last, Runs: runs}.Find()
	require.NoError(t, err)
	require.LessOrEqual(t, turn.Runs, runs)
	require.Len(t, w.tried, turn.Runs)
	tried := map[Continuation]bool{}
	for _, c := range w.tried {
		require.False(t, tried[c], "%+v is tried twice", c)
		tried[c] = true
	}
	return turn
}

// cliff is a rate that jumps at one event.
func cliff(event uint64, low, high int64) func(uint64) int64 {
	return func(step uint64) int64 {
		if step < event {
			return low
		}
		return high
	}
}

// Whatever the event, and however the rates lie within the bounds that decide, it
// is found, also where the chance rises somewhat elsewhere.
func TestTurningEventIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		last := rapid.Uint64Range(1, 300_000).Draw(t, "steps")
		event := rapid.Uint64Range(1, last).Draw(t, "event")
		other := rapid.Uint64Range(0, last).Draw(t, "other")
		low, high := rapid.Int64Range(0, 30).Draw(t, "before"), rapid.Int64Range(970, 1000).Draw(t, "after")
		main := cliff(event, low, high)
		rate := func(step uint64) int64 {
			if step >= other && step < event {
				return low + 30
			}
			return main(step)
		}
		w := &world{seed: rapid.Uint64().Draw(t, "seed"), last: last, keep: rate, calm: rate, paired: rapid.Bool().Draw(t, "paired")}
		turn := w.find(t, 4000) // a mode may take a quarter; noise of 3 in 100 can need more than 500
		require.Equal(t, event, turn.Step)
		require.True(t, turn.Decisive())
		require.True(t, slices.IsSortedFunc(turn.Curve, func(a, b Point) int { return int(int64(a.Step) - int64(b.Step)) }))
	})
}

// A sharp rise costs few runs.
func TestSharpRiseIsCheap(t *testing.T) {
	w := &world{last: 150_000, keep: cliff(111_111, 0, 1000)}
	turn := w.find(t, 1000)
	assert.Equal(t, uint64(111_111), turn.Step)
	assert.Equal(t, Rate{0, 50}, turn.Before)
	assert.Equal(t, Rate{50, 50}, turn.After)
	assert.Less(t, turn.Runs, 380)
}

// Where the faults alone force the failure, the event is sought without those that
// have not begun.
func TestForcedFailureIsSoughtInCalm(t *testing.T) {
	w := &world{last: 100_000, keep: cliff(0, 0, 600), calm: cliff(70_001, 10, 990)}
	turn := w.find(t, 1000)
	assert.True(t, turn.Calm)
	assert.Equal(t, uint64(70_001), turn.Step)
	w = &world{last: 100_000, keep: func(step uint64) int64 { return int64(step / 100) }, calm: cliff(70_001, 10, 990)}
	turn = w.find(t, 1000)
	assert.True(t, turn.Calm, "with all faults no event decides")
	assert.Equal(t, uint64(70_001), turn.Step)
}

// Where it takes a fault at the right place and an unlucky delay, no event turns the
// run as long as both are left to chance; with one of them as it was the other does.
func TestNarrowerQuestionHasAnAnswer(t *testing.T) {
	steps := func(step uint64) int64 {
		switch {
		case step < 20_000:
			return 0
		case step < 50_000:
			return 400
		}
		return 1000
	}
	only := Mode{Calm: true, Only: engine.DrawsChoices}
	w := &world{last: 100_000, keep: steps, calm: steps, narrow: map[Mode]func(uint64) int64{only: cliff(20_000, 0, 990)}}
	turn := w.find(t, 2500)
	assert.Equal(t, only, turn.Mode)
	assert.Equal(t, uint64(20_000), turn.Step)
	assert.True(t, turn.Decisive())
	assert.Empty(t, turn.Others)

	alike := &world{last: w.last, keep: steps, calm: steps, narrow: w.narrow, distinct: map[Mode]uint64{only: 12}}
	turn = alike.find(t, 2500)
	assert.NotEqual(t, only, turn.Mode, "twelve runs, each of them again and again, show nothing")
	assert.False(t, turn.Decisive())
}

// Where no question has an answer, all events with a part in the rise are named.
func TestRiseInStepsIsTold(t *testing.T) {
	steps := func(step uint64) int64 {
		switch {
		case step < 20_000:
			return 10
		case step < 50_000:
			return 450
		}
		return 990
	}
	w := &world{last: 100_000, keep: steps, calm: steps}
	turn := w.find(t, 3000)
	assert.False(t, turn.Decisive())
	require.Len(t, turn.Others, 1)
	assert.ElementsMatch(t, []uint64{20_000, 50_000}, []uint64{turn.Step, turn.Others[0].Step})
}

// What lucky draws confirm, others judge: the answer is theirs.
func TestJudgementIsOfOtherDraws(t *testing.T) {
	w := &world{last: 1000, keep: cliff(500, 0, 600), calm: cliff(500, 0, 600)}
	honest := w.try
	lucky := func(generation []Continuation) ([]Trial, error) {
		trials, err := honest(generation)
		for i, c := range generation {
			trials[i].Failed = trials[i].Failed || c.Step >= 500 && c.Draw < firstJudging
		}
		return trials, err
	}
	turn, err := Moments{Try: lucky, Last: w.last, Runs: 2000}.Find()
	require.NoError(t, err)
	assert.Equal(t, uint64(500), turn.Step)
	assert.Equal(t, judgement, turn.After.Runs)
	assert.False(t, turn.Decisive())
}

// The last event may be the one: after it the run has failed.
func TestLastEventTurns(t *testing.T) {
	w := &world{last: 5000, keep: cliff(5000, 20, 1000)}
	turn := w.find(t, 1000)
	assert.Equal(t, uint64(5000), turn.Step)
	for _, c := range w.tried {
		assert.Less(t, c.Step, w.last, "nothing is left to draw after the end")
	}
	w = &world{last: 1, keep: cliff(1, 0, 1000)}
	assert.Equal(t, uint64(1), w.find(t, 1000).Step)
}

// Nothing decides where the failure comes anyhow, or bit by bit.
func TestNoEventDecides(t *testing.T) {
	anyhow := &world{last: 5000, keep: cliff(0, 0, 900), calm: cliff(0, 0, 900)}
	turn := anyhow.find(t, 1000)
	assert.Zero(t, turn.Step)
	assert.False(t, turn.Decisive())
	assert.Equal(t, uint64(5000), turn.To)
	assert.Less(t, turn.Runs, 60)
	slowly := func(step uint64) int64 { return int64(step / 5) }
	bits := &world{last: 4999, keep: slowly, calm: slowly}
	assert.False(t, bits.find(t, 3000).Decisive())
}

// With too few runs the search says how far it came.
func TestRunsAreBounded(t *testing.T) {
	w := &world{last: 150_000, keep: cliff(111_111, 0, 1000)}
	w.calm = w.keep
	turn := w.find(t, 100)
	assert.Zero(t, turn.Step)
	assert.Less(t, turn.From, uint64(111_111))
	assert.GreaterOrEqual(t, turn.To, uint64(111_111))
	assert.Less(t, turn.To-turn.From, uint64(60_000))
	assert.Zero(t, (&world{last: 5, keep: cliff(3, 0, 1000)}).find(t, 0).Runs)
}

// Fresh draws confirm: those by which the event was found are not among them.
func TestConfirmationIsFresh(t *testing.T) {
	w := &world{last: 1000, keep: cliff(500, 0, 1000)}
	turn := w.find(t, 1000)
	fresh, judging := 0, 0
	for _, c := range w.tried {
		switch {
		case c.Draw >= firstJudging:
			judging++
		case c.Draw >= firstFresh:
			fresh++
		default:
			assert.LessOrEqual(t, c.Draw, uint64(sampleLarge))
			continue
		}
		assert.Contains(t, []uint64{turn.Step - 1, turn.Step}, c.Step)
	}
	assert.Equal(t, 2*confirmation, fresh)
	assert.Equal(t, 2*judgement, judging)
	first, count := JudgedDraws()
	assert.Equal(t, []uint64{firstJudging, judgement}, []uint64{first, uint64(count)})
}

// A sample that deceives, because its draws happen to end alike, is found out by
// the confirmation, and the search goes on.
func TestDeceptiveSampleIsFoundOut(t *testing.T) {
	w := &world{last: 1000, calm: cliff(0, 0, 500)}
	w.keep = cliff(900, 0, 1000)
	honest := w.try
	deceptive := func(generation []Continuation) ([]Trial, error) {
		trials, err := honest(generation)
		for i, c := range generation {
			if c.Step >= 300 && c.Step < 900 && c.Draw < firstFresh {
				trials[i].Failed = true
			}
		}
		return trials, err
	}
	turn, err := Moments{Try: deceptive, Last: w.last, Runs: 3000}.Find()
	require.NoError(t, err)
	assert.False(t, turn.Decisive() && turn.Step == 300)
}

func TestErrorEndsTheSearch(t *testing.T) {
	stop := errors.New("enough")
	n := 0
	turn, err := Moments{Last: 1000, Runs: 1000, Try: func(g []Continuation) ([]Trial, error) {
		if n++; n > 4 {
			return nil, stop
		}
		return make([]Trial, len(g)), nil
	}}.Find()
	require.ErrorIs(t, err, stop)
	assert.Equal(t, 4*sampleSmall, turn.Runs)
	assert.Zero(t, turn.Step)
}

func TestRates(t *testing.T) {
	assert.True(t, Rate{15, 50}.AtMost(3, 10))
	assert.False(t, Rate{16, 50}.AtMost(3, 10))
	assert.True(t, Rate{40, 50}.AtLeast(4, 5))
	assert.False(t, Rate{39, 50}.AtLeast(4, 5))
	assert.Positive(t, rise{1, 2}.compare(rise{1, 3}))
	assert.True(t, Rate{1, 2}.mixed())
	assert.False(t, Rate{2, 2}.mixed())
}
