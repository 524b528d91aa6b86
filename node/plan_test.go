package node

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// reign is one epoch of a random past: its leader began with a part of an
// earlier epoch's history, and made so many transactions. A history is a reign
// and how much of it a server has, so two histories agree as far as the rules of
// broadcast make them agree, and no further.
type reign struct {
	epoch  proto.Epoch
	before []proto.Zxid // the leader's initial history
	count  int
}

func (r reign) history(count int) []proto.Zxid {
	h := slices.Clone(r.before)
	for i := range count {
		h = append(h, proto.MakeZxid(r.epoch, uint32(i+1)))
	}
	return h
}

func drawPast(t *rapid.T) []reign {
	past := []reign{{epoch: 1, count: rapid.IntRange(0, 6).Draw(t, "count")}}
	for len(past) < rapid.IntRange(1, 5).Draw(t, "epochs") {
		past = append(past, reign{
			epoch:  past[len(past)-1].epoch + proto.Epoch(rapid.IntRange(1, 2).Draw(t, "step")),
			before: drawHistory(t, past, "before"),
			count:  rapid.IntRange(0, 6).Draw(t, "count"),
		})
	}
	return past
}

func drawHistory(t *rapid.T, past []reign, label string) []proto.Zxid {
	r := rapid.SampledFrom(past).Draw(t, label)
	return r.history(rapid.IntRange(0, r.count).Draw(t, label+" length"))
}

// cacheOf is the committed log of a leader that keeps limit transactions.
func cacheOf(h []proto.Zxid, limit int) *committedLog {
	c := new(committedLog)
	c.reset(0, limit)
	for _, z := range h {
		c.add(store.Record{Zxid: z})
	}
	return c
}

// follow does to a learner's history what the plan says. A learner that must cut
// at a transaction that it does not have cannot follow.
func follow(c *committedLog, leader, learner []proto.Zxid, s syncPlan) ([]proto.Zxid, error) {
	switch s.kind {
	case SyncSnap:
		return slices.Clone(leader), nil
	case SyncTrunc:
		at := 0
		if s.zxid != 0 {
			if at = slices.Index(learner, s.zxid) + 1; at == 0 {
				return nil, fmt.Errorf("%v is not there to cut at", s.zxid)
			}
		}
		learner = learner[:at]
	}
	h := slices.Clone(learner)
	for i := s.from; i < c.entries.len(); i++ {
		h = append(h, c.entries.at(i).Zxid)
	}
	return h, nil
}

func end(h []proto.Zxid) proto.Zxid {
	if len(h) == 0 {
		return 0
	}
	return h[len(h)-1]
}

func TestPlanMakesHistoriesEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		past := drawPast(t)
		leader, learner := drawHistory(t, past, "leader"), drawHistory(t, past, "learner")
		c := cacheOf(leader, rapid.IntRange(0, 12).Draw(t, "limit"))
		s := c.plan(end(learner), true)
		got, err := follow(c, leader, learner, s)
		require.NoError(t, err, "%v %v for %v behind %v", s.kind, s.zxid, learner, leader)
		require.True(t, slices.Equal(leader, got), "%v %v made %v of %v, the leader has %v", s.kind, s.zxid, got, learner, leader)
	})
}

// naivePlan decides by looking at both histories whole, which no leader can. It
// says what is possible: DIFF when the learner has a part of the leader's
// history, TRUNC when it shares a transaction of its last epoch.
func naivePlan(c *committedLog, leader, learner []proto.Zxid) SyncKind {
	p := end(learner)
	if p >= c.base && (p == 0 || slices.Contains(leader, p)) {
		return SyncDiff
	}
	for _, z := range slices.Backward(leader) {
		if z >= c.base && z < p && z.Epoch() == p.Epoch() && slices.Contains(learner, z) {
			return SyncTrunc
		}
	}
	return SyncSnap
}

func TestPlanSendsASnapshotOnlyWhenItMust(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		past := drawPast(t)
		leader, learner := drawHistory(t, past, "leader"), drawHistory(t, past, "learner")
		c := cacheOf(leader, rapid.IntRange(0, 12).Draw(t, "limit"))
		s := c.plan(end(learner), true)
		require.Equal(t, naivePlan(c, leader, learner), s.kind, "%v behind %v, cache from %v", learner, leader, c.base)
	})
}

// TestPlanWithoutMembershipIsCaught shows that the first property fails on the
// defect of ZOOKEEPER-1154: a zxid of a dead epoch lies in the leader's range.
func TestPlanWithoutMembershipIsCaught(t *testing.T) {
	dead := reign{epoch: 1, count: 5}
	leader := reign{epoch: 2, before: dead.history(3), count: 2}.history(2)
	c := cacheOf(leader, 500)
	learner := dead.history(5)
	got, err := follow(c, leader, learner, c.plan(end(learner), false))
	require.NoError(t, err)
	assert.NotEqual(t, leader, got)
	got, err = follow(c, leader, learner, c.plan(end(learner), true))
	require.NoError(t, err)
	assert.Equal(t, leader, got)
}

func TestPlanTable(t *testing.T) {
	z := func(e proto.Epoch, c uint32) proto.Zxid { return proto.MakeZxid(e, c) }
	first := reign{epoch: 1, count: 9}
	leader := reign{epoch: 3, before: first.history(4), count: 3}.history(3) // 1.1 to 1.4, 3.1 to 3.3
	for _, c := range []struct {
		name  string
		limit int
		last  proto.Zxid
		want  syncPlan
	}{
		{"an empty learner, everything in memory", 9, 0, syncPlan{SyncDiff, z(3, 3), 0}},
		{"an empty learner, not everything in memory", 6, 0, syncPlan{SyncSnap, z(3, 3), 6}},
		{"equal", 9, z(3, 3), syncPlan{SyncDiff, z(3, 3), 7}},
		{"behind", 9, z(1, 2), syncPlan{SyncDiff, z(3, 3), 2}},
		{"behind, at the very edge of memory", 5, z(1, 2), syncPlan{SyncDiff, z(3, 3), 0}},
		{"behind memory", 4, z(1, 2), syncPlan{SyncSnap, z(3, 3), 4}},
		{"ahead in the leader's last epoch", 9, z(3, 5), syncPlan{SyncTrunc, z(3, 3), 7}},
		{"more of an epoch that ended here", 9, z(1, 6), syncPlan{SyncTrunc, z(1, 4), 4}},
		{"more of an epoch whose end is the edge of memory", 3, z(1, 6), syncPlan{SyncTrunc, z(1, 4), 0}},
		{"an epoch that the leader has nothing of, in its range", 9, z(2, 1), syncPlan{SyncSnap, z(3, 3), 7}},
		{"an epoch that the leader has nothing of, beyond it", 9, z(4, 1), syncPlan{SyncSnap, z(3, 3), 7}},
		{"TRUNC could not be done", 9, zxidNowhere, syncPlan{SyncSnap, z(3, 3), 7}},
	} {
		assert.Equal(t, c.want, cacheOf(leader, c.limit).plan(c.last, true), c.name)
	}
	empty := cacheOf(nil, 9)
	assert.Equal(t, syncPlan{SyncDiff, 0, 0}, empty.plan(0, true))
	assert.Equal(t, SyncSnap, empty.plan(zxidNowhere, true).kind)
	assert.Equal(t, SyncSnap, empty.plan(z(1, 1), true).kind)
}
