package linearizability

import (
	"slices"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// trigger is a change in W of something that somebody watches.
type trigger struct {
	on   watched
	zxid proto.Zxid
	kind proto.EventType // of the event that it sends
	sure bool            // a call that was answered, or the servers, tell of it
}

// triggers are those of a replay, in the order of W.
type triggers struct {
	watched map[watched]bool
	list    []trigger
}

// watch notes what the history watches.
func (t *triggers) watch(h *History) {
	for i := range h.Ops {
		if on, ok := leavesWatch(&h.Ops[i]); ok {
			if t.watched == nil {
				t.watched = map[watched]bool{}
			}
			t.watched[on] = true
		}
	}
}

// leavesWatch tells what a call watches from its reply on, if anything.
func leavesWatch(o *Op) (on watched, ok bool) {
	if !o.Op.Watch || !o.Replied() || o.Outcome != OK {
		return on, false
	}
	on.path = o.Op.Path
	switch o.Op.Type {
	case proto.OpGetData:
		return on, o.Err == proto.OK
	case proto.OpExists:
		return on, true
	case proto.OpGetChildren, proto.OpGetChildren2:
		on.children = true
		return on, o.Err == proto.OK
	}
	return on, false
}

func (t *triggers) add(z proto.Zxid, changes []model.Change, sure bool) {
	if t.watched == nil {
		return
	}
	for _, c := range changes {
		t.put(trigger{watched{path: c.Path}, z, c.Type, sure})
		if c.Type == proto.EventNodeDataChanged {
			continue
		}
		if c.Type == proto.EventNodeDeleted {
			t.put(trigger{watched{c.Path, true}, z, c.Type, sure})
		}
		t.put(trigger{watched{parentOf(c.Path), true}, z, proto.EventNodeChildrenChanged, sure})
	}
}

func (t *triggers) put(g trigger) {
	if t.watched[g.on] {
		t.list = append(t.list, g)
	}
}

// byWatched parts the triggers by what is watched, keeping the order of W.
func (t *triggers) byWatched() map[watched][]trigger {
	out := make(map[watched][]trigger, len(t.watched))
	for i := range t.list {
		on := t.list[i].on
		out[on] = append(out[on], t.list[i])
	}
	return out
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// after returns the triggers above a zxid, of which there may be several at one.
func after(list []trigger, z proto.Zxid) []trigger {
	n, _ := slices.BinarySearchFunc(list, z, func(t trigger, z proto.Zxid) int {
		if t.zxid <= z {
			return -1
		}
		return 1
	})
	return list[n:]
}
