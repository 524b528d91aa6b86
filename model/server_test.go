package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// bench is a server with some shorthand: one zxid and one millisecond per write.
type bench struct {
	*model.Server
	t *testing.T
}

func newBench(t *testing.T, sessions ...proto.SessionID) bench {
	b := bench{model.NewServer(), t}
	for _, id := range sessions {
		b.do(id, &proto.Op{Type: proto.OpCreateSession, Timeout: 4000})
	}
	return b
}

func (b bench) do(id proto.SessionID, op *proto.Op) (proto.Result, []model.Event) {
	if !op.Type.IsWrite() {
		return b.Read(id, op)
	}
	z := b.Last() + 1
	return b.Apply(z, 1000+int64(z), id, op)
}

func (b bench) err(id proto.SessionID, op *proto.Op) proto.ErrCode {
	r, _ := b.do(id, op)
	return r.Err
}

func (b bench) create(id proto.SessionID, path string, flags proto.CreateFlags) string {
	r, _ := b.do(id, create(path, flags))
	require.Equal(b.t, proto.OK, r.Err, path)
	return r.Path
}

func create(path string, flags proto.CreateFlags) *proto.Op {
	return &proto.Op{Type: proto.OpCreate, Path: path, ACL: proto.OpenACL(), Flags: flags}
}

func onNode(code proto.OpCode, path string, version int32) *proto.Op {
	return &proto.Op{Type: code, Path: path, Version: version}
}

func withTTL(path string, flags proto.CreateFlags, ttl int64) *proto.Op {
	return &proto.Op{Type: proto.OpCreateTTL, Path: path, ACL: proto.OpenACL(), Flags: flags, TTL: ttl}
}

func withACL(path string, version int32, acl ...proto.ACL) *proto.Op {
	if acl == nil {
		acl = proto.OpenACL()
	}
	return &proto.Op{Type: proto.OpSetACL, Path: path, ACL: acl, Version: version}
}

func watching(code proto.OpCode, path string) *proto.Op {
	return &proto.Op{Type: code, Path: path, Watch: true}
}

// The first check that fails gives the answer (§1.9).
func TestPrecedence(t *testing.T) {
	b := newBench(t, 1)
	b.create(1, "/a", 0)
	b.create(1, "/a/c", 0)
	b.create(1, "/e", proto.FlagEphemeral)
	noACL, otherACL := create("/a/n", 0), create("/a/n", 0)
	noACL.ACL = nil
	otherACL.ACL[0].Scheme = "bogus"
	noParentNoACL := create("/x/n", 0)
	noParentNoACL.ACL = nil
	for _, c := range []struct {
		session proto.SessionID
		op      *proto.Op
		want    proto.ErrCode
	}{
		{9, create("/a/n", 7), proto.BadArguments},
		{9, create("/a/n", -1), proto.BadArguments},
		{9, create("/a/n", 5), proto.Unimplemented},
		{9, withTTL("/a/n", 5, 0), proto.Unimplemented},
		{9, withTTL("/a/n", 0, 0), proto.BadArguments},
		{9, create("n", 0), proto.SessionExpired},
		{1, create("n", 0), proto.BadArguments},
		{1, create("", 0), proto.BadArguments},
		{1, create("/x/\x00", 0), proto.BadArguments},
		{1, noParentNoACL, proto.InvalidACL},
		{1, noACL, proto.InvalidACL},
		{1, otherACL, proto.InvalidACL},
		{1, create("/x/..", 0), proto.NoNode},
		{1, create("/zookeeper/config/..", 0), proto.NoAuth},
		{1, create("/a/..", 0), proto.BadArguments},
		{1, create("/a/", 0), proto.BadArguments},
		{1, create("x/y", 0), proto.NoNode},
		{1, create("/e/..", 0), proto.BadArguments},
		{1, create("/e/n", 0), proto.NoChildrenForEphemerals},
		{1, create("/a", 0), proto.NodeExists},
		{1, create("/", 0), proto.NodeExists},
		{9, onNode(proto.OpDelete, "/", 0), proto.SessionExpired},
		{1, onNode(proto.OpDelete, "/", 0), proto.BadArguments},
		{1, onNode(proto.OpDelete, "/zookeeper/quota", 0), proto.BadArguments},
		{1, onNode(proto.OpDelete, "a", 0), proto.BadArguments},
		{1, onNode(proto.OpDelete, "/a\x00", 0), proto.BadArguments},
		{1, onNode(proto.OpDelete, "/x/y", 0), proto.NoNode},
		{1, onNode(proto.OpDelete, "/zookeeper/config/x", 0), proto.NoAuth},
		{1, onNode(proto.OpDelete, "/a/..", 0), proto.NoNode},
		{1, onNode(proto.OpDelete, "/a", 1), proto.BadVersion},
		{1, onNode(proto.OpDelete, "/a", -2), proto.BadVersion},
		{1, onNode(proto.OpDelete, "/a", 0), proto.NotEmpty},
		{9, onNode(proto.OpSetData, "", 0), proto.SessionExpired},
		{1, onNode(proto.OpSetData, "", 0), proto.BadArguments},
		{1, onNode(proto.OpSetData, "/x", 0), proto.NoNode},
		{1, onNode(proto.OpSetData, "/zookeeper/config", 7), proto.NoAuth},
		{1, onNode(proto.OpSetData, "/a", 7), proto.BadVersion},
		{9, onNode(proto.OpCheck, "", 0), proto.SessionExpired},
		{1, onNode(proto.OpCheck, "", 0), proto.BadArguments},
		{1, onNode(proto.OpCheck, "/x", 0), proto.NoNode},
		{1, onNode(proto.OpCheck, "/zookeeper/config", 7), proto.BadVersion},
		{1, onNode(proto.OpCheck, "/zookeeper/config", 0), proto.OK},
		{1, onNode(proto.OpExists, "/x\x00", 0), proto.BadArguments},
		{1, onNode(proto.OpGetData, "/x\x00", 0), proto.NoNode},
		{1, onNode(proto.OpGetChildren, "/a/", 0), proto.NoNode},
		{1, onNode(proto.OpGetChildren2, "", 0), proto.OK},
		{9, onNode(proto.OpReconfig, "", 0), proto.ReconfigDisabled},
		{1, onNode(proto.OpGetACL, "/", 0), proto.OK},
		{9, onNode(proto.OpSetACL, "", 0), proto.SessionExpired},
		{1, onNode(proto.OpSetACL, "", 0), proto.BadArguments},
		{1, onNode(proto.OpSetACL, "/x", 0), proto.InvalidACL},
		{1, withACL("/x", 0), proto.NoNode},
		{1, withACL("/zookeeper/config", 7), proto.NoAuth},
		{1, withACL("/a", 7), proto.BadVersion},
		{1, onNode(proto.OpGetACL, "/x", 0), proto.NoNode},
		{1, onNode(proto.OpGetAllChildren, "/x", 0), proto.NoNode},
		{1, onNode(proto.OpGetAllChildren, "", 0), proto.OK},
		{1, &proto.Op{Type: proto.OpAddWatch, Path: "/x", Mode: 2}, proto.MarshallingError},
		{1, &proto.Op{Type: proto.OpRemoveWatches, Path: "/x", Watches: 4}, proto.MarshallingError},
		{1, &proto.Op{Type: proto.OpCheckWatches, Path: "/x", Watches: 0}, proto.MarshallingError},
		{1, &proto.Op{Type: proto.OpRemoveWatches, Path: "/x", Watches: 3}, proto.NoWatcher},
		{1, &proto.Op{Type: proto.OpCheckWatches, Path: "/x", Watches: 1}, proto.NoWatcher},
		{1, &proto.Op{Type: proto.OpMultiRead, Ops: []proto.Op{*onNode(proto.OpExists, "/a", 0)}}, proto.MarshallingError},
		{1, onNode(proto.OpDeleteContainer, "/a", 0), proto.BadArguments},
		{0, onNode(proto.OpDeleteContainer, "/", 0), proto.BadArguments},
		{0, onNode(proto.OpDeleteContainer, "/x", 0), proto.NoNode},
		{0, onNode(proto.OpDeleteContainer, "/a", 0), proto.NotEmpty},
		{0, onNode(proto.OpDeleteContainer, "/e", 0), proto.BadVersion},
		{0, onNode(proto.OpDeleteContainer, "/a/c", 0), proto.BadVersion},
	} {
		before := b.Server.State
		r, events := b.do(c.session, c.op)
		assert.Equal(t, c.want, r.Err, "%+v", *c.op)
		assert.Equal(t, c.op.Type, r.Type)
		assert.Empty(t, events)
		if r.Err != proto.OK && c.op.Type.IsWrite() {
			assert.Equal(t, before.Last()+1, b.Last(), "a failed write takes its zxid")
			next, _, _ := before.Apply(b.Last(), 0, 1, onNode(proto.OpDelete, "/", 0))
			assert.Equal(t, next.Dump(), b.Dump(), "and changes nothing else")
		}
	}
}

func TestStatOfTimes(t *testing.T) {
	b := newBench(t, 1)
	c := create("/a", proto.FlagEphemeral)
	c.Type = proto.OpCreate2
	r, _ := b.do(1, c)
	assert.Equal(t, proto.Stat{Czxid: 2, Mzxid: 2, Pzxid: 2, Ctime: 1002, Mtime: 1002, EphemeralOwner: 1}, r.Stat)
	r, _ = b.do(1, &proto.Op{Type: proto.OpSetData, Path: "/a", Data: []byte("xyz")})
	assert.Equal(t, proto.Stat{Czxid: 2, Mzxid: 3, Pzxid: 2, Ctime: 1002, Mtime: 1003, Version: 1,
		EphemeralOwner: 1, DataLength: 3}, r.Stat)
}

func TestMultiIsOneOrNothing(t *testing.T) {
	b := newBench(t, 1)
	c2 := create("/a/s", proto.FlagSequential)
	c2.Type = proto.OpCreate2
	good := []proto.Op{*create("/a", 0), *c2, *onNode(proto.OpSetData, "/a", 0), *onNode(proto.OpCheck, "/a", 1),
		*onNode(proto.OpDelete, "/a/s0000000000", 0)}
	failing := &proto.Op{Type: proto.OpMulti, Ops: append(good[:3:3], *onNode(proto.OpCheck, "/a", 7), good[4])}
	watch, _ := b.do(1, watching(proto.OpExists, "/a"))
	require.Equal(t, proto.NoNode, watch.Err)

	r, events := b.do(1, failing)
	assert.Equal(t, proto.Result{Type: proto.OpMulti, Multi: []proto.Result{
		{Type: proto.OpError}, {Type: proto.OpError}, {Type: proto.OpError},
		{Type: proto.OpError, Err: proto.BadVersion}, {Type: proto.OpError, Err: proto.RuntimeInconsistency},
	}}, r)
	assert.Empty(t, events)

	r, events = b.do(1, &proto.Op{Type: proto.OpMulti, Ops: good})
	stat := proto.Stat{Czxid: 3, Mzxid: 3, Pzxid: 3, Ctime: 1003, Mtime: 1003, Version: 1, Cversion: 1, NumChildren: 1}
	assert.Equal(t, proto.Result{Type: proto.OpMulti, Multi: []proto.Result{
		{Type: proto.OpCreate, Path: "/a"}, {Type: proto.OpCreate, Path: "/a/s0000000000"},
		{Type: proto.OpSetData, Stat: stat}, {Type: proto.OpCheck}, {Type: proto.OpDelete},
	}}, r)
	assert.Len(t, events, 1, "a watch fires once")

	assert.Equal(t, proto.MarshallingError, b.err(1, &proto.Op{Type: proto.OpMulti, Ops: []proto.Op{*watching(proto.OpExists, "/a")}}))
	r, _ = b.do(1, &proto.Op{Type: proto.OpMulti})
	assert.Equal(t, proto.Result{Type: proto.OpMulti, Multi: []proto.Result{}}, r)
}

func event(id proto.SessionID, e proto.EventType, path string) model.Event {
	return model.Event{Session: id, WatcherEvent: proto.WatcherEvent{Type: e, Path: path}}
}

func TestWatchesFireOnce(t *testing.T) {
	b := newBench(t, 1, 2)
	b.do(1, watching(proto.OpExists, "/a"))
	b.do(2, watching(proto.OpGetChildren, ""))
	b.do(1, watching(proto.OpGetChildren2, "/"))
	b.do(2, watching(proto.OpGetData, "/missing"))
	require.Equal(t, 3, b.Watches.Count(), "none on a missing node but that of exists")
	_, events := b.do(1, create("/a", proto.FlagEphemeral))
	assert.Equal(t, []model.Event{event(1, proto.EventNodeCreated, "/a"), event(1, proto.EventNodeChildrenChanged, "/")}, events)
	_, events = b.do(1, onNode(proto.OpSetData, "/a", -1))
	assert.Empty(t, events)
	require.Equal(t, 1, b.Watches.Count(), "that at the empty path waits for ever")

	for _, id := range []proto.SessionID{2, 1} {
		b.do(id, watching(proto.OpGetData, "/a"))
		b.do(id, watching(proto.OpGetChildren, "/a"))
	}
	b.do(2, watching(proto.OpGetChildren, "/"))
	_, events = b.do(1, &proto.Op{Type: proto.OpCloseSession})
	assert.Equal(t, []model.Event{event(1, proto.EventNodeDeleted, "/a"), event(2, proto.EventNodeDeleted, "/a"),
		event(2, proto.EventNodeChildrenChanged, "/")}, events, "each is told once, the closing session too")
	require.Equal(t, 1, b.Watches.Count())
	b.Disconnect(2)
	assert.Zero(t, b.Watches.Count())
}

func TestRestoreWatches(t *testing.T) {
	b := newBench(t, 1) // zxid 1
	b.create(1, "/old", 0)
	b.create(1, "/new", 0)
	rel := b.Last()
	b.do(1, onNode(proto.OpSetData, "/new", -1))
	b.create(1, "/new/c", 0)
	r, events := b.do(1, &proto.Op{Type: proto.OpSetWatches, RelativeZxid: rel,
		DataWatches:  []string{"/old", "/new", "/gone"},
		ExistWatches: []string{"/old", "/gone"},
		ChildWatches: []string{"/new", "/old", "/gone"}})
	assert.Equal(t, proto.Result{Type: proto.OpSetWatches}, r)
	assert.Equal(t, []model.Event{
		event(1, proto.EventNodeDataChanged, "/new"), event(1, proto.EventNodeDeleted, "/gone"),
		event(1, proto.EventNodeCreated, "/old"),
		event(1, proto.EventNodeChildrenChanged, "/new"), event(1, proto.EventNodeDeleted, "/gone"),
	}, events)
	assert.Equal(t, 3, b.Watches.Count(), "data and child of /old, data of /gone")
}

func TestSessions(t *testing.T) {
	b := newBench(t, 7, 3)
	b.create(7, "/e", proto.FlagEphemeral)
	b.create(7, "/d", proto.FlagEphemeral)
	assert.Equal(t, []proto.SessionID{3, 7}, b.Sessions())
	assert.Equal(t, []string{"/d", "/e"}, b.Ephemerals(7))
	ms, ok := b.Timeout(7)
	assert.True(t, ok && ms == 4000)
	copied := b.State.Clone()
	b.do(7, &proto.Op{Type: proto.OpCloseSession})
	assert.Equal(t, proto.OK, b.err(7, &proto.Op{Type: proto.OpCloseSession}), "closing twice does no harm")
	assert.Equal(t, []proto.SessionID{3}, b.Sessions())
	assert.Empty(t, b.Ephemerals(7))
	_, ok = b.Timeout(7)
	assert.False(t, ok)
	assert.Equal(t, []string{"/d", "/e"}, copied.Ephemerals(7))
	assert.NotEqual(t, copied.Digest(), b.Digest())
}

func TestApplyWantsRisingZxids(t *testing.T) {
	s, _, _ := model.New().Apply(5, 0, 1, &proto.Op{Type: proto.OpCreateSession})
	assert.Panics(t, func() { s.Apply(5, 0, 1, &proto.Op{Type: proto.OpCreateSession}) })
}

func TestDumpAndDigest(t *testing.T) {
	b := newBench(t, 1)
	b.do(1, &proto.Op{Type: proto.OpSetData, Path: "/", Data: nil, Version: -1})
	want := `last 0.2
"/" c=0.0@0 m=0.2@1002 p=0.0 versions=1,-1,0 owner=0x0 data=null
"/zookeeper" c=0.0@0 m=0.0@0 p=0.0 versions=0,-2,0 owner=0x0 data=""
"/zookeeper/config" c=0.0@0 m=0.0@0 p=0.0 versions=0,0,-1 owner=0x0 data="" acl=[{1 world anyone}]
"/zookeeper/quota" c=0.0@0 m=0.0@0 p=0.0 versions=0,0,0 owner=0x0 data=""
session 0x1 timeout=4000
`
	assert.Equal(t, want, b.Dump())
	assert.Equal(t, b.Digest(), b.Clone().Digest())
}

// BenchmarkApply: a tree of a thousand nodes, in which writes do not slow down.
func BenchmarkApply(b *testing.B) {
	s, _, _ := model.New().Apply(1, 0, 1, &proto.Op{Type: proto.OpCreateSession})
	for range 1000 {
		s, _, _ = s.Apply(s.Last()+1, 0, 1, create("/n", proto.FlagSequential))
	}
	multi := &proto.Op{Type: proto.OpMulti, Ops: []proto.Op{*create("/x", 1), *onNode(proto.OpSetData, "/x", 0), *onNode(proto.OpDelete, "/x", 1)}}
	b.ReportAllocs()
	for b.Loop() {
		s, _, _ = s.Apply(s.Last()+1, 0, 1, multi)
	}
}
