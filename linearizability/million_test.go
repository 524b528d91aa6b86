package linearizability

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// longHistory makes a right history of ten clients with overlapping calls on a
// thousand znodes, one in so many of them without an answer.
func longHistory(calls, unknown int) *History {
	r := rand.New(rand.NewPCG(5, 5))
	h, st, z := New(calls), model.New(), proto.MakeZxid(1, 0)
	xids := [10]int32{}
	acl := proto.OpenACL()
	for c := range 10 {
		st = st.Open(proto.SessionID(c+1), 0)
	}
	for i := range calls {
		c := i % 10
		xids[c]++
		op := drawLong(r, i, st, acl)
		n := h.Call(int32(c+1), &op, uint64(2*i+1))
		h.Sent(n, proto.SessionID(c+1), xids[c])
		reply := Reply{Session: proto.SessionID(c + 1), Xid: xids[c], Zxid: z}
		var res proto.Result
		lost := unknown > 0 && i%unknown == unknown-1
		switch {
		case lost && r.IntN(2) == 0:
		case op.Type.IsWrite():
			z++
			reply.Zxid = z
			st, res, _ = st.Apply(z, 0, proto.SessionID(c+1), &op)
		default:
			res = st.Read(&op)
		}
		if reply.Err = errOf(&res); reply.Err == proto.OK {
			reply.Result = &res
		} else if op.Type.IsWrite() {
			reply.Outcome = Failed
		}
		if lost {
			reply = Reply{Session: reply.Session, Xid: reply.Xid, Outcome: Unknown, Err: proto.ConnectionLoss}
		}
		if z > proto.MakeZxid(1, 0) || lost {
			h.Return(n, uint64(2*i+16), &reply)
		}
	}
	return h
}

func drawLong(r *rand.Rand, i int, st model.State, acl []proto.ACL) proto.Op {
	if i < 100 {
		return proto.Op{Type: proto.OpCreate, Path: "/g" + strconv.Itoa(i), ACL: acl}
	}
	n := r.IntN(1000)
	path := "/g" + strconv.Itoa(n/10) + "/n" + strconv.Itoa(n%10)
	data := strconv.AppendInt(make([]byte, 0, 100), int64(i), 10)[:100]
	switch k := r.IntN(20); {
	case k < 9:
		return proto.Op{Type: proto.OpGetData, Path: path}
	case k == 9:
		return proto.Op{Type: proto.OpExists, Path: path}
	case st.Read(&proto.Op{Type: proto.OpExists, Path: path}).Err != proto.OK:
		return proto.Op{Type: proto.OpCreate, Path: path, Data: data, ACL: acl}
	case k == 10:
		return proto.Op{Type: proto.OpDelete, Path: path, Version: -1}
	case k == 11:
		return proto.Op{Type: proto.OpCreate, Path: path, Data: data, ACL: acl}
	}
	return proto.Op{Type: proto.OpSetData, Path: path, Data: data, Version: -1}
}

func TestLongHistory(t *testing.T) {
	res := CheckWrites(longHistory(30_000, 500), &Options{})
	require.Equal(t, VerdictOK, res.Verdict, "%v %v", res.Violation, res.Notes)
}

func BenchmarkMillion(b *testing.B) {
	h := longHistory(1_000_000, 0)
	b.ResetTimer()
	for range b.N {
		res := CheckWrites(h, &Options{})
		require.Equal(b, VerdictOK, res.Verdict, "%v %v", res.Violation, res.Notes)
	}
}

// BenchmarkMillionUnknown has two thousand calls of which nobody knows what came of them.
func BenchmarkMillionUnknown(b *testing.B) {
	h := longHistory(1_000_000, 500)
	b.ResetTimer()
	for range b.N {
		res := CheckWrites(h, &Options{})
		require.Equal(b, VerdictOK, res.Verdict, "%v %v", res.Violation, res.Notes)
	}
}
