package linearizability

import (
	"cmp"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// checkEvents holds the events of every session against what its watches had to
// send, which the replay knows: each watch sends one event, of the first change
// after the reply that left it (WatchOnce, G12), before any reply that is not
// older than the change (WatchOrder, G10), and the events of a connection are in
// the order of W (WatchOrder, G11). On a new connection the client sets its
// watches again: what changed meanwhile is then told at once, as it stands, but
// that a node was created and deleted again is not.
//
// Where it is not known what came of an unknown outcome, or of a session that may
// have ended, a watch that it may have set off could have sent an event at any
// time in which that can have happened. What then remains is that a watch sends
// no more than one event, of a kind that suits it, and that it has sent it when a
// change has been seen that surely happened. What cannot be known there: whether
// an event that a watch was left for came of a change at all, of which, and
// whether one is missing of a change that nobody was answered for.
//
// Silent sessions are passed over.
func checkEvents(h *History, r *replay, silent map[proto.SessionID]bool) *proto.Violation {
	list := r.triggers.byWatched()
	doubts := r.doubts(list)
	items := slices.DeleteFunc(watchItems(h), func(it watchItem) bool { return silent[it.session] })
	for len(items) > 0 {
		n := 1
		for n < len(items) && items[n].session == items[0].session {
			n++
		}
		c := eventCheck{triggers: list, doubts: doubts, items: items[:n], active: map[watched]*active{}, soonest: noBound}
		if v := c.run(); v != nil {
			return v
		}
		items = items[n:]
	}
	return nil
}

// watchItem is a reply or an event of a session.
type watchItem struct {
	session proto.SessionID
	xid     int32 // of the reply, or of the last one before the event
	call    *Op
	event   *Event
}

// watchItems gives replies and events, session by session in the order in which
// they reached the client. Sessions of which that order is not known are left out.
func watchItems(h *History) []watchItem {
	items := make([]watchItem, 0, len(h.Ops)+len(h.Events))
	for i := range h.Ops {
		o := &h.Ops[i]
		if o.Replied() && o.Session != 0 {
			items = append(items, watchItem{o.Session, o.Xid, o, nil})
		}
	}
	vague := vagueSessions(h)
	for i := range h.Events {
		if e := &h.Events[i]; e.Session != 0 && !vague[e.Session] {
			items = append(items, watchItem{e.Session, e.Xid, nil, e})
		}
	}
	items = slices.DeleteFunc(items, func(it watchItem) bool { return vague[it.session] })
	return gathered(items, func(it watchItem) proto.SessionID { return it.session }, func(a, b watchItem) int {
		return cmp.Or(cmp.Compare(a.xid, b.xid), compareBool(a.event != nil, b.event != nil))
	})
}

// vagueSessions are those with a watch event that does not say after which reply
// it came: histories of other origin.
func vagueSessions(h *History) map[proto.SessionID]bool {
	out := map[proto.SessionID]bool{}
	for i := range h.Events {
		if e := &h.Events[i]; e.Kind == WatchFired && e.Xid == 0 {
			out[e.Session] = true
		}
	}
	return out
}

// active is a watch that has not fired.
type active struct {
	call    *Op        // whose reply left it
	since   proto.Zxid // triggers after it count
	missing bool       // left by exists on a node that was not there
	carried bool       // to a new connection, and no reply has come there yet
	spare   bool       // carried, and what set it off was told for the same path already: it may tell it again
	next    *trigger   // the first that counts, or nil
}

// eventCheck follows one session.
type eventCheck struct {
	triggers map[watched][]trigger
	doubts   map[watched][]span
	items    []watchItem
	active   map[watched]*active
	soonest  proto.Zxid // no active watch that is not carried has a trigger below
	fired    proto.Zxid // trigger of the last event on the connection
	fresh    bool       // no reply has come on the connection
}

func (c *eventCheck) run() *proto.Violation {
	for i := range c.items {
		it := &c.items[i]
		var v *proto.Violation
		switch {
		case it.call != nil:
			v = c.reply(i, it.call)
		case it.event.Kind == WatchFired:
			v = c.event(i, it.event)
		case it.event.Kind == SessionConnected:
			v = c.connected(i, it.event)
		case it.event.Kind == SessionExpired, it.event.Kind == SessionClosed:
			return nil
		}
		if v != nil {
			return v
		}
	}
	return nil
}

// reply: no watch may have been triggered by what the reply shows.
func (c *eventCheck) reply(i int, o *Op) *proto.Violation {
	if c.fresh {
		c.fresh = false
		if v := c.settle(i, o.Zxid); v != nil {
			return v
		}
	}
	if v := c.seen(i, o.Zxid); v != nil {
		return v
	}
	if on, ok := leavesWatch(o); ok {
		c.set(on, &active{call: o, since: o.Zxid, missing: o.Op.Type == proto.OpExists && o.Err == proto.NoNode})
	}
	return nil
}

func (c *eventCheck) set(on watched, a *active) {
	a.next = nil
	if rest := after(c.triggers[on], a.since); len(rest) > 0 {
		a.next = &rest[0]
		c.soonest = min(c.soonest, a.next.zxid)
	}
	c.active[on] = a
}

// seen: the client has been shown a zxid.
func (c *eventCheck) seen(i int, z proto.Zxid) *proto.Violation {
	if z < c.soonest {
		return nil
	}
	c.soonest = noBound
	for _, on := range c.watches() {
		a := c.active[on]
		switch {
		case a.carried || a.next == nil:
		case a.next.zxid <= z:
			return c.missed(i, on, a, z)
		default:
			c.soonest = min(c.soonest, a.next.zxid)
		}
	}
	return nil
}

// watches lists what is watched, in order.
func (c *eventCheck) watches() []watched {
	out := make([]watched, 0, len(c.active))
	for on := range c.active { // order-free: sorted below
		out = append(out, on)
	}
	// total order: by every field of a key
	slices.SortFunc(out, func(a, b watched) int {
		return cmp.Or(cmp.Compare(a.path, b.path), compareBool(a.children, b.children))
	})
	return out
}

// missed tells whether the event is late or never comes.
func (c *eventCheck) missed(i int, on watched, a *active, z proto.Zxid) *proto.Violation {
	for _, it := range c.items[i:] {
		if it.event != nil && it.event.Kind == SessionConnected {
			break
		}
		if e := it.event; e != nil && e.Kind == WatchFired && e.Path == on.path && e.Type == a.next.kind {
			return violation(proto.WatchOrder, a.call, "left a watch at %v; %v triggered it, zxid %v was seen, and only in step %d came %v",
				a.since, a.next.zxid, z, e.At, e.Type)
		}
	}
	return violation(proto.WatchOnce, a.call, "left a watch at %v; %v triggered it (%v), zxid %v was seen, and no event came",
		a.since, a.next.zxid, a.next.kind, z)
}

// connected: the watches are set again on a new connection.
func (c *eventCheck) connected(i int, e *Event) *proto.Violation {
	if v := c.seen(i, e.Zxid); v != nil {
		return v
	}
	c.fired, c.fresh = 0, true
	for _, a := range c.active { // order-free: each for itself
		a.carried, a.since = true, max(a.since, e.Zxid)
	}
	return nil
}

// settle: the first reply on a new connection shows that the watches have been
// set again by then. Those that were due have fired.
func (c *eventCheck) settle(i int, z proto.Zxid) *proto.Violation {
	for _, on := range c.watches() {
		a := c.active[on]
		if !a.carried {
			continue
		}
		if a.spare {
			delete(c.active, on)
			continue
		}
		due := upTo(after(c.triggers[on], a.since), z)
		gone := a.missing && (len(due) > 0 && due[len(due)-1].kind == proto.EventNodeDeleted || c.mayFire(on, a.since, z))
		if len(due) > 0 && !gone {
			a.next = &due[0]
			return c.missed(i, on, a, z)
		}
		a.carried = false
		if len(due) > 0 {
			a.since = z
		}
		c.set(on, a)
	}
	return nil
}

func upTo(list []trigger, z proto.Zxid) []trigger { return list[:len(list)-len(after(list, z))] }

// event: a watch must have sent it.
func (c *eventCheck) event(i int, e *Event) *proto.Violation {
	z := noBound
	var by []watched
	for _, on := range listening(e) {
		a := c.active[on]
		if a == nil || !c.sends(i, on, a, e) {
			continue
		}
		at := proto.Zxid(0)
		if !a.carried && !c.inDoubt(i, on, a) {
			at = a.next.zxid
		}
		z, by = min(z, at), append(by, on)
	}
	if len(by) == 0 {
		return eventViolation(proto.WatchOnce, e, "no watch of the session was to send it")
	}
	c.use(by, c.active[by[0]].carried)
	return c.inOrder(e, z)
}

// use takes away the watches that an event has used up. When a client sets its
// watches again, each of two on a node that is gone tells it; when the node goes
// after that, one event tells both.
func (c *eventCheck) use(by []watched, carried bool) {
	delete(c.active, by[0])
	for _, on := range by[1:] {
		if carried {
			c.active[on].spare = true
		} else {
			delete(c.active, on)
		}
	}
}

// listening lists the watches that an event of this kind uses up.
func listening(e *Event) []watched {
	switch e.Type {
	case proto.EventNodeChildrenChanged:
		return []watched{{e.Path, true}}
	case proto.EventNodeDeleted:
		return []watched{{e.Path, false}, {e.Path, true}}
	}
	return []watched{{path: e.Path}}
}

// inOrder: z is the trigger, or 0 if the event tells what happened meanwhile, or
// what set it off is not known.
func (c *eventCheck) inOrder(e *Event, z proto.Zxid) *proto.Violation {
	switch {
	case z == 0:
		return nil
	case z < c.fired:
		return eventViolation(proto.WatchOrder, e, "triggered by %v, after an event that %v triggered", z, c.fired)
	case e.Zxid >= z:
		return eventViolation(proto.WatchOrder, e, "triggered by %v, and zxid %v had been seen", z, e.Zxid)
	}
	c.fired = z
	return nil
}

// sends reports whether the watch was to send an event of this type.
func (c *eventCheck) sends(i int, on watched, a *active, e *Event) bool {
	switch {
	case c.inDoubt(i, on, a):
		return suits(on, a, e.Type)
	case !a.carried:
		return a.next != nil && a.next.kind == e.Type
	}
	due := upTo(after(c.triggers[on], a.since), c.firstReply(i))
	if len(due) == 0 {
		return false
	}
	deleted := slices.ContainsFunc(due, func(t trigger) bool { return t.kind == proto.EventNodeDeleted })
	there := slices.ContainsFunc(due, func(t trigger) bool { return t.kind != proto.EventNodeDeleted })
	switch e.Type {
	case due[0].kind:
		return true
	case proto.EventNodeDeleted:
		return deleted && !a.missing
	case proto.EventNodeDataChanged:
		return there && !a.missing
	case proto.EventNodeChildrenChanged:
		return on.children
	case proto.EventNodeCreated:
		return a.missing && there
	}
	return false
}

// firstReply returns the zxid of the first reply after an item on the same
// connection, the largest there is if there is none.
func (c *eventCheck) firstReply(i int) proto.Zxid {
	for _, it := range c.items[i:] {
		if it.call != nil {
			return it.call.Zxid
		}
		if it.event.Kind == SessionConnected {
			break
		}
	}
	return noBound
}

func eventViolation(p proto.Property, e *Event, format string, args ...any) *proto.Violation {
	o := Op{Client: e.Client, Session: e.Session, Xid: e.Xid, Return: e.At}
	v := violation(p, &o, format, args...)
	v.Detail = e.Type.String() + " " + e.Path + " after " + v.Detail
	return v
}
