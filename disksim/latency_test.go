package disksim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/rng"
)

func TestLatencyStaysInItsRange(t *testing.T) {
	us := time.Microsecond
	ranges := map[store.OpKind]Span{
		store.OpFsync:    {1000 * us, 5000 * us},
		store.OpSyncDir:  {1000 * us, 5000 * us},
		store.OpWrite:    {20 * us, 60 * us},
		store.OpCreate:   {50 * us, 200 * us},
		store.OpRename:   {50 * us, 200 * us},
		store.OpRemove:   {50 * us, 200 * us},
		store.OpTruncate: {50 * us, 200 * us},
		store.OpRecover:  {100 * us, 100 * us},
		store.OpCutLog:   {1100 * us, 5100 * us},
	}
	s := rng.New(1).Stream(rng.Key{Purpose: rng.PurposeDisk})
	for kind, span := range ranges {
		least, most := time.Hour, time.Duration(0)
		for range 500 {
			d := DefaultLatency().Draw(kind, 0, &s)
			least, most = min(least, d), max(most, d)
		}
		slack := (span.Max - span.Min) / 20
		assert.True(t, least >= span.Min && least <= span.Min+slack, "%v: least %v", kind, least)
		assert.True(t, most <= span.Max && most >= span.Max-slack, "%v: most %v", kind, most)
	}
	assert.Equal(t, uint64(9*500), s.Drawn())
	assert.Panics(t, func() { DefaultLatency().Draw(0, 0, &s) })
}

func TestLatencyGrowsWithSize(t *testing.T) {
	s := rng.New(1).Stream(rng.Key{})
	l := DefaultLatency()
	assert.Equal(t, 100*time.Microsecond+time.Second, l.Draw(store.OpRecover, 500_000_000, &s))
	l.Rate = 0
	assert.Equal(t, 100*time.Microsecond, l.Draw(store.OpRecover, 500_000_000, &s))
}
