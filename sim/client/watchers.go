package client

import (
	"cmp"
	"slices"

	"github.com/go-zookeeper/zk"
)

// watcher is a channel that waits for one event of a path. Each has room for it,
// so that nobody has to wait for its reader.
type watcher struct {
	path string
	kind watchKind
	ch   chan zk.Event
}

// watchers are the channels that a connection has given away and that have not
// had their event, in the order in which they were given.
type watchers struct{ list []watcher }

func (w *watchers) add(path string, kind watchKind) <-chan zk.Event {
	ch := make(chan zk.Event, 1)
	w.list = append(w.list, watcher{path, kind, ch})
	return ch
}

// kindsOf are the watches that an event uses up.
func kindsOf(t zk.EventType) watchKind {
	switch t {
	case zk.EventNodeCreated:
		return watchExist
	case zk.EventNodeDataChanged:
		return watchExist | watchData
	case zk.EventNodeChildrenChanged:
		return watchChild
	case zk.EventNodeDeleted:
		return watchExist | watchData | watchChild
	}
	return 0
}

// fired tells everybody whom an event concerns.
func (w *watchers) fired(e zk.Event) {
	kinds := kindsOf(e.Type)
	w.end(e, func(x *watcher) bool { return x.path == e.Path && x.kind&kinds != 0 })
}

// invalidate tells everybody that no event will come any more.
func (w *watchers) invalidate(why error) {
	slices.SortStableFunc(w.list, func(a, b watcher) int { return cmp.Compare(a.path, b.path) })
	e := zk.Event{Type: zk.EventNotWatching, State: zk.StateDisconnected, Err: why}
	w.end(e, func(*watcher) bool { return true })
}

func (w *watchers) end(e zk.Event, which func(*watcher) bool) {
	w.list = slices.DeleteFunc(w.list, func(x watcher) bool {
		if !which(&x) {
			return false
		}
		e.Path = x.path
		x.ch <- e
		close(x.ch)
		return true
	})
}
