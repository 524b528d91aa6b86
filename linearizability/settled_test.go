package linearizability

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

// siblings is a history without zxids of many calls on nodes below one parent,
// which is there before: two clients at a time set each of them.
func siblings(count int) *History {
	h := New(0)
	step := uint64(1)
	ask := func(client int32, op proto.Op, from, to uint64, res proto.Result) {
		n := h.Call(client, &op, from)
		res.Type = op.Type
		h.Return(n, to, &Reply{Session: proto.SessionID(client), Xid: int32(len(h.Ops)), Result: &res})
	}
	acl := proto.OpenACL()
	ask(1, proto.Op{Type: proto.OpCreate, Path: "/g", ACL: acl}, 1, 2, proto.Result{Path: "/g"})
	for i := range count {
		p := "/g/n" + strconv.Itoa(i)
		step += 10
		ask(1, proto.Op{Type: proto.OpCreate, Path: p, ACL: acl}, step, step+1, proto.Result{Path: p})
		ask(1, proto.Op{Type: proto.OpSetData, Path: p, Data: []byte("a"), Version: -1}, step+2, step+5,
			proto.Result{Stat: proto.Stat{Version: 2, DataLength: 1}})
		ask(2, proto.Op{Type: proto.OpSetData, Path: p, Data: []byte("bc"), Version: -1}, step+3, step+6,
			proto.Result{Stat: proto.Stat{Version: 1, DataLength: 2}})
		ask(2, proto.Op{Type: proto.OpGetData, Path: p}, step+7, step+8,
			proto.Result{Data: []byte("a"), Stat: proto.Stat{Version: 2, DataLength: 1}})
	}
	return h
}

// TestManySiblings: nodes below a parent that is always there are judged each for
// itself, however many calls there are, and a wrong answer is found among them.
func TestManySiblings(t *testing.T) {
	h := siblings(500)
	g := groundOf(h, newBuilder(h))
	assert.Len(t, piecesOf(h, g), 500)
	res := Judge(h, nil)
	require.Equal(t, VerdictOK, res.Verdict, "%v %v", res.Violation, res.Notes)

	h.Ops[1203].Result.Stat.Version = 3
	res = Judge(h, nil)
	require.Equal(t, VerdictViolated, res.Verdict)
	assert.Equal(t, proto.LinearizableWrites, res.Violation.Property)

	h = siblings(500)
	n := h.Call(1, &proto.Op{Type: proto.OpDelete, Path: "/g", Version: -1}, 3)
	h.Return(n, 4, &Reply{Session: 1, Xid: 9000, Outcome: Failed, Err: proto.NotEmpty})
	require.Len(t, piecesOf(h, groundOf(h, newBuilder(h))), 1, "who asks whether there are children ties them together")
}
