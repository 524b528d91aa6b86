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

// watchMode is how a watch goes on.
type watchMode uint8

const (
	once       watchMode = iota // removed when it fires
	persistent                  // stays
	recursive                   // stays, and is about everything below as well
)

// Watches are those that one server keeps for its connections, of which a
// session has one. They are not replicated. The zero value is empty; a copy is
// independent of the original.
type Watches struct {
	data, child table
}

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
			w.data.set(op.Path, id, once)
		}
	case proto.OpGetData:
		if err == proto.OK {
			w.data.set(op.Path, id, once)
		}
	case proto.OpGetChildren, proto.OpGetChildren2:
		if err == proto.OK {
			w.child.set(op.Path, id, once)
		}
	}
}

// Add is addWatch.
func (w *Watches) Add(id proto.SessionID, op *proto.Op) proto.Result {
	switch op.Mode {
	case proto.WatchPersistent:
		w.setBoth(op.Path, id, persistent)
	case proto.WatchRecursive:
		w.setBoth(op.Path, id, recursive)
	default:
		return failed(op, proto.MarshallingError)
	}
	return proto.Result{Type: op.Type}
}

func (w *Watches) setBoth(path string, id proto.SessionID, mode watchMode) {
	w.data.set(path, id, mode)
	w.child.set(path, id, mode)
}

// Remove is removeWatches: whatever the session has on the path in the tables
// that are meant, in any mode.
func (w *Watches) Remove(id proto.SessionID, op *proto.Op) proto.Result {
	had := false
	for _, t := range w.tables(op.Watches) {
		had = t.has(op.Path, id) || had
		t.unset(op.Path, id)
	}
	return w.found(op, had)
}

// Has is checkWatches: whether anybody at all watches the path. Nobody watches
// the empty one, though watches wait there.
func (w *Watches) Has(op *proto.Op) proto.Result {
	any := false
	for _, t := range w.tables(op.Watches) {
		any = any || op.Path != "" && t.watched(op.Path)
	}
	return w.found(op, any)
}

func (w *Watches) found(op *proto.Op, any bool) proto.Result {
	switch {
	case len(w.tables(op.Watches)) == 0:
		return failed(op, proto.MarshallingError)
	case !any:
		return failed(op, proto.NoWatcher)
	}
	return proto.Result{Type: op.Type}
}

// tables lists those that are meant, none for a type that nobody may name.
func (w *Watches) tables(t proto.WatchType) []*table {
	switch t {
	case proto.WatchesChild:
		return []*table{&w.child}
	case proto.WatchesData:
		return []*table{&w.data}
	case proto.WatchesAny:
		return []*table{&w.data, &w.child}
	}
	return nil
}

// Fire returns the events that the changes cause, and removes the watches that
// fire once. The events are in the order in which a connection must see its own;
// those of one change and table in the order of the sessions. may says who hears
// of what; a watch that may not be told of is used up all the same. Without may
// everybody hears of everything.
func (w *Watches) Fire(changes []Change, may func(proto.SessionID, []proto.ACL) bool) []Event {
	f := firing{may: may}
	for i := range changes {
		c := &changes[i]
		told := w.data.take(c.Type, c.Path)
		f.tell(told, c.Type, c.Path, c.ACL)
		if c.Type == proto.EventNodeDataChanged {
			continue
		}
		if c.Type == proto.EventNodeDeleted {
			rest := slices.DeleteFunc(w.child.take(c.Type, c.Path), func(id proto.SessionID) bool { return slices.Contains(told, id) })
			f.tell(rest, c.Type, c.Path, c.ACL)
		}
		parent := canonical(parentOf(c.Path))
		f.tell(w.child.take(proto.EventNodeChildrenChanged, parent), proto.EventNodeChildrenChanged, parent, c.ParentACL)
	}
	return f.events
}

type firing struct {
	may    func(proto.SessionID, []proto.ACL) bool
	events []Event
}

func (f *firing) tell(to []proto.SessionID, t proto.EventType, path string, acl []proto.ACL) {
	for _, id := range to {
		if f.may == nil || f.may(id, acl) {
			f.events = append(f.events, Event{id, proto.WatcherEvent{Type: t, Path: path}})
		}
	}
}

// Restore takes over the watches that a client had on an earlier connection
// (setWatches, setWatches2). What changed since the client's last zxid fires at
// once; the rest is set again. Those that stay are set and fire nothing.
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
			w.data.set(path, id, once)
		}
	}
	for _, path := range op.ExistWatches {
		if _, ok := s.find(path); ok {
			tell(proto.EventNodeCreated, path)
		} else {
			w.data.set(path, id, once)
		}
	}
	for _, path := range op.ChildWatches {
		switch n, ok := s.find(path); {
		case !ok:
			tell(proto.EventNodeDeleted, path)
		case n.pzxid > op.RelativeZxid:
			tell(proto.EventNodeChildrenChanged, path)
		default:
			w.child.set(path, id, once)
		}
	}
	for _, path := range op.PersistentWatches {
		w.setBoth(path, id, persistent)
	}
	for _, path := range op.RecursiveWatches {
		w.setBoth(path, id, recursive)
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
