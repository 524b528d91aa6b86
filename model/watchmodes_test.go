package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

func addWatch(path string, mode proto.WatchMode) *proto.Op {
	return &proto.Op{Type: proto.OpAddWatch, Path: path, Mode: mode}
}

func aboutWatches(code proto.OpCode, path string, which proto.WatchType) *proto.Op {
	return &proto.Op{Type: code, Path: path, Watches: which}
}

func TestPersistentAndRecursiveWatches(t *testing.T) {
	b := newBench(t, 1, 2, 3)
	require.Equal(t, proto.OK, b.err(1, addWatch("/a", proto.WatchPersistent)))
	require.Equal(t, proto.OK, b.err(2, addWatch("/", proto.WatchRecursive)))
	_, events := b.do(3, create("/a", 0))
	assert.Equal(t, []model.Event{event(1, proto.EventNodeCreated, "/a"), event(2, proto.EventNodeCreated, "/a")}, events)
	_, events = b.do(3, create("/a/b", 0))
	assert.Equal(t, []model.Event{event(2, proto.EventNodeCreated, "/a/b"), event(1, proto.EventNodeChildrenChanged, "/a")}, events)
	_, events = b.do(3, onNode(proto.OpSetData, "/a/b", -1))
	assert.Equal(t, []model.Event{event(2, proto.EventNodeDataChanged, "/a/b")}, events)
	for range 2 {
		_, events = b.do(3, onNode(proto.OpSetData, "/a", -1))
		assert.Len(t, events, 2, "they stay")
	}
	b.do(3, onNode(proto.OpDelete, "/a/b", -1))
	_, events = b.do(3, onNode(proto.OpDelete, "/a", -1))
	assert.Equal(t, []model.Event{event(1, proto.EventNodeDeleted, "/a"), event(2, proto.EventNodeDeleted, "/a")}, events,
		"once, though in both tables")
	assert.Equal(t, 4, b.Watches.Count())
}

// A table holds one watch of a session on a path: the last one set.
func TestModesReplaceEachOther(t *testing.T) {
	b := newBench(t, 1)
	b.create(1, "/a", 0)
	b.do(1, addWatch("/a", proto.WatchPersistent))
	b.do(1, watching(proto.OpGetData, "/a"))
	_, events := b.do(1, onNode(proto.OpSetData, "/a", -1))
	assert.Len(t, events, 1)
	_, events = b.do(1, onNode(proto.OpSetData, "/a", -1))
	assert.Empty(t, events, "the persistent one is no more")
	_, events = b.do(1, create("/a/b", 0))
	assert.Len(t, events, 1, "but among the child watches it is")
	b.do(1, watching(proto.OpGetChildren, "/a"))
	b.do(1, addWatch("/a", proto.WatchRecursive))
	_, events = b.do(1, create("/a/c", 0))
	assert.Equal(t, []model.Event{event(1, proto.EventNodeCreated, "/a/c")}, events, "which hears of no children")
}

func TestRemoveAndCheckWatches(t *testing.T) {
	b := newBench(t, 1, 2)
	b.create(1, "/a", 0)
	b.do(1, watching(proto.OpGetData, "/a"))
	b.do(1, watching(proto.OpGetChildren, ""))
	assert.Equal(t, proto.OK, b.err(2, aboutWatches(proto.OpCheckWatches, "/a", proto.WatchesAny)), "somebody's is enough")
	assert.Equal(t, proto.NoWatcher, b.err(2, aboutWatches(proto.OpCheckWatches, "/a", proto.WatchesChild)))
	assert.Equal(t, proto.NoWatcher, b.err(1, aboutWatches(proto.OpCheckWatches, "", proto.WatchesChild)))
	assert.Equal(t, proto.NoWatcher, b.err(2, aboutWatches(proto.OpRemoveWatches, "/a", proto.WatchesAny)), "one's own alone")
	assert.Equal(t, proto.NoWatcher, b.err(1, aboutWatches(proto.OpRemoveWatches, "/a", proto.WatchesChild)))
	assert.Equal(t, proto.OK, b.err(1, aboutWatches(proto.OpRemoveWatches, "/a", proto.WatchesData)))
	assert.Equal(t, proto.NoWatcher, b.err(1, aboutWatches(proto.OpCheckWatches, "/a", proto.WatchesAny)))
	assert.Equal(t, 1, b.Watches.Count())
}

// Nobody hears of what he may not read; his watch is used up all the same.
func TestEventsAreForReaders(t *testing.T) {
	b := newBench(t, 1, 2)
	b.Connect(1, "127.0.0.1")
	b.do(1, auth("digest", "u0:pw0"))
	op := create("/a", 0)
	op.ACL = []proto.ACL{entry(31, "auth", "")}
	b.do(1, op)
	for id := proto.SessionID(1); id <= 2; id++ {
		b.do(id, watching(proto.OpExists, "/a"))
		b.do(id, addWatch("/a/b", proto.WatchPersistent))
	}
	b.do(2, aboutWatches(proto.OpRemoveWatches, "/a/b", proto.WatchesChild))
	_, events := b.do(1, onNode(proto.OpSetData, "/a", -1))
	assert.Equal(t, []model.Event{event(1, proto.EventNodeDataChanged, "/a")}, events)
	assert.Equal(t, 3, b.Watches.Count())
	_, events = b.do(1, create("/a/b", 0))
	assert.Len(t, events, 2, "the permissions of a node count, not those of its parent")
}

func TestRestorePersistentWatches(t *testing.T) {
	b := newBench(t, 1)
	_, events := b.do(1, &proto.Op{Type: proto.OpSetWatches2, PersistentWatches: []string{"/a"}, RecursiveWatches: []string{"/"}})
	assert.Empty(t, events)
	_, events = b.do(1, create("/a", 0))
	assert.Equal(t, []model.Event{event(1, proto.EventNodeCreated, "/a")}, events, "once for both")
	_, events = b.do(1, create("/b", 0))
	assert.Equal(t, []model.Event{event(1, proto.EventNodeCreated, "/b")}, events)
}
