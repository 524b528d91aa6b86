package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/fault"
)

// Every seed of the swarm ends ok.
func TestSwarm(t *testing.T) {
	from, to := seeds(t, 10)
	var sum Counts
	for seed := from; seed <= to; seed++ {
		r, err := Run(Config{Seed: seed, Profile: ProfileSwarm})
		require.NoError(t, err)
		if !assert.Equal(t, VerdictOK, r.Verdict, "seed %d: %v %v", seed, r.Violation, r.Doubts) {
			for _, s := range r.Schedule {
				t.Log(s.String())
			}
		}
		for class, n := range r.Counts.Faults {
			sum.Faults[class] += n
		}
		sum.CrashesInSync += r.Counts.CrashesInSync
		sum.Trunc += r.Counts.Trunc
		sum.Snap += r.Counts.Snap
		sum.Reconnects += r.Counts.Reconnects
	}
	for class, n := range sum.Faults {
		t.Logf("%-16s %d", fault.Class(class), n)
	}
	t.Logf("%d crashes in sync, %d TRUNC, %d SNAP, %d reconnects", sum.CrashesInSync, sum.Trunc, sum.Snap, sum.Reconnects)
}

// What a seed draws is text: each statement is one that a person may write, and
// the run that is made of it is the same.
func TestADrawnScheduleReplays(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		drawn, err := Run(Config{Seed: seed, For: 30 * time.Second, Profile: ProfileSwarm})
		require.NoError(t, err)
		require.NotEmpty(t, drawn.Schedule)
		again, err := Run(Config{Seed: seed, For: 30 * time.Second, Profile: ProfileSwarm, Schedule: reread(t, drawn.Schedule)})
		require.NoError(t, err)
		assert.Equal(t, drawn.Hash, again.Hash, "seed %d", seed)
		assert.Equal(t, drawn.Schedule, again.Schedule)
	}
}

// reread prints statements and parses them again.
func reread(t *testing.T, list []fault.Statement) []fault.Statement {
	var again []fault.Statement
	for _, s := range list {
		again = append(again, statement(t, s.String()))
	}
	return again
}

func TestDrawnStatementsAreSound(t *testing.T) {
	var seen [fault.NumClasses]int
	for seed := uint64(1); seed <= 300; seed++ {
		c := newCluster(Config{Seed: seed, Profile: ProfileSwarm}.withDefaults())
		for _, s := range c.scheduleOf() {
			require.NoError(t, s.Validate(5, 10), "seed %d: %s", seed, s)
			require.True(t, s.Equal(statement(t, s.String())), "seed %d: %s", seed, s)
			seen[s.Class()]++
		}
	}
	for _, class := range fault.Classes() {
		if class != fault.ClassNoChecksum {
			assert.Positive(t, seen[class], "%v was never drawn", class)
		}
	}
}

// A seed without drawn faults, and an ensemble too small for most of them.
func TestSmallSwarms(t *testing.T) {
	r, err := Run(Config{Seed: 3, Profile: ProfileSwarm, Servers: 1, Clients: 1, For: 20 * time.Second})
	require.NoError(t, err)
	assert.Nil(t, r.Violation)
	r, err = Run(Config{Seed: 3, Profile: ProfileSwarm, For: 10 * time.Second, Schedule: []fault.Statement{}})
	require.NoError(t, err)
	assert.Nil(t, r.Violation)
	assert.Empty(t, r.Schedule)
	assert.Zero(t, r.Counts.Faults)
}

// A majority is healed; of the others every fate is drawn.
func TestFates(t *testing.T) {
	var drawn [numFates]int
	for seed := uint64(1); seed <= 50; seed++ {
		c := newCluster(Config{Seed: seed, Profile: ProfileSwarm}.withDefaults())
		c.faults.drawFates()
		assert.GreaterOrEqual(t, len(c.healed()), 3)
		for _, s := range c.servers {
			drawn[s.fate]++
		}
	}
	for f, n := range drawn {
		assert.Positive(t, n, "fate %d", f)
	}
	calm := newCluster(Config{Seed: 1}.withDefaults())
	calm.faults.drawFates()
	assert.Len(t, calm.healed(), 5)
}
