package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/vtime"
)

// Silence is counted by the leader's own clock, from the last sign of life.
func TestASessionIsGivenUpOnlyAfterItsTimeout(t *testing.T) {
	for _, c := range []struct {
		silence time.Duration
		drift   int64
		ok      bool
	}{{6 * time.Second, 0, true}, {5999 * time.Millisecond, 0, false}, {4 * time.Second, 500_000, true}, {6 * time.Second, -100_000, false}} {
		cl := newCluster(Config{Clients: NoClients}.withDefaults())
		s := cl.servers[0]
		s.clock.turn(0, c.drift)
		s.expiry.heard(s, &node.Note{Session: 7, Timeout: 6 * time.Second})
		cl.clock.Schedule(c.silence, vtime.Event{})
		cl.clock.Next()
		v := s.expiry.expired(s, 7)
		assert.Equal(t, c.ok, v == nil, "%v with a drift of %d", c.silence, c.drift)
		if v != nil {
			assert.Equal(t, proto.SessionExpiry, v.Property)
		}
	}
}

func TestASessionThatWasNeverHeardOfIsNotGivenUp(t *testing.T) {
	cl := newCluster(Config{Clients: NoClients}.withDefaults())
	v := cl.servers[0].expiry.expired(cl.servers[0], 7)
	require.NotNil(t, v)
	assert.Equal(t, proto.SessionExpiry, v.Property)
}

// What a clean stop still writes is known to the checks of the disks.
func TestCleanStopsAreNoDefects(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		r, err := Run(Config{Seed: seed, For: 30 * time.Second, Faults: []fault.Statement{
			statement(t, "every 700ms stop followers"), statement(t, "every 900ms start all")}})
		require.NoError(t, err)
		assert.Equal(t, VerdictOK, r.Verdict, "seed %d: %v", seed, r.Violation)
	}
}
