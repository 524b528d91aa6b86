package linearizability

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// asked makes a history of calls that are answered one after the other, as the
// model answers them. Without zxids it does not tell them.
func asked(zxids bool, ops ...proto.Op) (*History, []proto.Txn) {
	h, st, z := New(len(ops)), model.NewWith(model.Rules{ExtendedTypes: true}).Open(1, 0).Open(0, 0), proto.MakeZxid(1, 0)
	var txns []proto.Txn
	for i := range ops {
		from := model.Caller{Session: 1}
		if ops[i].Type == proto.OpDeleteContainer {
			from.Session = 0
		}
		var res proto.Result
		if ops[i].Type.IsWrite() {
			z++
			st, res, _ = st.ApplyAs(z, int64(z.Counter()), from, &ops[i])
			txns = append(txns, proto.Txn{TxnHeader: proto.TxnHeader{Session: from.Session, Cxid: int32(i + 1), Zxid: z, Time: int64(z.Counter()),
				Type: ops[i].Type}, Path: ops[i].Path, Err: errOf(&res)})
			if from.Session == 0 {
				continue
			}
			if errOf(&res) != proto.OK {
				txns[len(txns)-1].Type = proto.OpError
			}
		} else {
			res = st.ReadAs(from, &ops[i])
			if isAboutConnection(ops[i].Type) {
				res = proto.Result{Type: ops[i].Type}
			}
		}
		reply := Reply{Session: 1, Xid: int32(i + 1), Err: errOf(&res), Result: &res}
		if zxids {
			reply.Zxid = max(z, proto.MakeZxid(1, 1))
		}
		h.Return(h.Call(1, &ops[i], uint64(2*i+1)), uint64(2*i+2), &reply)
	}
	return h, txns
}

func on(code proto.OpCode, path string) proto.Op {
	return proto.Op{Type: code, Path: path, Version: -1}
}

func made(code proto.OpCode, path string, flags proto.CreateFlags) proto.Op {
	op := proto.Op{Type: code, Path: path, ACL: proto.OpenACL(), Flags: flags}
	if flags.IsTTL() {
		op.TTL = 1000
	}
	return op
}

func closed(path string, perms int32) proto.Op {
	return proto.Op{Type: proto.OpSetACL, Path: path, ACL: []proto.ACL{{Perms: perms, Scheme: "world", ID: "anyone"}}, Version: -1}
}

// everything holds each operation that is judged beyond the plain ones.
func everything() []proto.Op {
	return []proto.Op{
		made(proto.OpCreateContainer, "/c", proto.FlagContainer), made(proto.OpCreateTTL, "/t", proto.FlagTTL),
		made(proto.OpCreateTTL, "/c/t", proto.FlagTTLSequential), made(proto.OpCreate2, "/e", proto.FlagEphemeral),
		on(proto.OpGetAllChildren, "/"), on(proto.OpGetEphemerals, "/"), closed("/c", proto.PermRead|proto.PermAdmin),
		on(proto.OpGetACL, "/c"), made(proto.OpCreate, "/c/x", 0), closed("/c", proto.PermAdmin), on(proto.OpGetData, "/c"),
		{Type: proto.OpMultiRead, Ops: []proto.Op{on(proto.OpGetData, "/t"), on(proto.OpGetChildren, "/c"), on(proto.OpGetChildren, "/")}},
		{Type: proto.OpMulti, Ops: []proto.Op{made(proto.OpCreateTTL, "/u", proto.FlagTTL), on(proto.OpSetData, "/t")}},
		{Type: proto.OpReconfig, Reconfig: &proto.Reconfig{}}, on(proto.OpExists, "/t"),
	}
}

// Every operation is read back as it was written, and judged right where it is.
func TestEveryOperationIsJudged(t *testing.T) {
	for _, zxids := range []bool{true, false} {
		h, _ := asked(zxids, everything()...)
		var b, again bytes.Buffer
		require.NoError(t, h.WriteJSONL(&b))
		text := b.String()
		back, err := ReadJSONL(&b)
		require.NoError(t, err)
		require.NoError(t, back.WriteJSONL(&again))
		require.Equal(t, text, again.String())
		res := Judge(back, nil)
		assert.Equal(t, VerdictOK, res.Verdict, "zxids %v: %v %v", zxids, res.Violation, res.Notes)
	}
}

// Each answer that is bent is found, and named where the servers might have done
// something that no call tells of.
func TestBentAnswersOfEveryOperation(t *testing.T) {
	for what, bend := range map[string]struct {
		call int
		bend func(*Op)
	}{
		"permissions":      {7, func(o *Op) { o.Result.ACL[0].Perms++ }},
		"aversion":         {9, func(o *Op) { o.Result.Stat.Aversion++ }},
		"count":            {4, func(o *Op) { o.Result.Count++ }},
		"ephemerals":       {5, func(o *Op) { o.Result.Children = nil }},
		"refused in vain":  {10, func(o *Op) { o.Err = proto.NoNode }},
		"part of a read":   {11, func(o *Op) { o.Result.Multi[0].Data = []byte("x") }},
		"error in a read":  {11, func(o *Op) { o.Result.Multi[1].Err = proto.NoNode }},
		"child in a read":  {11, func(o *Op) { o.Result.Multi[2].Children = o.Result.Multi[2].Children[1:] }},
		"container's stat": {0, func(o *Op) { o.Result.Stat.NumChildren++ }},
		"number":           {2, func(o *Op) { o.Result.Path = "/c/t0000000001" }},
		"reconfig":         {13, func(o *Op) { o.Err = proto.OK }},
	} {
		h, _ := asked(true, everything()...)
		bend.bend(&h.Ops[bend.call])
		res := Judge(h, nil)
		assert.Equal(t, VerdictUnknown, res.Verdict, "%s: the servers may have deleted something", what)
		_, res = replayed(h, &Options{})
		assert.Equal(t, VerdictViolated, res.Verdict, what)
	}
	plain := []proto.Op{made(proto.OpCreate, "/a", 0), on(proto.OpGetACL, "/a")}
	h, _ := asked(true, plain...)
	h.Ops[1].Result.ACL = nil
	assert.Equal(t, VerdictViolated, Judge(h, nil).Verdict)
}

// A container that is gone is no violation, but where it is known what the servers
// committed it must have been them.
func TestServersDeleteContainers(t *testing.T) {
	gone := on(proto.OpDeleteContainer, "/c")
	ops := []proto.Op{made(proto.OpCreateContainer, "/c", proto.FlagContainer), made(proto.OpCreate, "/c/x", 0), on(proto.OpDelete, "/c/x"),
		gone, on(proto.OpExists, "/c")}
	h, txns := asked(true, ops...)
	require.Equal(t, proto.NoNode, h.Ops[3].Err)
	assert.Equal(t, VerdictUnknown, Judge(h, nil).Verdict)
	res := Judge(h, &Options{Committed: txns})
	assert.Equal(t, VerdictOK, res.Verdict, "%v", res.Violation)
	early := txns[3]
	early.Zxid, txns[2].Zxid = txns[2].Zxid, early.Zxid // before its child is deleted
	txns[3] = early
	h.Ops[2].Zxid = txns[2].Zxid
	assert.Equal(t, VerdictViolated, Judge(h, &Options{Committed: txns}).Verdict, "it had a child then")
}

// What is not judged is named.
func TestWhatIsNotJudgedIsNamed(t *testing.T) {
	digest := closed("/a", 31)
	digest.ACL[0].Scheme = "digest"
	for what, op := range map[string]proto.Op{
		"auth":   {Type: proto.OpAuth, Auth: &proto.Auth{Scheme: "digest", Data: []byte("u:p")}},
		"whoAmI": on(proto.OpWhoAmI, ""),
		"setACL": digest,
	} {
		h, _ := asked(true, made(proto.OpCreate, "/a", 0), op)
		res := Judge(h, nil)
		assert.Equal(t, VerdictUnknown, res.Verdict, what)
		require.NotEmpty(t, res.Notes, what)
		assert.Contains(t, res.Notes[0], what)
	}
	h, txns := asked(true, made(proto.OpCreate, "/a", 0))
	txns[0].ACL = digest.ACL
	assert.Contains(t, Judge(h, &Options{Committed: txns}).Notes[0], "sets permissions that mean somebody")

	h, _ = asked(true, made(proto.OpCreate, "/a", 0), on(proto.OpAddWatch, "/a"), on(proto.OpSetData, "/a"), on(proto.OpRemoveWatches, "/a"))
	h.Told(Event{Client: 1, Session: 1, Kind: WatchFired, Type: proto.EventNodeDataChanged, Path: "/a", Zxid: h.Ops[1].Zxid, At: 5, Xid: 2})
	res := Judge(h, nil)
	assert.Equal(t, VerdictOK, res.Verdict, "%v", res.Violation)
	require.Len(t, res.Notes, 1)
	assert.Contains(t, res.Notes[0], "addWatch")
	h.Ops[1].Op = on(proto.OpSync, "/a")
	h.Ops[3].Op = on(proto.OpSync, "/a")
	assert.Equal(t, VerdictViolated, Judge(h, nil).Verdict, "an event that nobody asked for")
}
