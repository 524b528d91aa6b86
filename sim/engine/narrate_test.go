package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/fault"
)

func TestFirstDifferentEvent(t *testing.T) {
	for _, c := range []struct {
		a, b string
		step uint64
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "axc", 2}, {"abc", "ab", 3}, {"", "a", 1}, {"xbc", "abc", 1}} {
		assert.Equal(t, c.step, FirstDifferentEvent([]byte(c.a), []byte(c.b)), "%q %q", c.a, c.b)
		assert.Equal(t, c.step, FirstDifferentEvent([]byte(c.b), []byte(c.a)), "%q %q", c.b, c.a)
	}
}

// after runs until a step and gives the hash there.
func after(t *testing.T, cfg Config, step uint64) uint64 {
	if step == 0 {
		return 0
	}
	cfg.Until = Moment{Step: step}
	return ran(t, cfg).Hash
}

// firstDifference finds the first event in which two runs differ from their bytes,
// demands that it is the one by their whole hashes, and has the second narrate it.
func firstDifference(t *testing.T, a, b Config) Narrated {
	step := FirstDifferentEvent(ran(t, a).Events, ran(t, b).Events)
	require.NotZero(t, step)
	require.Equal(t, after(t, a, step-1), after(t, b, step-1), "equal before it")
	require.NotEqual(t, after(t, a, step), after(t, b, step), "different after it")
	b.Narrate = Steps{step, step}
	told := ran(t, b).Narration
	require.Len(t, told, 1)
	require.Equal(t, step, told[0].Step)
	return told[0]
}

// A kernel that leaks the order of a map is caught in the act.
func TestFirstEventOfALeak(t *testing.T) {
	cfg := Config{Seed: 5, Servers: 3, Clients: 2, For: 6 * time.Second}
	leaky := cfg
	leaky.Nondeterminism = true
	n := firstDifference(t, cfg, leaky)
	assert.Equal(t, "an order is drawn outside of the seed", n.Event)
	assert.Empty(t, n.Host)
}

// Of two versions of the core the first event is named in which one does what the
// other does not.
func TestFirstEventOfAChangedCore(t *testing.T) {
	st, err := fault.Parse("at 3s for 2s crash leader")
	require.NoError(t, err)
	cfg := Config{Seed: 1, Servers: 3, Clients: 2, For: 10 * time.Second, Faults: []fault.Statement{st}}
	bad := cfg
	bad.Bugs = node.Bugs{SyncWithoutQuorum: true}
	n := firstDifference(t, cfg, bad)
	assert.Regexp(t, `^zk[1-3]$`, n.Host)
	assert.NotEmpty(t, n.Event)
}

// Another schedule is first seen where its fault is due.
func TestFirstEventOfAnotherFault(t *testing.T) {
	parse := func(text string) []fault.Statement {
		st, err := fault.Parse(text)
		require.NoError(t, err)
		return []fault.Statement{st}
	}
	cfg := Config{Seed: 1, Servers: 3, Clients: 2, For: 10 * time.Second, Faults: parse("at 3s kill zk1")}
	other := cfg
	other.Faults = parse("at 3s kill zk2")
	n := firstDifference(t, cfg, other)
	assert.Equal(t, `the fault "at 3s kill zk2" is due`, n.Event)
	assert.Equal(t, 3*time.Second, n.At)
	assert.Contains(t, n.String(), "zk2 is down, killed")
	require.Len(t, n.Facts, 1)
	assert.Equal(t, FactFault, n.Facts[0].Kind)
}

// Everything that happens has words, whoever it happens to, and telling it changes
// nothing.
func TestNarration(t *testing.T) {
	cfg := Config{Seed: 2, Servers: 3, Clients: 2, For: 20 * time.Second, Profile: ProfileSwarm}
	plain := ran(t, cfg)
	cfg.Narrate = Steps{1, 1 << 40}
	r := ran(t, cfg)
	require.Equal(t, plain.Hash, r.Hash)
	require.Len(t, r.Narration, min(narratedMax, len(r.Events)))
	said := map[string]bool{}
	for i, n := range r.Narration {
		require.EqualValues(t, i+1, n.Step)
		require.NotEmpty(t, n.Event)
		for _, word := range []string{"sends", "takes", "has done", "calls", "is told", "has its turn", "rings", "is due", "boots", "data"} {
			said[word] = said[word] || strings.Contains(n.String(), word)
		}
	}
	for word, met := range said {
		assert.True(t, met, word)
	}
	assert.Empty(t, plain.Narration)
}

// A step in which the core breaks down is told up to there.
func TestNarrationOfAPanic(t *testing.T) {
	cfg := Config{Seed: 1, Servers: 3, Clients: 1, For: 5 * time.Second}
	whole := ran(t, cfg)
	cfg.Narrate = Steps{1, 1 << 40}
	c := newCluster(cfg.withDefaults())
	c.servers[0].core = nil
	c.newCore = nil // the first boot breaks down
	c.run()
	r := c.report()
	require.Equal(t, VerdictViolated, r.Verdict)
	require.Len(t, r.Narration, int(r.Step))
	assert.Equal(t, "the process boots", r.Narration[r.Step-1].Event)
	assert.Len(t, r.Events, int(r.Step)-1)
	assert.Equal(t, r.Step, FirstDifferentEvent(whole.Events, r.Events))
}

func TestStepsHold(t *testing.T) {
	assert.False(t, Steps{}.holds(0))
	assert.False(t, Steps{}.holds(1))
	assert.True(t, Steps{3, 5}.holds(3))
	assert.True(t, Steps{3, 5}.holds(5))
	assert.False(t, Steps{3, 5}.holds(6))
	assert.False(t, Steps{3, 5}.holds(2))
}
