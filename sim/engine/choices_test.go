package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/sim/rng"
)

// small is a short run of a drawn seed with faults of its own.
func small(t *rapid.T) Config {
	return Config{Seed: rapid.Uint64().Draw(t, "seed"), Servers: 3, Clients: 1, For: 5 * time.Second, Profile: ProfileSwarm}
}

func ran(t require.TestingT, cfg Config) *Report {
	r, err := Run(cfg)
	require.NoError(t, err)
	return r
}

// again is the configuration that repeats a run from its report.
func again(r *Report) Config {
	cfg := r.Config
	cfg.Schedule, cfg.Choices = r.Schedule, r.Choices
	return cfg
}

// All choices give the same run, and those that were taken are all there are. They
// carry its decisions to another seed, too: what is drawn anew there is delays and
// operations.
func TestChoicesGiveTheSameRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := ran(t, small(t))
		second := ran(t, again(first))
		require.Equal(t, first.Hash, second.Hash)
		require.Equal(t, first.Choices, second.Choices)
		require.Equal(t, len(first.Choices), second.Matched)
		require.Equal(t, first.Events, second.Events)

		elsewhere := again(first)
		elsewhere.Seed++
		third := ran(t, elsewhere)
		require.Equal(t, first.Drawn, third.Drawn, "the parameters are choices")
		require.NotEqual(t, first.Hash, third.Hash)
		require.Positive(t, third.Matched)
	})
}

// Whichever choices are missing, the run goes on, is always the same, and counts
// those that it met.
func TestSomeChoices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := ran(t, small(t))
		cfg := again(first)
		cfg.Choices = []rng.Choice{}
		for _, c := range first.Choices {
			if rapid.IntRange(0, 3).Draw(t, "keep") > 0 {
				cfg.Choices = append(cfg.Choices, c)
			}
		}
		second, third := ran(t, cfg), ran(t, cfg)
		require.Equal(t, second.Hash, third.Hash)
		require.LessOrEqual(t, second.Matched, len(cfg.Choices))
		require.Positive(t, second.Matched+len(first.Choices)-len(cfg.Choices))
	})
}

// A redraw leaves alone what was before it, to the event, and every number draws
// another end.
func TestRedrawKeepsThePrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := small(t)
		first := ran(t, cfg)
		step := rapid.Uint64Range(0, uint64(len(first.Events))*9/10).Draw(t, "step")
		ends := map[uint64]bool{first.Hash: true}
		if step > 0 && rapid.Bool().Draw(t, "with choices") {
			cfg = again(first)
		}
		for draw := uint64(1); draw <= 2; draw++ {
			cfg.Redraw = Redraw{Step: step, Draw: draw}
			r := ran(t, cfg)
			require.True(t, r.Redrawn)
			require.Equal(t, first.Events[:step], r.Events[:step])
			require.Equal(t, upTo(first.Checkpoints, step), upTo(r.Checkpoints, step))
			ends[r.Hash] = true
		}
		require.Len(t, ends, 3)
	})
}

func upTo(marks []Checkpoint, step uint64) []Checkpoint {
	n := 0
	for n < len(marks) && marks[n].Step <= step {
		n++
	}
	return marks[:n]
}

// From the start, everything is drawn anew, the parameters and the schedule too.
func TestRedrawFromTheStart(t *testing.T) {
	cfg := Config{Seed: 3, Servers: 3, Clients: 1, For: 10 * time.Second, Profile: ProfileSwarm}
	first := ran(t, cfg)
	cfg.Redraw.Draw = 1
	other := ran(t, cfg)
	assert.NotEqual(t, first.Drawn, other.Drawn)
	assert.NotEqual(t, fmt.Sprint(first.Schedule), fmt.Sprint(other.Schedule))
	assert.True(t, other.Redrawn)
}

// A run that was redrawn can be repeated from its report, and nothing is redrawn
// in one that ends before.
func TestRedrawnRunIsRepeated(t *testing.T) {
	cfg := Config{Seed: 5, Servers: 3, Clients: 2, For: 15 * time.Second, Profile: ProfileSwarm}
	first := ran(t, cfg)
	cfg.Redraw = Redraw{Step: uint64(len(first.Events)) / 2, Draw: 9}
	end := ran(t, cfg)
	same := again(end)
	same.Redraw.Recorded = true
	repeated := ran(t, same)
	assert.Equal(t, end.Hash, repeated.Hash)
	assert.Equal(t, len(end.Choices), repeated.Matched)

	cfg.Redraw.Step = 1 << 40
	late := ran(t, cfg)
	assert.Equal(t, first.Hash, late.Hash)
	assert.False(t, late.Redrawn)
}

// Where delays alone are drawn anew, faults hit whom they hit; where choices alone
// are, the run goes on as it was until one is met. Either end can be repeated.
func TestRedrawOfSomeDraws(t *testing.T) {
	cfg := Config{Seed: 5, Servers: 3, Clients: 2, For: 15 * time.Second, Profile: ProfileSwarm}
	first := ran(t, cfg)
	hashes := map[uint64]bool{first.Hash: true}
	for _, only := range []Draws{DrawsAll, DrawsChoices, DrawsDelays} {
		cfg := again(first)
		cfg.Redraw = Redraw{Step: uint64(len(first.Events)) / 4, Draw: 9, Only: only}
		end := ran(t, cfg)
		require.True(t, end.Redrawn)
		require.Equal(t, first.Events[:cfg.Redraw.Step], end.Events[:cfg.Redraw.Step])
		hashes[end.Hash] = true
		same := again(end)
		same.Redraw.Recorded = true
		require.Equal(t, end.Hash, ran(t, same).Hash, only)
		switch only {
		case DrawsDelays:
			assert.Greater(t, end.Matched, len(first.Choices)/2)
		case DrawsChoices:
			assert.Equal(t, first.Events[cfg.Redraw.Step], end.Events[cfg.Redraw.Step], "no choice is met at once")
		}
	}
	assert.Len(t, hashes, 4)
	cfg.Redraw = Redraw{Draw: 1, Only: "luck"}
	_, err := Run(cfg)
	assert.EqualError(t, err, `there are no draws "luck" in this version: say choices or delays, or nothing for all`)
}

// Few enough to be read: a swarm of ordinary length has some hundred choices, and
// they name what faults did.
func TestChoicesAreFew(t *testing.T) {
	purposes := map[rng.Purpose]int{}
	for seed := range uint64(3) {
		r := ran(t, Config{Seed: seed, Profile: ProfileSwarm})
		assert.Less(t, len(r.Choices), 1000)
		assert.Greater(t, len(r.Choices), 50)
		for _, c := range r.Choices {
			purposes[c.Purpose]++
		}
	}
	for _, p := range []rng.Purpose{rng.PurposeConfig, rng.PurposeFault, rng.PurposeNode, rng.PurposeClient} {
		assert.NotZero(t, purposes[p], p)
	}
	for _, p := range []rng.Purpose{rng.PurposeLink, rng.PurposeDisk, rng.PurposeStage, rng.PurposeTimer, rng.PurposeWorkload} {
		assert.Zero(t, purposes[p], p)
	}
}
