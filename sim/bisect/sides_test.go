package bisect

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// After the event the failure may be on its way, and all runs are one run.
func TestNothingIsLeftToDrawAfterTheEvent(t *testing.T) {
	w := &world{last: 100, keep: cliff(95, 0, 1000), settled: 95}
	w.calm = w.keep
	turn := w.find(t, 2000)
	assert.Equal(t, uint64(95), turn.Step)
	assert.True(t, turn.Decisive())
	assert.Equal(t, Mode{}, turn.Mode)
	assert.Empty(t, turn.Why)
}

// One run before the event, or one that does not always fail after it, shows
// nothing, and more runs show no more.
func TestRunsThatRepeatOneAnotherJudgeNothing(t *testing.T) {
	w := &world{last: 100, keep: cliff(95, 0, 1000), settled: 1}
	w.calm = w.keep
	turn := w.find(t, 2000)
	assert.False(t, turn.Decisive())
	assert.Equal(t, []uint64{0, 94, 95}, []uint64{turn.Step, turn.From, turn.To})
	assert.Equal(t, Alike, turn.Why)
	w = &world{last: 100, keep: cliff(95, 0, 960), settled: 95}
	w.calm = w.keep
	turn = w.find(t, 2000)
	assert.Zero(t, turn.Step)
	assert.Equal(t, Alike, turn.Why)
}

// What differs enough to confirm an event differs enough to judge it.
func TestConfirmationAndJudgementWantTheSame(t *testing.T) {
	for _, distinct := range []uint64{different, 24} {
		w := &world{last: 1000, keep: cliff(500, 0, 990), distinct: map[Mode]uint64{{}: distinct}}
		w.calm = cliff(0, 0, 1000)
		turn := w.find(t, 2000)
		assert.Equal(t, uint64(500), turn.Step)
		assert.True(t, turn.Decisive(), "%d runs that differ", distinct)
		assert.Equal(t, judgement, turn.After.Runs)
		assert.Equal(t, Mode{}, turn.Mode)
	}
}

// judgedAlike are worlds whose runs of the judgement are one run in some modes.
func judgedAlike(w *world, in func(Mode) bool) Try {
	return func(generation []Continuation) ([]Trial, error) {
		trials, err := w.try(generation)
		for i, c := range generation {
			if c.Draw >= firstJudging && in(c.Mode) {
				trials[i].Hash = 1
			}
		}
		return trials, err
	}
}

// Where the judgement is of one run, the next mode has its turn; where there is none,
// the answer says why.
func TestJudgementOfOneRunIsNotTheEnd(t *testing.T) {
	w := &world{last: 1000, keep: cliff(500, 0, 1000), calm: cliff(700, 0, 1000)}
	turn, err := Moments{Last: w.last, Runs: 3000, Try: judgedAlike(w, func(m Mode) bool { return m == Mode{} })}.Find()
	require.NoError(t, err)
	assert.Equal(t, Mode{Calm: true}, turn.Mode)
	assert.Equal(t, uint64(700), turn.Step)
	assert.True(t, turn.Decisive())
	assert.Empty(t, turn.Why)

	w = &world{last: w.last, keep: w.keep, calm: w.calm}
	turn, err = Moments{Last: w.last, Runs: 5000, Try: judgedAlike(w, func(Mode) bool { return true })}.Find()
	require.NoError(t, err)
	assert.Zero(t, turn.Rise)
	assert.Equal(t, Alike, turn.Why)
	assert.Equal(t, uint64(1), turn.To-turn.From)
	assert.Len(t, w.tried, turn.Runs)
	tried := map[Continuation]bool{}
	for _, c := range w.tried {
		assert.False(t, tried[c], "%+v is tried twice", c)
		tried[c] = true
	}
}

// An event that could not be judged leaves no parts of a rise behind.
func TestUnjudgedEventHasNoParts(t *testing.T) {
	steps := func(step uint64) int64 {
		switch {
		case step < 200:
			return 10
		case step < 600:
			return 450
		}
		return 990
	}
	w := &world{last: 1000, keep: steps, calm: steps}
	require.NotEmpty(t, w.find(t, 3000).Others)
	turn, err := Moments{Last: w.last, Runs: 3000, Try: judgedAlike(w, func(Mode) bool { return true })}.Find()
	require.NoError(t, err)
	assert.Zero(t, turn.Step)
	assert.Empty(t, turn.Others)
}

// A search without an event says why.
func TestSearchWithoutAnEventSaysWhy(t *testing.T) {
	sharp := cliff(90_000, 0, 1000)
	assert.Equal(t, UsedUp, (&world{last: 150_000, keep: sharp, calm: sharp}).find(t, 100).Why)
	always := cliff(0, 0, 900)
	assert.Equal(t, Gradual, (&world{last: 150_000, keep: always, calm: always}).find(t, 2000).Why)
}

// Parts decide together where they lead, one behind the other, from a failure that
// is unlikely to one that can hardly be avoided.
func TestPartsJoinUp(t *testing.T) {
	at := func(step uint64, failed, then int) Rise { return Rise{step, Rate{failed, 100}, Rate{then, 100}} }
	for _, c := range []struct {
		parts []Rise
		join  bool
	}{
		{nil, false},
		{[]Rise{at(5, 0, 36), at(9, 36, 100)}, true},
		{[]Rise{at(5, 30, 50), at(9, 68, 80)}, true},
		{[]Rise{at(5, 10, 30), at(9, 40, 62)}, false}, // may well not fail after both
		{[]Rise{at(5, 31, 60), at(9, 60, 100)}, false},
		{[]Rise{at(5, 0, 30), at(9, 50, 100)}, false}, // something else in between
		{[]Rise{at(5, 0, 60), at(9, 10, 100)}, false},
		{[]Rise{at(5, 0, 30), at(7, 30, 60), at(9, 60, 79)}, false},
	} {
		assert.Equal(t, c.join, JoinUp(c.parts), "%v", c.parts)
	}
}
