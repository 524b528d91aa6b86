package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// Each planted bug is found by a story that a person can tell, before anything
// is lost, and the same run without it is ok.
//
//   - A follower dies, the leader dies after it, and the follower comes back to a
//     new leader that has more: what DIFF brings must be on its disk before it
//     says so.
//   - A leader's host loses power with transactions that nobody else has on its
//     disk, and comes back to a new leader that goes on elsewhere: they must be
//     cut off.
func TestEachPlantedBugIsFound(t *testing.T) {
	late := []string{"at 10s for 1s kill zk2", "at 10500ms for 5s kill leader"}
	alone := []string{"at 10s for 500ms net leader -> followers blackhole", "at 10400ms for 11500ms crash leader keep-all"}
	for slug, story := range map[string]struct {
		faults []string
		want   proto.Property
	}{
		"epoch-before-log":             {late, proto.AckOrder},
		"ack-newleader-before-fsync/a": {late, proto.AckOrder},
		"ack-newleader-before-fsync/b": {late, proto.AckOrder},
		"diff-without-trunc":           {alone, proto.PrefixConsistency},
	} {
		t.Run(slug, func(t *testing.T) {
			cfg := Config{Seed: 1, For: 25 * time.Second}
			for _, text := range story.faults {
				cfg.Faults = append(cfg.Faults, statement(t, text))
			}
			r, err := Run(cfg)
			require.NoError(t, err)
			require.Nil(t, r.Violation)
			require.NoError(t, node.ParseBug(slug, &cfg.Bugs))
			r, err = Run(cfg)
			require.NoError(t, err)
			require.NotNil(t, r.Violation)
			assert.Equal(t, story.want, r.Violation.Property, "%v", r.Violation)
		})
	}
}
