package sim

import (
	"testing"

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
		if !assert.Nil(t, r.Violation, "seed %d", seed) {
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
