package ztree

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

// leader prepares and applies one write after the other.
type leader struct {
	*Tree
	prep    *Outstanding
	watches *Watches
	events  []told
	ids     map[Watcher][]proto.ID // watcher 1 is who writes
}

// told is a delivered event.
type told struct {
	who Watcher
	proto.WatcherEvent
}

func newLeader() *leader {
	t := New()
	l := &leader{Tree: t, prep: NewOutstanding(t), ids: map[Watcher][]proto.ID{}}
	l.watches = NewWatches(func(w Watcher) []proto.ID { return l.ids[w] })
	return l
}

func (l *leader) prepare(op proto.Op) proto.Txn {
	z := l.prep.header.Zxid + 1
	return l.prep.Prepare(proto.TxnHeader{Session: 1, Zxid: z, Time: int64(z), Type: op.Type}, &op, l.ids[1], proto.OK)
}

func (l *leader) do(op proto.Op) proto.Result {
	txn := l.prepare(op)
	r := l.Apply(&txn, l.watches, l.deliver)
	l.prep.Applied(txn.Zxid)
	return r
}

func (l *leader) deliver(who Watcher, e proto.WatcherEvent) {
	l.events = append(l.events, told{who, e})
}

func (l *leader) read(who Watcher, op proto.Op) proto.Result {
	return l.Read(&op, &Caller{Watcher: who, Session: 1, IDs: l.ids[who]}, l.watches, l.deliver)
}

func create(path string, flags proto.CreateFlags) proto.Op {
	return proto.Op{Type: proto.OpCreate, Path: path, Flags: flags, ACL: proto.OpenACL()}
}

func on(t proto.OpCode, path string, version int32) proto.Op {
	return proto.Op{Type: t, Path: path, Version: version}
}

// TestPrecedence names two faults of each request; the first of protocol.md
// §1.9 wins.
func TestPrecedence(t *testing.T) {
	l := newLeader()
	for _, op := range []proto.Op{create("/p", 0), create("/p/c", 0), create("/e", 1)} {
		require.Equal(t, proto.OK, l.do(op).Err)
	}
	withACL := func(op proto.Op, acl []proto.ACL) proto.Op {
		op.ACL = acl
		return op
	}
	readOnly := []proto.ACL{{Perms: 1, Scheme: "world", ID: "anyone"}}
	for _, c := range []struct {
		op   proto.Op
		want proto.ErrCode
	}{
		{create("no slash", 7), proto.BadArguments},
		{create("no slash", -1), proto.BadArguments},
		{create("no slash", 5), proto.Unimplemented},
		{withACL(create("no slash", 0), nil), proto.BadArguments},
		{withACL(create("/a\x00", 0), nil), proto.BadArguments},
		{withACL(create("/none/x", 0), nil), proto.InvalidACL},
		{withACL(create("/none/x", 0), readOnly), proto.NoNode},
		{withACL(create("/none/x", 0), []proto.ACL{{Perms: 31, Scheme: "bogus", ID: "x"}}), proto.InvalidACL},
		{withACL(create("/none/x", 0), []proto.ACL{{Perms: 31, Scheme: "auth"}}), proto.InvalidACL},
		{withACL(create("/none/x", 0), []proto.ACL{{Perms: 31, Scheme: "digest", ID: "a:b:c"}}), proto.InvalidACL},
		{withACL(create("/none/x", 0), []proto.ACL{{Perms: 31, Scheme: "ip", ID: "10.0.0.1/33"}}), proto.InvalidACL},
		{withACL(create("/none/x", 0), []proto.ACL{{Perms: 31, Scheme: "world", ID: "nobody"}}), proto.InvalidACL},
		{create("/none/..", 0), proto.NoNode},
		{create("/zookeeper/config/..", 0), proto.NoAuth},
		{create("/p/", 0), proto.BadArguments},
		{create("/p/..", 0), proto.BadArguments},
		{create("/p/.", 0), proto.BadArguments},
		{create("//p", 0), proto.BadArguments},
		{create("/", 0), proto.NodeExists},
		{create("/e", 1), proto.NodeExists},
		{create("/e/x", 0), proto.NoChildrenForEphemerals},
		{on(proto.OpDelete, "p", 5), proto.BadArguments},
		{on(proto.OpDelete, "", 5), proto.BadArguments},
		{on(proto.OpDelete, "/p\x00", 5), proto.BadArguments},
		{on(proto.OpDelete, "/", 5), proto.BadArguments},
		{on(proto.OpDelete, "/zookeeper", 5), proto.BadArguments},
		{on(proto.OpDelete, "/zookeeper/quota", 5), proto.BadArguments},
		{on(proto.OpDelete, "/zookeeper/config", 5), proto.BadArguments},
		{on(proto.OpDelete, "/zookeeper/config/x", 5), proto.NoAuth},
		{on(proto.OpDelete, "/none/x", 5), proto.NoNode},
		{on(proto.OpDelete, "/p/none", 5), proto.NoNode},
		{on(proto.OpDelete, "/p/", 5), proto.NoNode},
		{on(proto.OpDelete, "/p", 5), proto.BadVersion},
		{on(proto.OpDelete, "/p", -2), proto.BadVersion},
		{on(proto.OpDelete, "/p", 0), proto.NotEmpty},
		{on(proto.OpSetData, "/p/", 5), proto.BadArguments},
		{on(proto.OpSetData, "", 5), proto.BadArguments},
		{on(proto.OpSetData, "/none", 5), proto.NoNode},
		{on(proto.OpSetData, "/zookeeper/config", 5), proto.NoAuth},
		{on(proto.OpSetData, "/p", 1), proto.BadVersion},
		{on(proto.OpCheck, "/../p", 5), proto.BadArguments},
		{on(proto.OpCheck, "/none", 5), proto.NoNode},
		{on(proto.OpCheck, "/zookeeper/config", 5), proto.BadVersion},
		{on(proto.OpCheck, "/zookeeper/config", 0), proto.OK},
		{on(proto.OpCheck, "/", 0), proto.OK},
		{on(proto.OpReconfig, "/", 0), proto.ReconfigDisabled},
		{on(proto.OpDeleteContainer, "/p", 0), proto.BadArguments},
		{withACL(on(proto.OpSetACL, "/none/", 5), nil), proto.BadArguments},
		{withACL(on(proto.OpSetACL, "/none", 5), nil), proto.InvalidACL},
		{withACL(on(proto.OpSetACL, "/none", 5), readOnly), proto.NoNode},
		{withACL(on(proto.OpSetACL, "/zookeeper/config", 5), readOnly), proto.NoAuth},
		{withACL(on(proto.OpSetACL, "/p", 5), readOnly), proto.BadVersion},
	} {
		assert.Equal(t, c.want, l.do(c.op).Err, "%v %q flags %d version %d", c.op.Type, c.op.Path, c.op.Flags, c.op.Version)
	}
}

func TestPathSyntax(t *testing.T) {
	for _, good := range []string{"/", "/a", "/a/b", "/...", "/.a/b.", "/ ", "/~\u00a0", "/日本", "/\uf900", "/\uffef"} {
		assert.Equal(t, proto.OK, checkPath(good), "%q", good)
	}
	for _, bad := range []string{"", "a", "//", "/a/", "/a//b", "/.", "/..", "/a/./b", "/a/../b", "/\x00", "/\x1f",
		"/\x7f", "/\u009f", "/\ue000", "/\uf8ff", "/\ufff0", "/\uffff", "/\U00010000", "/\U0010ffff", "/\xff"} {
		assert.Equal(t, proto.BadArguments, checkPath(bad), "%q", bad)
	}
}

// TestSequenceSticks: the last number is handed out once, and again only after
// its node went; it never becomes negative, pipelined or not.
func TestSequenceSticks(t *testing.T) {
	l := newLeader()
	l.nodes[""].more.creations = math.MaxInt32 - 2
	s := l.nodes[""].stat()
	l.digestAgain("", l.nodes[""], &s)
	l.prep = NewOutstanding(l.Tree)
	var pipelined []proto.Txn
	for range 4 {
		pipelined = append(pipelined, l.prepare(create("/s-", proto.FlagSequential)))
	}
	assert.Equal(t, "/s-2147483645", pipelined[0].Path)
	assert.Equal(t, "/s-2147483646", pipelined[1].Path)
	assert.Equal(t, "/s-2147483647", pipelined[2].Path)
	assert.Equal(t, proto.NodeExists, pipelined[3].Err)
	for i := range pipelined {
		l.Apply(&pipelined[i], nil, nil)
		l.prep.Applied(pipelined[i].Zxid)
		assert.Equal(t, pipelined[i].Digest, l.Digest())
	}
	assert.Equal(t, proto.OK, l.do(on(proto.OpDelete, "/s-2147483647", -1)).Err)
	assert.Equal(t, "/s-2147483647", l.do(create("/s-", proto.FlagSequential)).Path)
	assert.Equal(t, proto.NodeExists, l.do(create("/s-", proto.FlagSequential)).Err)
	assert.Equal(t, "/t-2147483647", l.do(create("/t-", proto.FlagSequential)).Path)
}

func TestSequentialNames(t *testing.T) {
	l := newLeader()
	assert.Equal(t, "/a0000000000", l.do(create("/a", 2)).Path)
	assert.Equal(t, "/b", l.do(create("/b", 0)).Path)
	assert.Equal(t, "/0000000002", l.do(create("/", 3)).Path)
	assert.Equal(t, "/..0000000003", l.do(create("/..", 2)).Path)
	assert.Equal(t, proto.OK, l.do(on(proto.OpDelete, "/b", 0)).Err)
	assert.Equal(t, "/a0000000004", l.do(create("/a", 2)).Path)
}

// TestVersionsWrap: the version is an int32; an expected one below -1 matches
// none, not even itself.
func TestVersionsWrap(t *testing.T) {
	l := newLeader()
	l.nodes[""].version = math.MaxInt32
	l.prep = NewOutstanding(l.Tree)
	assert.Equal(t, int32(math.MinInt32), l.do(on(proto.OpSetData, "/", math.MaxInt32)).Stat.Version)
	assert.Equal(t, proto.BadVersion, l.do(on(proto.OpSetData, "/", math.MinInt32)).Err)
	assert.Equal(t, int32(math.MinInt32+1), l.do(on(proto.OpSetData, "/", -1)).Stat.Version)
}

func TestCreateAnswers(t *testing.T) {
	l := newLeader()
	two := create("/a", 0)
	two.Type = proto.OpCreate2
	r := l.do(two)
	assert.Equal(t, proto.Result{Type: proto.OpCreate2, Path: "/a",
		Stat: proto.Stat{Czxid: 1, Mzxid: 1, Pzxid: 1, Ctime: 1, Mtime: 1}}, r)
	two.Path = "/b"
	r = l.do(proto.Op{Type: proto.OpMulti, Ops: []proto.Op{two, on(proto.OpCheck, "/b", 0), on(proto.OpDelete, "/a", 0)}})
	assert.Equal(t, []proto.Result{{Type: proto.OpCreate, Path: "/b"}, {Type: proto.OpCheck}, {Type: proto.OpDelete}}, r.Multi)
	assert.Equal(t, proto.Result{Type: proto.OpMulti, Multi: []proto.Result{}}, l.do(proto.Op{Type: proto.OpMulti}))
}

// TestFailedMultiLeavesNoTrace: neither nodes nor counters, also when earlier
// requests are outstanding for the same nodes.
func TestFailedMultiLeavesNoTrace(t *testing.T) {
	l := newLeader()
	first := l.prepare(create("/a", proto.FlagSequential))
	digest := l.prep.digest
	failed := l.prepare(proto.Op{Type: proto.OpMulti, Ops: []proto.Op{
		create("/b", proto.FlagSequential), on(proto.OpSetData, first.Path, -1), on(proto.OpDelete, first.Path, -1),
		on(proto.OpCheck, "/none", -1), create("/c", 0),
	}})
	var codes []proto.ErrCode
	for _, p := range failed.Ops {
		require.Equal(t, proto.OpError, p.Type)
		codes = append(codes, p.Err)
	}
	assert.Equal(t, []proto.ErrCode{0, 0, 0, proto.NoNode, proto.RuntimeInconsistency}, codes)
	assert.Equal(t, digest, failed.Digest)
	next := l.prepare(create("/a", proto.FlagSequential))
	assert.Equal(t, "/a0000000001", next.Path)
	assert.Equal(t, int32(2), next.ParentCVersion)
	for _, txn := range []proto.Txn{first, failed, next} {
		l.Apply(&txn, nil, nil)
		l.prep.Applied(txn.Zxid)
		assert.Equal(t, txn.Digest, l.Digest())
	}
}

// TestCloseSessionForesees: the list of a closing session holds what is only
// prepared, lacks what is about to go, and is sorted.
func TestCloseSessionForesees(t *testing.T) {
	l := newLeader()
	require.Equal(t, proto.OK, l.do(proto.Op{Type: proto.OpCreateSession, Timeout: 4000}).Err)
	timeout, open := l.SessionTimeout(1)
	assert.True(t, open && timeout == 4000)
	assert.Equal(t, []Session{{1, 4000}}, l.Sessions())
	for _, p := range []string{"/m", "/k"} {
		require.Equal(t, proto.OK, l.do(create(p, 1)).Err)
	}
	assert.Equal(t, []string{"/k", "/m"}, l.Ephemerals(1))
	txns := []proto.Txn{
		l.prepare(create("/z", 1)), l.prepare(on(proto.OpDelete, "/m", -1)), l.prepare(create("/a", 1)),
		l.prepare(on(proto.OpDelete, "/a", -1)), l.prepare(create("/b", 1)),
		l.prepare(proto.Op{Type: proto.OpCloseSession}), l.prepare(proto.Op{Type: proto.OpCloseSession}),
	}
	assert.Equal(t, []string{"/b", "/k", "/z"}, txns[5].Paths)
	assert.Empty(t, txns[6].Paths)
	for i := range txns {
		l.Apply(&txns[i], nil, nil)
		assert.Equal(t, txns[i].Digest, l.Digest())
	}
	assert.Empty(t, l.Ephemerals(1))
	assert.Empty(t, l.Sessions())
	assert.Equal(t, 4, l.NodeCount())
}

// TestCloseSessionWithoutList deletes what the server knows, as old logs need.
func TestCloseSessionWithoutList(t *testing.T) {
	l := newLeader()
	require.Equal(t, proto.OK, l.do(create("/e", 1)).Err)
	l.Apply(&proto.Txn{TxnHeader: proto.TxnHeader{Session: 1, Zxid: 9, Type: proto.OpCloseSession}}, nil, nil)
	assert.Equal(t, 4, l.NodeCount())
	assert.Equal(t, proto.Zxid(9), l.LastProcessed())
}

func TestFailedBefore(t *testing.T) {
	l := newLeader()
	txn := l.prep.Prepare(proto.TxnHeader{Session: 1, Zxid: 4, Type: proto.OpCreate}, nil, nil, proto.SessionExpired)
	assert.Equal(t, proto.OpError, txn.Type)
	assert.Equal(t, proto.SessionExpired, txn.Err)
	assert.True(t, txn.HasDigest && txn.Digest == l.Digest())
	assert.Equal(t, proto.Result{Type: proto.OpError, Err: proto.SessionExpired}, l.Apply(&txn, nil, nil))
	assert.Equal(t, proto.Zxid(4), l.LastProcessed())
}

// TestOldCreateCountsOn: -1 as the parent's count means one more.
func TestOldCreateCountsOn(t *testing.T) {
	l := newLeader()
	l.Apply(step(1, proto.OpCreate, "/a", 5), nil, nil)
	l.Apply(step(2, proto.OpCreate, "/b", -1), nil, nil)
	assert.Equal(t, int32(6), l.nodes[""].more.creations)
	l.Apply(step(3, proto.OpCreate, "/c", 4), nil, nil)
	assert.Equal(t, int32(6), l.nodes[""].more.creations, "a smaller count was noted before")
	assert.Equal(t, proto.Zxid(2), l.nodes[""].more.pzxid)
}

// TestApplyCopiesData: the caller may reuse the bytes of a transaction.
func TestApplyCopiesData(t *testing.T) {
	l := newLeader()
	data := []byte("one")
	txn := step(1, proto.OpCreate, "/a", 1)
	txn.Data = data
	l.Apply(txn, nil, nil)
	copy(data, "two")
	assert.Equal(t, "one", string(l.read(1, proto.Op{Type: proto.OpGetData, Path: "/a"}).Data))
	txn = step(2, proto.OpSetData, "/a", 0)
	txn.Data = data
	l.Apply(txn, nil, nil)
	copy(data, "six")
	assert.Equal(t, "two", string(l.read(1, proto.Op{Type: proto.OpGetData, Path: "/a"}).Data))
	require.NoError(t, audit(l.Tree))
}
