package node

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// tracking is a server alone with a session tracker, as a leader has it.
func tracking(t require.TestingT, tick time.Duration) (*Node, *sessions) {
	r, err := store.Recover(disksim.New(), 0)
	require.NoError(t, err)
	n := New(Config{ID: 1, Servers: []Server{{ID: 1}}, TickTime: tick,
		MinSessionTimeout: 2 * tick, MaxSessionTimeout: 20 * tick, SessionSecret: []byte("s")}, r)
	n.leader = &leader{}
	n.startSessions()
	return n, &n.leader.sessions
}

// expiry lets time pass by bucket ends until the session is marked, and says when.
func expiry(t require.TestingT, n *Node, id proto.SessionID) time.Duration {
	s := &n.leader.sessions
	for range 30_000 {
		n.now = (n.now/s.width + 1) * s.width
		n.expireSessions()
		if s.byID[id].closing {
			return n.now
		}
	}
	require.Fail(t, "never expires")
	return 0
}

// TestRecordedExpiries: with a tick of 500 ms, sessions of 1000 ms ended 1.1 to
// 1.5 s after the last sign of life, 1250 ms after up to 1.75 s, 2000 ms within 2.5 s.
func TestRecordedExpiries(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct {
		timeout     int32
		heard, ends time.Duration
	}{
		{1000, 0, 1500 * ms}, {1000, 1 * ms, 1500 * ms}, {1000, 400 * ms, 1500 * ms}, {1000, 499 * ms, 1500 * ms},
		{1000, 500 * ms, 2000 * ms},
		{1250, 0, 1500 * ms}, {1250, 249 * ms, 1500 * ms}, {1250, 250 * ms, 2000 * ms},
		{2000, 0, 2500 * ms}, {2000, 100 * ms, 2500 * ms},
	} {
		n, s := tracking(t, 500*ms)
		s.track(n, 7, c.timeout, origin{})
		n.now = c.heard
		require.True(t, s.touch(n, 7))
		assert.Equal(t, c.ends, expiry(t, n, 7), "timeout %d, heard at %v", c.timeout, c.heard)
	}
}

func TestExpiryIsAlwaysLateByAtMostATick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tick := time.Duration(rapid.IntRange(10, 3000).Draw(t, "tick")) * time.Millisecond
		n, s := tracking(t, tick)
		timeout := rapid.Int32Range(1, 20000).Draw(t, "timeout")
		s.track(n, 7, timeout, origin{})
		for range rapid.IntRange(0, 8).Draw(t, "touches") {
			limit := n.now + time.Duration(timeout)*time.Millisecond
			next := n.now + time.Duration(rapid.Int64Range(0, int64(limit-n.now)).Draw(t, "pause"))
			for b := (n.now/tick + 1) * tick; b <= next; b += tick {
				n.now = b
				n.expireSessions()
			}
			n.now = next
			require.True(t, s.touch(n, 7), "expired although it was heard of in time")
		}
		last := n.now
		late := expiry(t, n, 7) - last - time.Duration(timeout)*time.Millisecond
		require.True(t, late > 0 && late <= tick, "late by %v, a tick is %v", late, tick)
	})
}

// TestEarlyExpiryIsCaught shows that the property above fails when buckets are
// rounded down.
func TestEarlyExpiryIsCaught(t *testing.T) {
	n, s := tracking(t, 500*time.Millisecond)
	s.track(n, 7, 1250, origin{})
	s.byID[7].bucket--
	s.buckets[s.byID[7].bucket] = append(s.buckets[s.byID[7].bucket], 7)
	assert.Negative(t, expiry(t, n, 7)-1250*time.Millisecond)
}

func TestClosingSessionsStayClosed(t *testing.T) {
	n, s := tracking(t, time.Second)
	s.track(n, 7, 4000, origin{})
	s.markClosing(7)
	assert.False(t, s.touch(n, 7))
	assert.False(t, s.revalidate(n, 7, 4000, origin{}))
	assert.Equal(t, proto.SessionExpired, s.check(&request{session: 7, from: origin{conn: 3}}))
	n.now = time.Minute
	n.expireSessions()
	assert.Zero(t, n.prep.len(), "it is closed once")
	s.remove(7)
	assert.Equal(t, proto.SessionExpired, s.check(&request{session: 7, from: origin{conn: 3}}))
	s.markClosing(7) // unknown: nothing happens
}

func TestANewTimeoutReplacesTheOldOne(t *testing.T) {
	n, s := tracking(t, 500*time.Millisecond)
	s.track(n, 7, 10000, origin{})
	require.True(t, s.revalidate(n, 7, 1000, origin{}))
	assert.Equal(t, 1500*time.Millisecond, expiry(t, n, 7))
}

// TestOwners: a request comes from the side that owns the session, or it has moved.
func TestOwners(t *testing.T) {
	n, s := tracking(t, time.Second)
	local := func(c ConnID) *request { return &request{session: 7, from: origin{conn: c}} }
	remote := func(c ConnID) *request { return &request{session: 7, from: origin{conn: c, remote: true}} }

	s.track(n, 7, 4000, origin{conn: 3, remote: true})
	assert.Equal(t, proto.OK, s.check(remote(3)))
	assert.Equal(t, proto.SessionMoved, s.check(remote(4)))
	assert.Equal(t, proto.SessionMoved, s.check(local(3)), "a client's connection is not a learner's of that number")

	require.True(t, s.revalidate(n, 7, 4000, origin{conn: 9}))
	assert.Equal(t, proto.OK, s.check(local(9)))
	assert.Equal(t, proto.OK, s.check(local(10)), "the leader's own clients are one owner")
	assert.Equal(t, proto.SessionMoved, s.check(remote(3)))

	assert.Equal(t, proto.OK, s.check(&request{session: 7}), "the leader's own close is nobody's")
	s.track(n, 7, 4000, origin{conn: 4, remote: true})
	assert.Equal(t, proto.SessionMoved, s.check(remote(4)), "to be created again moves nothing")

	s.byID[7].owner = ownerUnknown // as after a change of leaders
	assert.Equal(t, proto.OK, s.check(remote(5)))
	assert.Equal(t, proto.SessionMoved, s.check(remote(6)))
}

// TestALeaderChangeGivesEachSessionAWholeTimeout: the old leader's buckets are forgotten.
func TestALeaderChangeGivesEachSessionAWholeTimeout(t *testing.T) {
	n, _ := tracking(t, 500*time.Millisecond)
	n.tree.Apply(&proto.Txn{TxnHeader: proto.TxnHeader{Session: 7, Zxid: 1 << 32, Type: proto.OpCreateSession}, Timeout: 1000}, nil, nil)
	n.now = 20100 * time.Millisecond
	n.startSessions()
	assert.Equal(t, ownerUnknown, n.leader.sessions.byID[7].owner)
	assert.Equal(t, 21500*time.Millisecond, expiry(t, n, 7))
}

func TestNegotiate(t *testing.T) {
	n, _ := tracking(t, 500*time.Millisecond)
	for asked, want := range map[int32]time.Duration{
		-5: time.Second, 0: time.Second, 1: time.Second, 999: time.Second, 1000: time.Second, 1001: 1001 * time.Millisecond,
		10000: 10 * time.Second, 10001: 10 * time.Second, 1<<31 - 1: 10 * time.Second, -1 << 31: time.Second,
	} {
		assert.Equal(t, want, n.negotiate(asked), asked)
	}
}

func TestSessionIDs(t *testing.T) {
	const wall = 0x0123_4567_89AB // ms; the upper eight of 48 bits do not fit
	assert.Equal(t, proto.SessionID(0x05_23_4567_89AB_0000), firstSession(5, wall))
	assert.Equal(t, proto.SessionID(-0x02_00_0000_0000_0000), firstSession(254, 0), "the top byte is the server's")
	n, _ := tracking(t, time.Second)
	n.nextSession = firstSession(1, 1)
	assert.Equal(t, n.newSessionID()+1, n.newSessionID())
	n.nextSession = containerMarker
	assert.Equal(t, containerMarker+1, n.newSessionID())
}

func TestEveryServerComputesTheSamePassword(t *testing.T) {
	n, _ := tracking(t, time.Second)
	m, _ := tracking(t, time.Second)
	assert.Len(t, n.sessionPassword(7), proto.PasswordLen)
	assert.Equal(t, n.sessionPassword(7), m.sessionPassword(7))
	assert.NotEqual(t, n.sessionPassword(7), n.sessionPassword(8))
	m.cfg.SessionSecret = []byte("another")
	assert.NotEqual(t, n.sessionPassword(7), m.sessionPassword(7))
}
