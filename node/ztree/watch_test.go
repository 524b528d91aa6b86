package ztree

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
)

func watching(t proto.OpCode, path string) proto.Op {
	return proto.Op{Type: t, Path: path, Watch: true}
}

func event(who Watcher, typ proto.EventType, path string) told {
	return told{who, proto.WatcherEvent{Type: typ, Path: path}}
}

// caused returns the events of one write.
func (l *leader) caused(op proto.Op) []told {
	l.events = nil
	l.do(op)
	return l.events
}

func TestWatchesFireOnceInOrder(t *testing.T) {
	l := newLeader()
	for _, who := range []Watcher{3, 1, 2, 1} {
		assert.Equal(t, proto.NoNode, l.read(who, watching(proto.OpExists, "/a")).Err)
	}
	l.read(1, watching(proto.OpGetChildren, "/"))
	assert.Equal(t, 4, l.watches.Count())
	assert.Equal(t, []told{
		event(3, proto.EventNodeCreated, "/a"), event(1, proto.EventNodeCreated, "/a"),
		event(2, proto.EventNodeCreated, "/a"), event(1, proto.EventNodeChildrenChanged, "/"),
	}, l.caused(create("/a", 0)))
	assert.Zero(t, l.watches.Count())
	assert.Empty(t, l.watches.conns)
	assert.Empty(t, l.caused(on(proto.OpSetData, "/a", -1)))
}

// TestDeletionIsToldOnce: a connection with a data and a child watch on the node
// gets one event, and loses both.
func TestDeletionIsToldOnce(t *testing.T) {
	l := newLeader()
	l.do(create("/a", 0))
	l.read(2, watching(proto.OpGetChildren2, "/a"))
	l.read(1, watching(proto.OpGetChildren, "/a"))
	l.read(1, watching(proto.OpGetData, "/a"))
	l.read(1, watching(proto.OpGetChildren, "/"))
	assert.Equal(t, []told{
		event(1, proto.EventNodeDeleted, "/a"), event(2, proto.EventNodeDeleted, "/a"),
		event(1, proto.EventNodeChildrenChanged, "/"),
	}, l.caused(on(proto.OpDelete, "/a", -1)))
	assert.Zero(t, l.watches.Count())
}

func TestReadsThatFailWatchNothing(t *testing.T) {
	l := newLeader()
	assert.Equal(t, proto.NoNode, l.read(1, watching(proto.OpGetData, "/a")).Err)
	assert.Equal(t, proto.NoNode, l.read(1, watching(proto.OpGetChildren, "/a")).Err)
	assert.Equal(t, proto.BadArguments, l.read(1, watching(proto.OpExists, "/a\x00")).Err)
	assert.Equal(t, proto.Unimplemented, l.read(1, watching(proto.OpReconfig, "/")).Err)
	assert.Zero(t, l.watches.Count())
}

// TestEmptyPathIsRoot for reads; a watch set there waits for ever.
func TestEmptyPathIsRoot(t *testing.T) {
	l := newLeader()
	r := l.read(1, watching(proto.OpGetChildren2, ""))
	assert.Equal(t, []string{"zookeeper"}, r.Children)
	assert.Equal(t, int32(-1), r.Stat.Cversion)
	assert.Equal(t, 1, l.watches.Count())
	assert.Empty(t, l.caused(create("/a", 0)))
	assert.Equal(t, "any", l.read(1, proto.Op{Type: proto.OpSync, Path: "any"}).Path)
	assert.Equal(t, proto.Result{Type: proto.OpPing}, l.read(1, proto.Op{Type: proto.OpPing}))
}

// TestSetWatches catches up in list order, and watches again what is unchanged.
func TestSetWatches(t *testing.T) {
	l := newLeader()
	for _, p := range []string{"/same", "/set", "/kids"} {
		l.do(create(p, 0)) // 1 to 3
	}
	l.do(on(proto.OpSetData, "/set", -1)) // 4
	l.do(create("/kids/new", 0))          // 5
	l.events = nil
	again := func(rel proto.Zxid) {
		l.read(7, proto.Op{Type: proto.OpSetWatches, RelativeZxid: rel,
			DataWatches:  []string{"/set", "/gone", "/same"},
			ExistWatches: []string{"/same", "/none"},
			ChildWatches: []string{"/kids", "/gone", "/same"}})
	}
	again(3)
	assert.Equal(t, []told{
		event(7, proto.EventNodeDataChanged, "/set"), event(7, proto.EventNodeDeleted, "/gone"),
		event(7, proto.EventNodeCreated, "/same"),
		event(7, proto.EventNodeChildrenChanged, "/kids"), event(7, proto.EventNodeDeleted, "/gone"),
	}, l.events)
	assert.Equal(t, 3, l.watches.Count())
	assert.Equal(t, []told{event(7, proto.EventNodeDataChanged, "/same")}, l.caused(on(proto.OpSetData, "/same", -1)))
	assert.Equal(t, []told{event(7, proto.EventNodeCreated, "/none")}, l.caused(create("/none", 0)))
	assert.Equal(t, []told{event(7, proto.EventNodeChildrenChanged, "/same")}, l.caused(create("/same/x", 0)))
	l.events = nil
	again(4)
	assert.NotContains(t, l.events, event(7, proto.EventNodeDataChanged, "/set"), "the change at 4 was seen")
	l.events = nil
	again(5)
	assert.NotContains(t, l.events, event(7, proto.EventNodeChildrenChanged, "/kids"), "the change at 5 was seen")
}

// TestUnreadableNodeTellsNobody: the event is kept back, its watch is gone.
func TestUnreadableNodeTellsNobody(t *testing.T) {
	l := newLeader()
	txn := step(1, proto.OpCreate, "/dark", 1)
	txn.ACL = []proto.ACL{{Perms: 30, Scheme: "world", ID: "anyone"}}
	l.Apply(txn, nil, nil)
	assert.Equal(t, proto.NoAuth, l.read(1, watching(proto.OpGetData, "/dark")).Err)
	require.Equal(t, proto.OK, l.read(1, watching(proto.OpExists, "/dark")).Err)
	l.Apply(step(2, proto.OpSetData, "/dark", 0), l.watches, l.deliver)
	assert.Empty(t, l.events)
	assert.Zero(t, l.watches.Count())
}

// TestWatchesAgainstPlainList holds the linked tables against a plain list.
func TestWatchesAgainstPlainList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := NewWatches(nil)
		var plain []watchKey
		draw := func() watchKey {
			return watchKey{Watcher(rapid.IntRange(1, 4).Draw(t, "who")), watchKind(rapid.IntRange(0, 1).Draw(t, "kind")),
				rapid.SampledFrom([]string{"/a", "/b", "/c"}).Draw(t, "path")}
		}
		remove := func(hit func(watchKey) bool) (gone, kept []watchKey) {
			for _, k := range plain {
				if hit(k) {
					gone = append(gone, k)
				} else {
					kept = append(kept, k)
				}
			}
			return gone, kept
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			k := draw()
			var want, got []Watcher
			deliver := func(who Watcher, _ proto.WatcherEvent) { got = append(got, who) }
			switch rapid.IntRange(0, 5).Draw(t, "do") {
			case 0:
				w.Drop(k.who)
				_, plain = remove(func(x watchKey) bool { return x.who == k.who })
			case 1:
				w.fire(k.kind, proto.WatcherEvent{Path: k.path}, audience{deliver: deliver})
				var gone []watchKey
				gone, plain = remove(func(x watchKey) bool { return x.kind == k.kind && x.path == k.path })
				for _, x := range gone {
					want = append(want, x.who)
				}
			case 2:
				w.fireDeleted(k.path, audience{deliver: deliver})
				want, plain = plainDeleted(plain, k.path, remove)
			default:
				w.add(k.kind, k.path, k.who, oneShot)
				if had, _ := remove(func(x watchKey) bool { return x == k }); len(had) == 0 {
					plain = append(plain, k)
				}
			}
			require.Equal(t, want, got)
			require.Equal(t, len(plain), w.Count())
			requireSound(t, w)
		}
	})
}

func plainDeleted(plain []watchKey, path string, remove func(func(watchKey) bool) (gone, kept []watchKey)) ([]Watcher, []watchKey) {
	gone, kept := remove(func(x watchKey) bool { return x.path == path })
	var want []Watcher
	heard := map[Watcher]bool{}
	for kind := range watchKinds {
		for _, x := range gone {
			if x.kind == kind && !heard[x.who] {
				heard[x.who] = true
				want = append(want, x.who)
			}
		}
	}
	return want, kept
}

// requireSound checks that nothing is left of watches that are gone.
func requireSound(t *rapid.T, w *Watches) {
	inPaths, inConns := 0, 0
	for _, table := range w.paths {
		for _, list := range table {
			require.NotNil(t, list.first)
			for e := list.first; e != nil; e = e.next {
				inPaths++
				require.True(t, e.next != nil || list.last == e)
			}
		}
	}
	for _, c := range w.conns {
		require.NotNil(t, c.first)
		for e := c.first; e != nil; e = e.connFollow {
			inConns++
		}
	}
	require.Equal(t, []int{w.count, w.count, w.count}, []int{inPaths, inConns, len(w.set)})
}
