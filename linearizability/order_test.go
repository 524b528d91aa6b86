package linearizability

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
)

// call is one line of a history under test.
type call struct {
	s       proto.SessionID
	xid     int32
	op      proto.OpCode
	at, ret uint64
	zxid    proto.Zxid
	outcome Outcome
	err     proto.ErrCode
}

func history(calls ...call) *History {
	h := New(len(calls))
	for _, c := range calls {
		i := h.Call(int32(c.s), &proto.Op{Type: c.op, Path: "/a"}, c.at)
		h.Sent(i, c.s, c.xid)
		if c.ret > 0 {
			h.Return(i, c.ret, &Reply{Session: c.s, Xid: c.xid, Outcome: c.outcome, Err: c.err, Zxid: c.zxid})
		}
	}
	return h
}

const (
	write = proto.OpSetData
	read  = proto.OpGetData
	synch = proto.OpSync
)

func demand(t *testing.T, want proto.Property, v *proto.Violation) {
	t.Helper()
	if want == "" {
		require.Nil(t, v)
		return
	}
	require.NotNil(t, v)
	assert.Equal(t, want, v.Property, v.Detail)
}

func TestCheckOrder(t *testing.T) {
	for name, c := range map[string]struct {
		want proto.Property
		h    *History
	}{
		"empty": {"", history()},
		"one session": {"", history(
			call{s: 1, xid: 1, op: write, at: 1, ret: 5, zxid: 3},
			call{s: 1, xid: 2, op: read, at: 1, ret: 5, zxid: 3},
			call{s: 1, xid: 3, op: write, at: 2, ret: 6, zxid: 4, outcome: Failed, err: proto.BadVersion},
			call{s: 1, xid: 4, op: read, at: 7, ret: 8, zxid: 9})},
		"sessions are apart": {"", history(
			call{s: 1, xid: 1, op: read, at: 1, ret: 2, zxid: 9},
			call{s: 2, xid: 1, op: read, at: 3, ret: 4, zxid: 5},
			call{s: 1, xid: 2, op: read, at: 5, ret: 6, zxid: 9})},
		"no reply says nothing": {"", history(
			call{s: 1, xid: 1, op: write, at: 1, ret: 9, outcome: Unknown, err: proto.ConnectionLoss},
			call{s: 1, xid: 2, op: write, at: 2, ret: 8, outcome: Failed, err: proto.ConnectionLoss},
			call{s: 1, xid: 3, op: write, at: 3},
			call{s: 1, xid: 4, op: read, at: 4, ret: 20, zxid: 4})},
		"a sync waits while the write behind it is applied": {"", history(
			call{s: 1, xid: 1, op: synch, at: 1, ret: 5, zxid: 7},
			call{s: 1, xid: 2, op: write, at: 1, ret: 5, zxid: 7})},
		"replies out of order": {proto.ClientOrder, history(
			call{s: 1, xid: 1, op: read, at: 1, ret: 6, zxid: 3},
			call{s: 1, xid: 2, op: read, at: 2, ret: 5, zxid: 3})},
		"xids drawn out of order": {proto.ClientOrder, history(
			call{s: 1, xid: 2, op: read, at: 1, ret: 6, zxid: 3},
			call{s: 1, xid: 1, op: read, at: 2, ret: 5, zxid: 3})},
		"one xid twice": {proto.ClientOrder, history(
			call{s: 1, xid: 1, op: read, at: 1, ret: 6, zxid: 3},
			call{s: 1, xid: 1, op: read, at: 2, ret: 7, zxid: 3})},
		"writes change places": {proto.ClientOrder, history(
			call{s: 1, xid: 1, op: write, at: 1, ret: 5, zxid: 4},
			call{s: 1, xid: 2, op: write, at: 1, ret: 5, zxid: 3})},
		"two writes in one transaction": {proto.ClientOrder, history(
			call{s: 1, xid: 1, op: write, at: 1, ret: 5, zxid: 4},
			call{s: 1, xid: 2, op: write, at: 1, ret: 5, zxid: 4, outcome: Failed, err: proto.NoNode})},
		"own write not seen": {proto.ClientOrder, history(
			call{s: 1, xid: 1, op: write, at: 1, ret: 5, zxid: 4},
			call{s: 1, xid: 2, op: read, at: 6, ret: 7, zxid: 3})},
		"own later write seen": {proto.ClientOrder, history(
			call{s: 1, xid: 1, op: read, at: 1, ret: 5, zxid: 4},
			call{s: 1, xid: 2, op: synch, at: 1, ret: 5, zxid: 4},
			call{s: 1, xid: 3, op: write, at: 1, ret: 6, zxid: 4})},
		"back in time": {proto.SingleSystemImage, history(
			call{s: 1, xid: 1, op: read, at: 1, ret: 5, zxid: 4},
			call{s: 2, xid: 1, op: read, at: 1, ret: 5, zxid: 2},
			call{s: 1, xid: 2, op: read, at: 6, ret: 7, zxid: 3})},
		"write into the past": {proto.SingleSystemImage, history(
			call{s: 1, xid: 1, op: read, at: 1, ret: 5, zxid: 4},
			call{s: 1, xid: 2, op: write, at: 6, ret: 7, zxid: 3})},
	} {
		t.Run(name, func(t *testing.T) { demand(t, c.want, CheckOrder(c.h)) })
	}
}

func TestCheckSync(t *testing.T) {
	w := call{s: 1, xid: 1, op: write, at: 1, ret: 5, zxid: 40}
	for name, c := range map[string]struct {
		want proto.Property
		h    *History
	}{
		"without a sync a read may be old": {"", history(w,
			call{s: 2, xid: 1, op: read, at: 6, ret: 7, zxid: 39})},
		"seen": {"", history(w,
			call{s: 2, xid: 1, op: synch, at: 6, ret: 8, zxid: 41},
			call{s: 2, xid: 2, op: read, at: 6, ret: 9, zxid: 41})},
		"the write returned in the sync's own step": {"", history(w,
			call{s: 2, xid: 1, op: synch, at: 5, ret: 8, zxid: 39},
			call{s: 2, xid: 2, op: read, at: 9, ret: 9, zxid: 39})},
		"the sync failed": {"", history(w,
			call{s: 2, xid: 1, op: synch, at: 6, ret: 8, outcome: Failed, err: proto.ConnectionLoss},
			call{s: 2, xid: 2, op: read, at: 9, ret: 9, zxid: 39})},
		"the write did not return ok": {"", history(
			call{s: 1, xid: 1, op: write, at: 1, ret: 5, zxid: 40, outcome: Failed, err: proto.NoNode},
			call{s: 2, xid: 1, op: synch, at: 6, ret: 8, zxid: 39},
			call{s: 2, xid: 2, op: read, at: 9, ret: 9, zxid: 39})},
		"the read came before the sync": {"", history(w,
			call{s: 2, xid: 1, op: read, at: 6, ret: 8, zxid: 39},
			call{s: 2, xid: 2, op: synch, at: 6, ret: 8, zxid: 40})},
		"another session's sync": {"", history(w,
			call{s: 2, xid: 1, op: synch, at: 6, ret: 8, zxid: 40},
			call{s: 3, xid: 1, op: read, at: 9, ret: 9, zxid: 39})},
		"old": {proto.SyncRead, history(w,
			call{s: 2, xid: 1, op: synch, at: 6, ret: 8, zxid: 39},
			call{s: 2, xid: 2, op: read, at: 9, ret: 9, zxid: 39})},
		"old, and missing": {proto.SyncRead, history(w,
			call{s: 2, xid: 1, op: synch, at: 6, ret: 8, zxid: 39},
			call{s: 2, xid: 2, op: read, at: 9, ret: 9, zxid: 39, err: proto.NoNode})},
		"old after a later sync that obliges to less": {proto.SyncRead, history(w,
			call{s: 3, xid: 1, op: write, at: 1, ret: 7, zxid: 20},
			call{s: 2, xid: 1, op: synch, at: 6, ret: 8, zxid: 39},
			call{s: 2, xid: 2, op: synch, at: 8, ret: 8, zxid: 39},
			call{s: 2, xid: 3, op: read, at: 9, ret: 9, zxid: 39})},
	} {
		t.Run(name, func(t *testing.T) { demand(t, c.want, CheckSync(c.h)) })
	}
}

// randomHistory draws a history of a few sessions that need not make sense.
func randomHistory(rt *rapid.T) *History {
	ops := []proto.OpCode{write, read, read, synch}
	var calls []call
	xids := map[proto.SessionID]int32{}
	for i := range rapid.IntRange(0, 25).Draw(rt, "calls") {
		s := proto.SessionID(rapid.Int64Range(1, 3).Draw(rt, "session"))
		xids[s]++
		at := uint64(i + 1)
		calls = append(calls, call{s: s, xid: xids[s], op: rapid.SampledFrom(ops).Draw(rt, "op"), at: at,
			ret:  at + rapid.Uint64Range(0, 6).Draw(rt, "took"),
			zxid: proto.Zxid(rapid.Int64Range(0, 12).Draw(rt, "zxid")), outcome: rapid.SampledFrom([]Outcome{OK, OK, Failed}).Draw(rt, "outcome")})
	}
	return history(calls...)
}

// The definitions of G3, G5 and G7, pair by pair and triple by triple.
func plainOrder(h *History) bool {
	for i := range h.Ops {
		for j := range h.Ops {
			a, b := &h.Ops[i], &h.Ops[j]
			if a.Session != b.Session || a.Xid >= b.Xid || !a.Replied() || !b.Replied() {
				continue
			}
			strict := b.Op.Type == write && a.Op.Type != synch
			if b.Return < a.Return || b.Zxid < a.Zxid || strict && b.Zxid == a.Zxid {
				return false
			}
		}
	}
	return true
}

func plainSync(h *History) bool {
	for _, w := range h.Ops {
		for _, s := range h.Ops {
			for _, r := range h.Ops {
				if w.Op.Type == write && w.Outcome == OK && w.Replied() && s.Op.Type == synch && s.Outcome == OK && s.Replied() &&
					w.Return < s.Call && r.Session == s.Session && r.Xid > s.Xid && r.Op.Type == read && r.Outcome == OK &&
					r.Replied() && r.Zxid < w.Zxid {
					return false
				}
			}
		}
	}
	return true
}

func TestChecksAgreeWithTheirDefinitions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := randomHistory(rt)
		assert.Equal(rt, plainOrder(h), CheckOrder(h) == nil)
		assert.Equal(rt, plainSync(h), CheckSync(h) == nil)
	})
}
