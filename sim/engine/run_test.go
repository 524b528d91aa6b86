package engine

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/fault"
)

// seeds are those that the environment asks for, as in ZKSIM_SEEDS=1-1000, else
// the first few.
func seeds(t *testing.T, few uint64) (from, to uint64) {
	text := os.Getenv("ZKSIM_SEEDS")
	if text == "" {
		return 1, few
	}
	a, b, isRange := strings.Cut(text, "-")
	from, err := strconv.ParseUint(a, 0, 64)
	require.NoError(t, err, "ZKSIM_SEEDS is a seed, or a range as in 1-1000")
	if !isRange {
		return from, from
	}
	to, err = strconv.ParseUint(b, 0, 64)
	require.NoError(t, err, "ZKSIM_SEEDS is a seed, or a range as in 1-1000")
	return from, to
}

// leaderAndOne are the faults that any seed must survive.
func leaderAndOne(t *testing.T) []fault.Statement {
	return []fault.Statement{statement(t, "at 10s kill leader"), statement(t, "at 20s for 15s crash one")}
}

// command is the line that runs a configuration again.
func command(cfg Config) string {
	cfg = cfg.withDefaults()
	line := fmt.Sprintf("zksim run --seed %d --servers %d --clients %d --for %v --profile %s",
		cfg.Seed, cfg.Servers, max(cfg.Clients, 0), cfg.For, cfg.Profile)
	for _, s := range cfg.Faults {
		line += " --fault '" + s.String() + "'"
	}
	return line
}

func TestThousandSeeds(t *testing.T) {
	from, to := seeds(t, 8)
	var sum Counts
	for seed := from; seed <= to; seed++ {
		cfg := Config{Seed: seed, Faults: leaderAndOne(t)}
		r, err := Run(cfg)
		require.NoError(t, err)
		require.Nil(t, r.Violation, "%s", command(cfg))
		require.Equal(t, VerdictOK, r.Verdict)
		sum.Elections += r.Counts.Elections
		sum.Diff, sum.Trunc, sum.Snap = sum.Diff+r.Counts.Diff, sum.Trunc+r.Counts.Trunc, sum.Snap+r.Counts.Snap
		require.Equal(t, uint64(1), r.Counts.Crashes)
	}
	t.Logf("%d seeds ok: %d leaders, %d DIFF, %d TRUNC, %d SNAP", to-from+1, sum.Elections, sum.Diff, sum.Trunc, sum.Snap)
	assert.GreaterOrEqual(t, sum.Elections, 2*(to-from+1))
	assert.Positive(t, sum.Snap)
}

func TestFaultFreeRun(t *testing.T) {
	r, err := Run(Config{Seed: 1})
	require.NoError(t, err)
	require.Nil(t, r.Violation)
	n := r.Counts
	assert.EqualValues(t, 1, n.Elections)
	assert.EqualValues(t, 4, n.Diff)
	assert.Zero(t, n.Crashes+n.Kills+n.Starts+n.Exits+n.Reconnects)
	assert.Greater(t, n.Operations, uint64(4000))
	assert.Greater(t, n.OperationsOK, n.Operations*9/10)
	assert.LessOrEqual(t, n.OperationsUnknown, uint64(10))
	assert.Positive(t, n.Watches)
	assert.Positive(t, n.SessionsExpired)
	assert.Less(t, r.Virtual, 75*time.Second, "the run ends when the deep checks are done and all sessions are closed")
	assert.NotEmpty(t, r.Drawn)
	assert.Equal(t, r.Step, n.Events)
}

func TestEnsemblesOfEverySize(t *testing.T) {
	for servers := 1; servers <= ServersMax; servers++ {
		r, err := Run(Config{Seed: 7, Servers: servers, Clients: 3, For: 10 * time.Second,
			Faults: []fault.Statement{statement(t, "at 5s for 2s crash leader")}})
		require.NoError(t, err)
		assert.Nil(t, r.Violation, "%d servers", servers)
		assert.GreaterOrEqual(t, r.Counts.Elections, uint64(2), "%d servers", servers)
	}
}

func TestRunsAreReproducible(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		cfg := Config{Seed: seed, For: 30 * time.Second, Faults: leaderAndOne(t)}
		a, err := Run(cfg)
		require.NoError(t, err)
		b, err := Run(cfg)
		require.NoError(t, err)
		ca, cb, differ := FirstDifference(a.Checkpoints, b.Checkpoints)
		require.False(t, differ, "%+v %+v", ca, cb)
		assert.Equal(t, a, b)
		cfg.Seed += 100
		c, err := Run(cfg)
		require.NoError(t, err)
		assert.NotEqual(t, a.Hash, c.Hash)
	}
}

func TestPlantedNondeterminismIsLocated(t *testing.T) {
	cfg := Config{Seed: 1, Servers: 3, For: 10 * time.Second, Nondeterminism: true}
	a, err := Run(cfg)
	require.NoError(t, err)
	b, err := Run(cfg)
	require.NoError(t, err)
	ca, cb, differ := FirstDifference(a.Checkpoints, b.Checkpoints)
	require.True(t, differ)
	assert.Equal(t, ca.Step, cb.Step)
	assert.NotEqual(t, ca.Hash, cb.Hash)
	assert.InDelta(t, int64(5*time.Second), int64(ca.At), float64(200*time.Millisecond), "the leak is at half time")
}

func TestFaultsTakeEffect(t *testing.T) {
	r, err := Run(Config{Seed: 5, Servers: 3, Clients: 2, For: 40 * time.Second, Faults: []fault.Statement{
		statement(t, "at 0s kill leader"), // nobody leads yet
		statement(t, "at 10s kill zk1,zk2"), statement(t, "at 15s start zk2"), statement(t, "at 15s start zk3"),
		statement(t, "at 30s for 1s crash zk3 keep-all"),
	}})
	require.NoError(t, err)
	assert.Nil(t, r.Violation)
	assert.EqualValues(t, 1, r.Counts.FaultsOnNobody)
	assert.EqualValues(t, 2, r.Counts.Kills)
	assert.EqualValues(t, 1, r.Counts.Crashes)
	assert.EqualValues(t, 3, r.Counts.Starts, "zk2, zk3 after its crash, and zk1 at the end")
}

// BenchmarkRun is a fault-free run of the default size: its budget is 120 ms of
// one core and 100 MB.
func BenchmarkRun(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		if r, err := Run(Config{Seed: 1}); err != nil || r.Verdict != VerdictOK {
			b.Fatal(err, r)
		}
	}
}
