package linearizability

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

// TestWindows: porcupine explains drawn parts of right histories, with and
// without what was committed, and not a part of which an answer was spoilt after
// the replay had passed.
func TestWindows(t *testing.T) {
	caught := 0
	for seed := range uint64(60) {
		s := newService(seed, serviceConfig{clients: 6, calls: 400, lose: 2, expire: 20, plainReads: true, values: true,
			paths: []string{"/a", "/b", "/a/x", "/b/y"}})
		s.run()
		opt := &Options{Windows: 3}
		if seed%2 == 0 {
			opt.Committed = s.txns
		}
		r, res := replayed(s.h, opt)
		if opt.Committed == nil && res.Verdict == VerdictUnknown {
			continue
		}
		require.Equal(t, VerdictOK, res.Verdict, "seed %d: %v %v", seed, res.Violation, res.Notes)
		require.Len(t, r.windows, 3)
		require.Nil(t, r.checkWindows(), "seed %d", seed)

		for i := range s.h.Ops {
			if o := &s.h.Ops[i]; o.Op.Type == proto.OpSetData && o.Outcome == OK && o.Replied() {
				o.Result.Stat.Version += 3
			}
		}
		if v := r.checkWindows(); v != nil {
			assert.Equal(t, proto.LinearizableWrites, v.Property)
			caught++
		}
	}
	assert.Greater(t, caught, 45)
}
