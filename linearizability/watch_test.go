package linearizability

import (
	"testing"

	"github.com/zksim/zksim/node/proto"
)

// seen is a read of "/a" and what it saw.
type seen struct {
	op       proto.OpCode
	watch    bool
	ret      uint64
	zxid     proto.Zxid
	modified proto.Zxid // mzxid or pzxid; 0: there is no node
}

func watching(events []Event, reads ...seen) *History {
	h := New(len(reads))
	for i, r := range reads {
		c := h.Call(1, &proto.Op{Type: r.op, Path: "/a", Watch: r.watch}, r.ret)
		reply := Reply{Session: 1, Xid: int32(i + 1), Zxid: r.zxid, Err: proto.NoNode}
		if r.modified > 0 {
			reply.Err, reply.Result = proto.OK, &proto.Result{Type: r.op, Stat: proto.Stat{Mzxid: r.modified}}
			if r.op == proto.OpGetChildren2 {
				reply.Result.Stat = proto.Stat{Pzxid: r.modified}
			}
		}
		h.Return(c, r.ret, &reply)
	}
	for _, e := range events {
		e.Client, e.Session, e.Path = 1, max(e.Session, 1), "/a"
		h.Told(e)
	}
	return h
}

func TestCheckWatches(t *testing.T) {
	const get, exists, list = proto.OpGetData, proto.OpExists, proto.OpGetChildren2
	at := func(step uint64, t proto.EventType) []Event { return []Event{{Type: t, At: step}} }
	for name, c := range map[string]struct {
		want proto.Property
		h    *History
	}{
		"unchanged":           {"", watching(nil, seen{get, true, 2, 5, 4}, seen{get, false, 9, 8, 4})},
		"no watch":            {"", watching(nil, seen{get, false, 2, 5, 4}, seen{get, false, 9, 8, 7})},
		"no watch on nothing": {"", watching(nil, seen{get, true, 2, 5, 0}, seen{get, false, 9, 8, 7})},
		"event first": {"", watching(at(8, proto.EventNodeDataChanged),
			seen{get, true, 2, 5, 4}, seen{get, false, 9, 8, 7})},
		"event in the step of the reply": {"", watching(at(9, proto.EventNodeDataChanged),
			seen{get, true, 2, 5, 4}, seen{get, false, 9, 8, 7})},
		"event in the step of the watch": {"", watching(at(2, proto.EventNodeDataChanged),
			seen{get, true, 2, 5, 4}, seen{get, false, 9, 8, 7})},
		"fires once": {"", watching(at(3, proto.EventNodeDataChanged),
			seen{get, true, 2, 5, 4}, seen{get, false, 9, 8, 7}, seen{get, false, 10, 11, 10})},
		"created": {"", watching(at(3, proto.EventNodeCreated),
			seen{exists, true, 2, 5, 0}, seen{get, false, 9, 8, 7})},
		"deleted, children": {"", watching(at(3, proto.EventNodeDeleted),
			seen{list, true, 2, 5, 4}, seen{list, false, 9, 8, 0})},
		"data change, children watched": {"", watching(nil, seen{list, true, 2, 5, 4}, seen{get, false, 9, 8, 7})},

		"change without event": {proto.WatchOrder, watching(nil, seen{get, true, 2, 5, 4}, seen{get, false, 9, 8, 7})},
		"event too late": {proto.WatchOrder, watching(at(10, proto.EventNodeDataChanged),
			seen{get, true, 2, 5, 4}, seen{get, false, 9, 8, 7})},
		"event of an earlier watch": {proto.WatchOrder, watching(at(1, proto.EventNodeDataChanged),
			seen{get, true, 2, 5, 4}, seen{get, true, 9, 8, 7})},
		"event of another session": {proto.WatchOrder, watching([]Event{{Type: proto.EventNodeDataChanged, At: 3, Session: 2}},
			seen{get, true, 2, 5, 4}, seen{get, true, 9, 8, 7})},
		"deleted without event":  {proto.WatchOrder, watching(nil, seen{exists, true, 2, 5, 4}, seen{get, false, 9, 8, 0})},
		"created without event":  {proto.WatchOrder, watching(nil, seen{exists, true, 2, 5, 0}, seen{exists, false, 9, 8, 7})},
		"children without event": {proto.WatchOrder, watching(nil, seen{list, true, 2, 5, 4}, seen{list, false, 9, 8, 7})},
		"wrong event": {proto.WatchOrder, watching(at(3, proto.EventNodeChildrenChanged),
			seen{get, true, 2, 5, 4}, seen{get, false, 9, 8, 7})},
		"the second watch is not heard": {proto.WatchOrder, watching(at(3, proto.EventNodeDataChanged),
			seen{get, true, 2, 5, 4}, seen{get, true, 4, 8, 7}, seen{get, false, 9, 10, 9})},
	} {
		t.Run(name, func(t *testing.T) { demand(t, c.want, CheckWatches(c.h)) })
	}
}
