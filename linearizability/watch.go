package linearizability

import (
	"cmp"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// CheckWatches checks that a client hears of a change before it sees it
// (WatchOrder, G10): when a reply with zxid h has left a watch, no later reply of
// the session shows a change after h of what is watched, unless an event came in
// between. It holds across connections, since watches are set again before
// anything is asked. An event of the step of a reply counts for it.
//
// It looks at what replies themselves tell: getData and exists for data, and
// getChildren2 for children. It takes time O(n log n) for n calls and events.
func CheckWatches(h *History) *proto.Violation {
	events := watchEvents(h)
	return eachSession(h, func(ops []*Op) *proto.Violation {
		w := watchCheck{events: ofSession(events, ops[0].Session)}
		for _, o := range ops {
			if v := w.check(o); v != nil {
				return v
			}
		}
		return nil
	})
}

// watchEvents gives the watch events, session by session in the order of arrival.
func watchEvents(h *History) []*Event {
	var out []*Event
	for i := range h.Events {
		if e := &h.Events[i]; e.Kind == WatchFired {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b *Event) int {
		return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(a.At, b.At))
	})
	return out
}

func ofSession(events []*Event, s proto.SessionID) []*Event {
	find := func(e *Event, s proto.SessionID) int { return cmp.Compare(e.Session, s) }
	from, _ := slices.BinarySearchFunc(events, s, find)
	to := from
	for to < len(events) && events[to].Session == s {
		to++
	}
	return events[from:to]
}

// watched is what a watch is on: a node's data and existence, or its children.
type watched struct {
	path     string
	children bool
}

// watchView is what a session knows of something that it watches or watched.
type watchView struct {
	set   *Op    // the reply that left the watch; nil: none, or it has fired
	fired uint64 // step of the last event
}

type watchCheck struct {
	events []*Event
	views  map[watched]watchView
}

func (w *watchCheck) check(o *Op) *proto.Violation {
	if !o.Replied() || o.Outcome != OK {
		return nil
	}
	w.hear(o.Return)
	on := watched{path: o.Op.Path}
	switch o.Op.Type {
	case proto.OpGetData, proto.OpExists:
	case proto.OpGetChildren2:
		on.children = true
	default:
		return nil
	}
	v := w.views[on]
	if v.set != nil && v.fired < v.set.Return && shows(o, v.set) {
		return violation(proto.WatchOrder, o, "shows a change after zxid %v, at which xid %d left a watch in step %d, and no event came",
			v.set.Zxid, v.set.Xid, v.set.Return)
	}
	if o.Op.Watch && (o.Err == proto.OK || o.Op.Type == proto.OpExists) {
		v.set = o
		w.put(on, v)
	}
	return nil
}

// shows reports whether a reply shows a change since the one that left the watch.
func shows(o, set *Op) bool {
	there, was := o.Err == proto.OK, set.Err == proto.OK
	switch {
	case o.Err != proto.OK && o.Err != proto.NoNode:
		return false
	case there != was:
		return true
	case !there:
		return false
	case o.Op.Type == proto.OpGetChildren2:
		return o.Result.Stat.Pzxid > set.Zxid
	}
	return o.Result.Stat.Mzxid > set.Zxid
}

// hear takes the events up to a step.
func (w *watchCheck) hear(step uint64) {
	for len(w.events) > 0 && w.events[0].At <= step {
		e := w.events[0]
		w.events = w.events[1:]
		if e.Type != proto.EventNodeChildrenChanged {
			w.fire(watched{path: e.Path}, e.At)
		}
		if e.Type == proto.EventNodeChildrenChanged || e.Type == proto.EventNodeDeleted {
			w.fire(watched{e.Path, true}, e.At)
		}
	}
}

// fire ends a watch. One that is left later in the same step may be the one that
// fired: the step of the event is kept.
func (w *watchCheck) fire(on watched, at uint64) { w.put(on, watchView{fired: at}) }

func (w *watchCheck) put(on watched, v watchView) {
	if w.views == nil {
		w.views = make(map[watched]watchView)
	}
	w.views[on] = v
}
