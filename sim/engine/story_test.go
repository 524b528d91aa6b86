package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

func TestStoryKeepsTheLastFacts(t *testing.T) {
	var s story
	for i := range storyKept + 10 {
		s.add(Fact{Step: uint64(i)})
	}
	told := s.told()
	require.Len(t, told, storyKept)
	for i, f := range told {
		require.EqualValues(t, i+10, f.Step)
	}
}

func TestServerSet(t *testing.T) {
	var s ServerSet
	s.Add(3)
	s.Add(1)
	assert.Equal(t, []proto.ServerID{1, 3}, s.IDs())
	assert.Empty(t, ServerSet(0).IDs())
}

func kinds(facts []Fact) map[FactKind]int {
	n := map[FactKind]int{}
	for _, f := range facts {
		n[f.Kind]++
	}
	return n
}

func TestStoryOfARun(t *testing.T) {
	r, err := Run(Config{Seed: 3, Servers: 3, Clients: 2, For: 30 * time.Second, Faults: leaderAndOne(t)})
	require.NoError(t, err)
	n := kinds(r.Story)
	assert.EqualValues(t, r.Counts.Elections, n[FactLeader])
	assert.Equal(t, 2, n[FactFault])
	assert.Equal(t, 1, n[FactHeal])
	assert.Positive(t, n[FactServing])
	for i := 1; i < len(r.Story); i++ {
		assert.LessOrEqual(t, r.Story[i-1].Step, r.Story[i].Step)
	}
	require.Len(t, r.Servers, 3)
	for _, s := range r.Servers {
		assert.Equal(t, "up", s.Process)
		assert.True(t, s.Serving)
		assert.Equal(t, r.Servers[0].History, s.History)
	}
	assert.EqualValues(t, r.Counts.Operations, len(r.History.Ops))
	assert.False(t, r.Stopped)
}

// A run that is stopped is the beginning of the whole run.
func TestUntilStopsTheRun(t *testing.T) {
	cfg := Config{Seed: 3, Servers: 3, Clients: 2, For: 20 * time.Second}
	whole, err := Run(cfg)
	require.NoError(t, err)
	mark := whole.Checkpoints[len(whole.Checkpoints)/2]
	for _, until := range []Moment{{Step: mark.Step}, {At: mark.At}} {
		cfg.Until = until
		r, err := Run(cfg)
		require.NoError(t, err)
		assert.True(t, r.Stopped)
		assert.Equal(t, mark.At, r.Virtual)
		if until.Step > 0 {
			assert.Equal(t, mark.Step, r.Step)
			assert.Equal(t, mark.Hash, r.Hash)
		}
	}
	cfg.Until = Moment{Step: whole.Step + 1}
	r, err := Run(cfg)
	require.NoError(t, err)
	assert.False(t, r.Stopped, "the run was over before")
}
