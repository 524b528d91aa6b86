package ztree

import "github.com/zksim/zksim/node/proto"

// Watcher is a client connection, as its server numbers it.
type Watcher int64

// watchKind is the table that a watch is in.
type watchKind uint8

const (
	dataWatch  watchKind = iota // set by exists and getData
	childWatch                  // set by getChildren
	watchKinds
)

// Watches are the one-shot watches of one server. They are not replicated and
// end with their connection. Those of a path fire in the order in which they
// were set.
type Watches struct {
	paths [watchKinds]map[string]*watchList
	set   map[watchKey]*watch
	conns map[Watcher]*conn
	count int
	stamp uint64 // of the deletion being told
	free  *watch // linked by next
}

// watchKey makes setting a watch twice the same as setting it once.
type watchKey struct {
	who  Watcher
	kind watchKind
	path string
}

// watch is one entry; it is in the list of its path and in that of its connection.
type watch struct {
	watchKey
	conn                 *conn
	prev, next           *watch // of the path
	connPrev, connFollow *watch // of the connection
}

type watchList struct{ first, last *watch }

type conn struct {
	first *watch
	told  uint64 // the stamp of the last deletion that this connection was told of
}

// NewWatches returns an empty set.
func NewWatches() *Watches {
	w := &Watches{set: map[watchKey]*watch{}, conns: map[Watcher]*conn{}}
	for k := range w.paths {
		w.paths[k] = map[string]*watchList{}
	}
	return w
}

// Count is the number of watches.
func (w *Watches) Count() int { return w.count }

// Drop removes all watches of a connection, at a cost of their number.
func (w *Watches) Drop(who Watcher) {
	c := w.conns[who]
	if c == nil {
		return
	}
	for e := c.first; e != nil; e = c.first {
		w.unlink(e)
		w.release(e)
	}
}

// add sets a watch; one that is set stays where it is.
func (w *Watches) add(k watchKind, path string, who Watcher) {
	wk := watchKey{who, k, path}
	if w.set[wk] != nil {
		return
	}
	e := w.alloc()
	e.watchKey, e.conn = wk, w.conn(who)
	w.set[wk] = e
	w.count++
	list := w.paths[k][path]
	if list == nil {
		list = &watchList{}
		w.paths[k][path] = list
	}
	list.push(e)
	e.conn.push(e)
}

func (l *watchList) push(e *watch) {
	e.prev = l.last
	if l.last == nil {
		l.first = e
	} else {
		l.last.next = e
	}
	l.last = e
}

func (c *conn) push(e *watch) {
	e.connFollow = c.first
	if c.first != nil {
		c.first.connPrev = e
	}
	c.first = e
}

// fire tells the event to the watchers of its path and removes their watches.
// deliver may be nil.
func (w *Watches) fire(k watchKind, e proto.WatcherEvent, deliver func(Watcher, proto.WatcherEvent)) {
	for x := w.take(k, e.Path); x != nil; x = w.release(x) {
		if deliver != nil {
			deliver(x.who, e)
		}
	}
}

// fireDeleted tells a deletion to the data watches and then to the child
// watches of the path, but to no connection twice.
func (w *Watches) fireDeleted(path string, deliver func(Watcher, proto.WatcherEvent)) {
	w.stamp++
	e := proto.WatcherEvent{Type: proto.EventNodeDeleted, Path: path}
	for k := range watchKinds {
		for x := w.take(k, path); x != nil; x = w.release(x) {
			if deliver != nil && x.conn.told != w.stamp {
				deliver(x.who, e)
			}
			x.conn.told = w.stamp
		}
	}
}

// take unlinks all watches of a path and returns them linked by next.
func (w *Watches) take(k watchKind, path string) *watch {
	list := w.paths[k][path]
	if list == nil {
		return nil
	}
	delete(w.paths[k], path)
	for e := list.first; e != nil; e = e.next {
		w.forget(e)
	}
	return list.first
}

// unlink takes one watch out of everything.
func (w *Watches) unlink(e *watch) {
	list := w.paths[e.kind][e.path]
	if e.prev == nil {
		list.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		list.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	if list.first == nil {
		delete(w.paths[e.kind], e.path)
	}
	w.forget(e)
}

// forget takes a watch out of everything but the list of its path.
func (w *Watches) forget(e *watch) {
	if e.connPrev == nil {
		e.conn.first = e.connFollow
	} else {
		e.connPrev.connFollow = e.connFollow
	}
	if e.connFollow != nil {
		e.connFollow.connPrev = e.connPrev
	}
	if e.conn.first == nil {
		delete(w.conns, e.who)
	}
	delete(w.set, e.watchKey)
	w.count--
}

// release puts a watch back for reuse and returns the one that followed it.
func (w *Watches) release(e *watch) (next *watch) {
	next = e.next
	*e = watch{next: w.free}
	w.free = e
	return next
}

func (w *Watches) alloc() *watch {
	e := w.free
	if e == nil {
		return &watch{}
	}
	w.free, e.next = e.next, nil
	return e
}

func (w *Watches) conn(who Watcher) *conn {
	c := w.conns[who]
	if c == nil {
		c = &conn{}
		w.conns[who] = c
	}
	return c
}
