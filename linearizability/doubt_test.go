package linearizability

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

// TestEventsInDoubt: where nobody knows what came of lost calls and of sessions
// that went silent, right histories pass, an event that comes twice is found
// whatever its kind, and most that are missing are.
func TestEventsInDoubt(t *testing.T) {
	judged, twice, lost := 0, map[proto.EventType]int{}, 0
	for seed := range uint64(60) {
		s := eventful(seed)
		r, res := replayed(s.h, &Options{Steps: 50_000})
		require.NotEqual(t, VerdictViolated, res.Verdict, "seed %d: %v", seed, res.Violation)
		if res.Verdict != VerdictOK {
			continue
		}
		require.Nil(t, checkEvents(s.h, r, nil), "seed %d\n%s", seed, lazily{s.h})
		doubts := r.doubts(r.triggers.byWatched())
		events := s.h.Events
		for n := range events {
			on := watched{events[n].Path, events[n].Type == proto.EventNodeChildrenChanged}
			if events[n].Kind != WatchFired || len(doubts[on]) == 0 {
				continue
			}
			judged++
			s.h.Events = slices.Insert(slices.Clone(events), n, events[n])
			if v := checkEvents(s.h, r, nil); v != nil {
				assert.Equal(t, proto.WatchOnce, v.Property)
			} else if !afterReconnect(events, n) {
				twice[events[n].Type]++
			}
			s.h.Events = slices.Delete(slices.Clone(events), n, n+1)
			if checkEvents(s.h, r, nil) != nil {
				lost++
			}
		}
	}
	t.Logf("%d events in doubt, lost and found %d", judged, lost)
	assert.Greater(t, judged, 500)
	assert.Empty(t, twice, "accepted twice, by type")
	assert.Greater(t, lost*100, judged*80)
}

// afterReconnect: where two watches on one node are set again, each may tell that
// it is gone.
func afterReconnect(events []Event, n int) bool {
	e := &events[n]
	for _, x := range slices.Backward(events[:n]) {
		if x.Session == e.Session && x.Kind == SessionConnected {
			return x.Xid == e.Xid && e.Type == proto.EventNodeDeleted
		}
	}
	return false
}
