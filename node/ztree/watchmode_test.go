package ztree

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

func adding(path string, mode proto.WatchMode) proto.Op {
	return proto.Op{Type: proto.OpAddWatch, Path: path, Mode: mode}
}

func watches(t proto.OpCode, path string, typ proto.WatchType) proto.Op {
	return proto.Op{Type: t, Path: path, Watches: typ}
}

// tree3 is a leader with /a, /a/b and /a/b/c.
func tree3() *leader {
	l := newLeader()
	for _, p := range []string{"/a", "/a/b", "/a/b/c"} {
		l.do(create(p, 0))
	}
	return l
}

func TestPersistentWatchStays(t *testing.T) {
	l := tree3()
	require.Equal(t, proto.OK, l.read(2, adding("/a", proto.WatchPersistent)).Err)
	for range 2 {
		assert.Equal(t, []told{event(2, proto.EventNodeDataChanged, "/a")}, l.caused(on(proto.OpSetData, "/a", -1)))
		assert.Equal(t, []told{event(2, proto.EventNodeChildrenChanged, "/a")}, l.caused(create("/a/x", 0)))
		assert.Equal(t, []told{event(2, proto.EventNodeChildrenChanged, "/a")}, l.caused(on(proto.OpDelete, "/a/x", -1)))
	}
	assert.Empty(t, l.caused(on(proto.OpSetData, "/a/b", -1)), "it is about one znode")
	assert.Equal(t, 2, l.watches.Count())
}

// A recursive watch hears of the path and everything below it, of each event
// once, and never of children as such.
func TestRecursiveWatch(t *testing.T) {
	l := tree3()
	l.read(2, adding("/a", proto.WatchRecursive))
	l.read(2, adding("/a/b", proto.WatchRecursive))
	l.read(3, adding("/", proto.WatchRecursive))
	assert.Equal(t, []told{event(2, proto.EventNodeDataChanged, "/a/b/c"), event(3, proto.EventNodeDataChanged, "/a/b/c")},
		l.caused(on(proto.OpSetData, "/a/b/c", -1)))
	assert.Equal(t, []told{event(2, proto.EventNodeCreated, "/a/b/d"), event(3, proto.EventNodeCreated, "/a/b/d")}, l.caused(create("/a/b/d", 0)))
	assert.Equal(t, []told{event(2, proto.EventNodeDeleted, "/a/b/d"), event(3, proto.EventNodeDeleted, "/a/b/d")},
		l.caused(on(proto.OpDelete, "/a/b/d", -1)))
	assert.Equal(t, []told{event(3, proto.EventNodeCreated, "/ab")}, l.caused(create("/ab", 0)), "a path that only begins alike")
	assert.Equal(t, []told{event(3, proto.EventNodeDataChanged, "/")}, l.caused(on(proto.OpSetData, "/", -1)))
}

// In one table a connection has one mode at a path: the last one set.
func TestModesOverwriteEachOther(t *testing.T) {
	l := tree3()
	l.read(2, adding("/a", proto.WatchPersistent))
	l.read(2, watching(proto.OpGetData, "/a"))
	assert.Equal(t, []told{event(2, proto.EventNodeDataChanged, "/a")}, l.caused(on(proto.OpSetData, "/a", -1)))
	assert.Empty(t, l.caused(on(proto.OpSetData, "/a", -1)), "the data watch had become one that fires once")
	assert.Equal(t, []told{event(2, proto.EventNodeChildrenChanged, "/a")}, l.caused(create("/a/x", 0)), "the child watch had not")
	l.read(2, adding("/a", proto.WatchRecursive))
	assert.Equal(t, []told{event(2, proto.EventNodeCreated, "/a/y")}, l.caused(create("/a/y", 0)), "and hears no more of children")
	l.read(2, watching(proto.OpGetChildren, "/a"))
	assert.Equal(t, []told{event(2, proto.EventNodeCreated, "/a/z"), event(2, proto.EventNodeChildrenChanged, "/a")}, l.caused(create("/a/z", 0)))
	assert.Equal(t, [watchKinds]int{1, 0}, l.watches.recursive)
	l.watches.Drop(2)
	assert.Equal(t, [watchKinds]int{}, l.watches.recursive)
	assert.Zero(t, l.watches.Count())
}

func TestRemoveAndCheckWatches(t *testing.T) {
	l := tree3()
	l.read(2, watching(proto.OpGetData, "/a"))
	l.read(2, adding("/a/b", proto.WatchRecursive))
	l.read(3, adding("", proto.WatchPersistent))
	for _, c := range []struct {
		who  Watcher
		op   proto.Op
		want proto.ErrCode
	}{
		{2, watches(proto.OpCheckWatches, "/a", 2), proto.OK},
		{9, watches(proto.OpCheckWatches, "/a", 3), proto.OK}, // whosever it is
		{2, watches(proto.OpCheckWatches, "/a", 1), proto.NoWatcher},
		{2, watches(proto.OpCheckWatches, "/a", 0), proto.MarshallingError},
		{2, watches(proto.OpCheckWatches, "/a/b/c", 3), proto.NoWatcher}, // not by those above
		{3, watches(proto.OpCheckWatches, "", 3), proto.NoWatcher},
		{9, watches(proto.OpRemoveWatches, "/a", 3), proto.NoWatcher}, // one's own only
		{2, watches(proto.OpRemoveWatches, "/a", 4), proto.MarshallingError},
		{2, watches(proto.OpRemoveWatches, "/a", 1), proto.NoWatcher},
		{2, watches(proto.OpRemoveWatches, "/a", 2), proto.OK},
		{2, watches(proto.OpRemoveWatches, "/a", 3), proto.NoWatcher},
		{2, watches(proto.OpRemoveWatches, "/a/b", 1), proto.OK},
		{2, watches(proto.OpRemoveWatches, "/a/b", 3), proto.OK},
		{3, watches(proto.OpRemoveWatches, "", 3), proto.OK},
		{2, adding("/a", 2), proto.MarshallingError},
		{2, adding("/a", -1), proto.MarshallingError},
	} {
		assert.Equal(t, c.want, l.read(c.who, c.op).Err, "%v %q type %d", c.op.Type, c.op.Path, c.op.Watches)
	}
	assert.Zero(t, l.watches.Count())
}

// setWatches2 sets the persistent ones without a word.
func TestSetWatchesOfAllKinds(t *testing.T) {
	l := tree3()
	l.read(2, proto.Op{Type: proto.OpSetWatches2, PersistentWatches: []string{"/a", "/none"}, RecursiveWatches: []string{"/a/b"}})
	assert.Empty(t, l.events)
	assert.Equal(t, []told{event(2, proto.EventNodeDataChanged, "/a/b/c")}, l.caused(on(proto.OpSetData, "/a/b/c", -1)))
	assert.Equal(t, []told{event(2, proto.EventNodeCreated, "/none")}, l.caused(create("/none", 0)))
}

// An event is told to those only who may read the znode; for the children of a
// znode it is its own list that counts.
func TestEventsAreFiltered(t *testing.T) {
	l := newLeader()
	me := digestID("u0:pw0")
	l.ids[1], l.ids[3], l.ids[4] = []proto.ID{me}, []proto.ID{me}, []proto.ID{Super()}
	dark := create("/dark", 0)
	dark.ACL = []proto.ACL{{Perms: 31, Scheme: "digest", ID: me.ID}}
	for who := Watcher(2); who <= 4; who++ {
		l.read(who, adding("/dark", proto.WatchPersistent))
	}
	to := func(typ proto.EventType) []told { return []told{event(3, typ, "/dark"), event(4, typ, "/dark")} }
	assert.Equal(t, to(proto.EventNodeCreated), l.caused(dark))
	assert.Equal(t, to(proto.EventNodeDataChanged), l.caused(on(proto.OpSetData, "/dark", -1)))
	assert.Equal(t, to(proto.EventNodeChildrenChanged), l.caused(create("/dark/open", 0)))
	l.do(on(proto.OpDelete, "/dark/open", -1))
	assert.Equal(t, to(proto.EventNodeDeleted), l.caused(on(proto.OpDelete, "/dark", -1)), "the list that it had")
	l.SetRules(Rules{SkipACL: true})
	assert.Len(t, l.caused(dark), 3)
}

func TestReads(t *testing.T) {
	l := tree3()
	l.do(create("/a/e", 1))
	l.do(create("/e", 1))
	count := func(path string) int32 { return l.read(2, on(proto.OpGetAllChildren, path, 0)).Count }
	assert.Equal(t, []int32{8, 8, 3, 0}, []int32{count("/"), count(""), count("/a"), count("/a/b/c")})
	assert.Equal(t, proto.NoNode, l.read(2, on(proto.OpGetAllChildren, "/none", 0)).Err)
	mine := func(prefix string) []string { return l.read(2, on(proto.OpGetEphemerals, prefix, 0)).Children }
	assert.Equal(t, []string{"/a/e", "/e"}, mine("/"))
	assert.Equal(t, []string{"/a/e", "/e"}, mine(""))
	assert.Equal(t, []string{"/a/e"}, mine("/a"))
	assert.Empty(t, mine("/b"))
	l.ids[2] = []proto.ID{IPIdentity("10.0.0.1"), Super(), digestID("u0:pw0")}
	assert.Equal(t, []proto.ID{{Scheme: "ip", ID: "10.0.0.1"}, {Scheme: "digest", ID: "u0"}}, l.read(2, proto.Op{Type: proto.OpWhoAmI}).IDs)
	r := l.read(2, proto.Op{Type: proto.OpMultiRead, Ops: []proto.Op{
		watching(proto.OpGetData, "/a"), on(proto.OpGetChildren, "/none", 0), on(proto.OpGetChildren, "/a/b", 0)}})
	require.Len(t, r.Multi, 3)
	assert.Equal(t, proto.Result{Type: proto.OpError, Err: proto.NoNode}, r.Multi[1])
	assert.Equal(t, proto.Result{Type: proto.OpGetChildren, Children: []string{"c"}}, r.Multi[2])
	assert.Zero(t, l.watches.Count(), "no watch is set inside a multiRead")
}
