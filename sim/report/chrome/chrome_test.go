package chrome

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// traced runs a configuration and gives its trace.
func traced(t testing.TB, cfg engine.Config) (string, *engine.Report) {
	r := New(cfg.Servers)
	cfg.Trace = r
	rep, err := engine.Run(cfg)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, r.Write(&out, &report.Run{Report: rep, Wall: time.Second, Build: report.Build{Version: "v1"}}))
	return out.String(), rep
}

// ZKSIM_TRACES is how many runs of the profile swarm have their traces checked,
// seeds from 1: for .ci/run.
func TestTracesOfManySeeds(t *testing.T) {
	n, err := strconv.ParseUint(os.Getenv("ZKSIM_TRACES"), 10, 32)
	if err != nil {
		t.Skip("ZKSIM_TRACES is not set to a number")
	}
	for seed := uint64(1); seed <= n; seed++ {
		text, _ := traced(t, engine.Config{Seed: seed, Servers: 5, Clients: 10, For: 60 * time.Second, Profile: engine.ProfileSwarm})
		problems, err := Lint(strings.NewReader(text))
		require.NoError(t, err)
		require.Empty(t, problems, "seed %d", seed)
		t.Logf("seed %d: %d bytes", seed, len(text))
	}
}

func TestTraceOfARunIsSound(t *testing.T) {
	for _, seed := range []uint64{1, 2} {
		cfg := engine.Config{Seed: seed, Servers: 3, Clients: 3, For: 25 * time.Second, Profile: engine.ProfileSwarm}
		text, rep := traced(t, cfg)
		problems, err := Lint(strings.NewReader(text))
		require.NoError(t, err)
		require.Empty(t, problems)
		assert.Equal(t, len(rep.History.Ops), strings.Count(text, `{"ph":"b"`))
		assert.Greater(t, strings.Count(text, `{"ph":"s"`), 1000)
		for _, part := range []string{`"name":"LEADING BROADCAST"`, `"name":"fault 1"`, `"name":"queues"`, `"name":"PROPOSAL 1.1`,
			`"name":"disk log"`, `"name":"fsync log.`, `"cat":"call"`, `"name":"sender zk`} {
			assert.Contains(t, text, part)
		}
		again, _ := traced(t, cfg)
		assert.True(t, text == again, "equal runs give equal bytes")
	}
}
