package ztree

import "github.com/zksim/zksim/node/proto"

// Watcher is a client connection, as its server numbers it.
type Watcher int64

// watchKind is the table that a watch is in.
type watchKind uint8

const (
	dataWatch  watchKind = iota // set by exists, getData and addWatch
	childWatch                  // set by getChildren and addWatch
	watchKinds
)

// watchMode says when a watch fires, and whether that is its end. A connection
// has one watch on a path in each table: setting another one changes its mode.
type watchMode uint8

const (
	oneShot watchMode = iota
	persistent
	recursive // persistent, and fires for everything below its path too
)

// Watches are the watches of one server. They are not replicated and end with
// their connection. Those of a path fire in the order in which they were set,
// before those of paths above it.
type Watches struct {
	paths     [watchKinds]map[string]*watchList
	set       map[watchKey]*watch
	conns     map[Watcher]*conn
	ids       func(Watcher) []proto.ID // the identities of a connection
	count     int
	recursive [watchKinds]int
	stamp     uint64 // of the event being told
	free      *watch // linked by next
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
	mode                 watchMode
	conn                 *conn
	prev, next           *watch // of the path
	connPrev, connFollow *watch // of the connection
}

type watchList struct{ first, last *watch }

type conn struct {
	first *watch
	bytes int64  // that its watches take
	told  uint64 // the stamp of the last event that this connection was told of
}

// NewWatches returns an empty set. ids gives the identities of a connection, by
// which it is decided what it may be told; nil: no connection has any.
func NewWatches(ids func(Watcher) []proto.ID) *Watches {
	w := &Watches{set: map[watchKey]*watch{}, conns: map[Watcher]*conn{}, ids: ids}
	for k := range w.paths {
		w.paths[k] = map[string]*watchList{}
	}
	return w
}

// watchBytes is about what a watch takes beside its path.
const watchBytes = 200

func (e *watch) bytes() int64 { return int64(watchBytes + len(e.path)) }

// Bytes is about what the watches of a connection take of the memory.
func (w *Watches) Bytes(who Watcher) int64 {
	if c := w.conns[who]; c != nil {
		return c.bytes
	}
	return 0
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

// add sets a watch; one that is set stays where it is and gets the mode.
func (w *Watches) add(k watchKind, path string, who Watcher, mode watchMode) {
	wk := watchKey{who, k, path}
	if e := w.set[wk]; e != nil {
		w.setMode(e, mode)
		return
	}
	e := w.alloc()
	e.watchKey, e.conn = wk, w.conn(who)
	w.setMode(e, mode)
	w.set[wk] = e
	w.count++
	list := w.paths[k][path]
	if list == nil {
		list = &watchList{}
		w.paths[k][path] = list
	}
	list.push(e)
	e.conn.push(e)
	e.conn.bytes += e.bytes()
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

// setMode changes what counts the recursive watches.
func (w *Watches) setMode(e *watch, mode watchMode) {
	if e.mode == recursive {
		w.recursive[e.kind]--
	}
	if e.mode = mode; mode == recursive {
		w.recursive[e.kind]++
	}
}

// audience is who may be told of an event, and how: those whom a list lets read.
type audience struct {
	deliver func(Watcher, proto.WatcherEvent) // nil: nobody
	acl     []proto.ACL                       // empty: everybody may
}

// fire tells the event to the watchers of its path, once to each connection.
func (w *Watches) fire(k watchKind, e proto.WatcherEvent, to audience) {
	w.stamp++
	w.tell(k, e, to)
}

// fireDeleted tells a deletion to the data watches and then to the child
// watches of the path, but to no connection twice.
func (w *Watches) fireDeleted(path string, to audience) {
	w.stamp++
	e := proto.WatcherEvent{Type: proto.EventNodeDeleted, Path: path}
	for k := range watchKinds {
		w.tell(k, e, to)
	}
}

// tell goes through the watches of the path, and removes those that fire once.
// Then come the recursive ones above it, which are not told of children: whoever
// watches everything below a path hears of each child itself.
func (w *Watches) tell(k watchKind, e proto.WatcherEvent, to audience) {
	if list := w.paths[k][e.Path]; list != nil {
		w.tellList(list, e, to)
	}
	if w.recursive[k] == 0 || e.Type == proto.EventNodeChildrenChanged {
		return
	}
	for path := e.Path; path != "/"; {
		path = shown(parentKey(path))
		if list := w.paths[k][path]; list != nil {
			for x := list.first; x != nil; x = x.next {
				if x.mode == recursive {
					w.tellOne(x, e, to)
				}
			}
		}
	}
}

func (w *Watches) tellList(list *watchList, e proto.WatcherEvent, to audience) {
	for x := list.first; x != nil; {
		next := x.next
		if x.mode != recursive || e.Type != proto.EventNodeChildrenChanged {
			w.tellOne(x, e, to)
		}
		if x.mode == oneShot {
			w.unlink(x)
			w.release(x)
		}
		x = next
	}
}

func (w *Watches) tellOne(x *watch, e proto.WatcherEvent, to audience) {
	if x.conn.told == w.stamp {
		return
	}
	x.conn.told = w.stamp
	if to.deliver != nil && w.mayKnow(x.who, to.acl) {
		to.deliver(x.who, e)
	}
}

func (w *Watches) mayKnow(who Watcher, acl []proto.ACL) bool {
	if len(acl) == 0 {
		return true
	}
	var ids []proto.ID
	if w.ids != nil {
		ids = w.ids(who)
	}
	return grants(acl, proto.PermRead, ids)
}

// tables calls visit for each table that a client means, and reports whether it
// means any.
func tables(t proto.WatchType, visit func(watchKind)) bool {
	switch t {
	case proto.WatchesChild:
		visit(childWatch)
	case proto.WatchesData:
		visit(dataWatch)
	case proto.WatchesAny:
		visit(childWatch)
		visit(dataWatch)
	default:
		return false
	}
	return true
}

// remove removes the watches of a connection on a path.
func (w *Watches) remove(path string, t proto.WatchType, who Watcher) proto.ErrCode {
	err := proto.NoWatcher
	known := tables(t, func(k watchKind) {
		if e := w.set[watchKey{who, k, path}]; e != nil {
			w.unlink(e)
			w.release(e)
			err = proto.OK
		}
	})
	if !known {
		return proto.MarshallingError
	}
	return err
}

// check says whether anybody watches a path: like ZooKeeper 3.8.0 it does not
// ask whose watches they are. Nothing is ever found at the empty path.
func (w *Watches) check(path string, t proto.WatchType) proto.ErrCode {
	err := proto.NoWatcher
	known := tables(t, func(k watchKind) {
		if path != "" && w.paths[k][path] != nil {
			err = proto.OK
		}
	})
	if !known {
		return proto.MarshallingError
	}
	return err
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

// forget takes a watch out of everything but the list of its path; its memory
// stays as it is until it is released.
func (w *Watches) forget(e *watch) {
	if e.connPrev == nil {
		e.conn.first = e.connFollow
	} else {
		e.connPrev.connFollow = e.connFollow
	}
	if e.connFollow != nil {
		e.connFollow.connPrev = e.connPrev
	}
	e.conn.bytes -= e.bytes()
	if e.conn.first == nil {
		delete(w.conns, e.who)
	}
	delete(w.set, e.watchKey)
	w.setMode(e, oneShot)
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
