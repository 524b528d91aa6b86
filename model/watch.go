package model

import (
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// Event is a notification that goes to a session's connection.
type Event struct {
	Session proto.SessionID
	proto.WatcherEvent
}

// Watches are the one-shot watches that one server keeps for its connections,
// of which a session has one. They are not replicated. The zero value is empty;
// a copy is independent of the original.
type Watches struct {
	data, child table
}

// table holds watches of one kind: who watches a path, and what a session
// watches.
type table struct {
	byPath    sorted[string, watchers]
	bySession sorted[proto.SessionID, names]
}

type watchers = sorted[proto.SessionID, struct{}]

// Set keeps the watch that a successful or missing read asked for: data watches
// for getData on a node that is there and for exists in any case that was
// answered, child watches for getChildren and getChildren2 on a node that is there.
func (w *Watches) Set(id proto.SessionID, op *proto.Op, err proto.ErrCode) {
	if !op.Watch {
		return
	}
	switch op.Type {
	case proto.OpExists:
		if err == proto.OK || err == proto.NoNode {
			w.data.set(op.Path, id)
		}
	case proto.OpGetData:
		if err == proto.OK {
			w.data.set(op.Path, id)
		}
	case proto.OpGetChildren, proto.OpGetChildren2:
		if err == proto.OK {
			w.child.set(op.Path, id)
		}
	}
}

// Fire removes the watches that the changes trigger and returns the events, in
// the order in which a connection must see its own; those of one change and
// table in the order of the sessions.
func (w *Watches) Fire(changes []Change) []Event {
	var events []Event
	for _, c := range changes {
		switch c.Type {
		case proto.EventNodeCreated:
			events = notify(events, w.data.take(c.Path), c.Type, c.Path)
			events = w.fireChildren(events, c.Path)
		case proto.EventNodeDeleted:
			events = w.fireDeleted(events, c.Path)
			events = w.fireChildren(events, c.Path)
		case proto.EventNodeDataChanged:
			events = notify(events, w.data.take(c.Path), c.Type, c.Path)
		}
	}
	return events
}

// fireDeleted tells everyone who watches the node in either way, each once.
func (w *Watches) fireDeleted(events []Event, path string) []Event {
	told := w.data.take(path)
	rest := slices.DeleteFunc(w.child.take(path), func(id proto.SessionID) bool {
		return slices.Contains(told, id)
	})
	events = notify(events, told, proto.EventNodeDeleted, path)
	return notify(events, rest, proto.EventNodeDeleted, path)
}

func (w *Watches) fireChildren(events []Event, child string) []Event {
	parent := canonical(parentOf(child))
	return notify(events, w.child.take(parent), proto.EventNodeChildrenChanged, parent)
}

// Restore takes over the watches that a client had on an earlier connection
// (setWatches). What changed since the client's last zxid fires at once; the
// rest is set again.
func (w *Watches) Restore(s State, id proto.SessionID, op *proto.Op) []Event {
	var events []Event
	tell := func(t proto.EventType, path string) {
		events = append(events, Event{id, proto.WatcherEvent{Type: t, Path: path}})
	}
	for _, path := range op.DataWatches {
		switch n, ok := s.find(path); {
		case !ok:
			tell(proto.EventNodeDeleted, path)
		case n.mzxid > op.RelativeZxid:
			tell(proto.EventNodeDataChanged, path)
		default:
			w.data.set(path, id)
		}
	}
	for _, path := range op.ExistWatches {
		if _, ok := s.find(path); ok {
			tell(proto.EventNodeCreated, path)
		} else {
			w.data.set(path, id)
		}
	}
	for _, path := range op.ChildWatches {
		switch n, ok := s.find(path); {
		case !ok:
			tell(proto.EventNodeDeleted, path)
		case n.pzxid > op.RelativeZxid:
			tell(proto.EventNodeChildrenChanged, path)
		default:
			w.child.set(path, id)
		}
	}
	return events
}

// Drop forgets the watches of a session whose connection is gone.
func (w *Watches) Drop(id proto.SessionID) {
	w.data.drop(id)
	w.child.drop(id)
}

// Count returns the number of watches.
func (w *Watches) Count() int { return w.data.count() + w.child.count() }

func notify(events []Event, to []proto.SessionID, t proto.EventType, path string) []Event {
	for _, id := range to {
		events = append(events, Event{id, proto.WatcherEvent{Type: t, Path: path}})
	}
	return events
}

func (t *table) set(path string, id proto.SessionID) {
	at, _ := t.byPath.get(path)
	t.putWatchers(path, at.with(id, rankOfNumber(int64(id)), struct{}{}))
	of, _ := t.bySession.get(id)
	t.putPaths(id, withName(of, path))
}

// take removes and returns those who watch the path, in ascending order.
func (t *table) take(path string) []proto.SessionID {
	at, _ := t.byPath.get(path)
	for id := range at.keys() {
		of, _ := t.bySession.get(id)
		t.putPaths(id, of.without(path))
	}
	t.byPath = t.byPath.without(path)
	return slices.Collect(at.keys())
}

func (t *table) drop(id proto.SessionID) {
	of, _ := t.bySession.get(id)
	for path := range of.keys() {
		at, _ := t.byPath.get(path)
		t.putWatchers(path, at.without(id))
	}
	t.bySession = t.bySession.without(id)
}

func (t *table) count() (n int) {
	for _, at := range t.byPath.all() {
		n += at.len()
	}
	return n
}

func (t *table) putWatchers(path string, at watchers) {
	if at.len() == 0 {
		t.byPath = t.byPath.without(path)
		return
	}
	t.byPath = t.byPath.with(path, rankOfText(path), at)
}

func (t *table) putPaths(id proto.SessionID, of names) {
	if of.len() == 0 {
		t.bySession = t.bySession.without(id)
		return
	}
	t.bySession = t.bySession.with(id, rankOfNumber(int64(id)), of)
}
