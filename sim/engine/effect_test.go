package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/fault"
)

// A report tells each time that a statement took effect, on whom: as a statement
// that a run can carry out.
func TestEffectsAreTold(t *testing.T) {
	cfg := Config{Seed: 5, Servers: 5, Clients: 2, For: 30 * time.Second}
	texts := []string{"at 5s for 2s crash one", "at 9s for 1s partition bridge", "at 12s for 1s net one -> minority blackhole",
		"every 10s pause followers:log", "on zk2.NEWLEADER#1 crash zk2", "at 28s for 100ms kill zk3", "at 4s net leader -> all reset"}
	for _, text := range texts {
		cfg.Faults = append(cfg.Faults, statement(t, text))
	}
	r, err := Run(cfg)
	require.NoError(t, err)
	seen := make([]int, len(texts))
	for _, e := range r.Effects {
		seen[e.Statement]++
		s := e.Fault
		assert.Equal(t, e.At, s.At)
		assert.NotZero(t, e.Step)
		assert.Equal(t, fault.WhenAt, s.When)
		assert.False(t, fault.IsGroup(s.Nodes), "%v", s)
		assert.False(t, fault.IsGroup(s.Peers), "%v", s)
		assert.NoError(t, s.Validate(5, 2), "%v", s)
	}
	assert.Equal(t, []int{1, 1, 1, 2, seen[4], 1, 1}, seen)
	first := r.Effects[slices.IndexFunc(r.Effects, func(e Effect) bool { return e.Statement == 0 })].Fault
	assert.Len(t, first.Nodes, 1)
	assert.NotEqual(t, fault.PowerDrawn, first.Power, "what was left is known")
	assert.Equal(t, 2*time.Second, first.For)
}
