package client

import (
	"maps"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// setWatchesBytes is the length of paths at which a setWatches is full.
const setWatchesBytes = 128 << 10

// watchKind is a list of standard watches.
type watchKind uint8

const (
	watchData watchKind = 1 << iota
	watchExist
	watchChild
)

// watchSet holds the paths that the client watches, so that the watches can be
// set again on another connection.
type watchSet struct{ kinds map[string]watchKind }

func (w *watchSet) clear() { clear(w.kinds) }

func (w *watchSet) add(path string, k watchKind) {
	if w.kinds == nil {
		w.kinds = make(map[string]watchKind)
	}
	w.kinds[path] |= k
}

func (w *watchSet) remove(path string, k watchKind) {
	if left := w.kinds[path] &^ k; left != 0 {
		w.kinds[path] = left
	} else {
		delete(w.kinds, path)
	}
}

// answered notes the watch that a reply has set, if it has set one.
func (w *watchSet) answered(r *request, err proto.ErrCode) {
	switch {
	case !r.watch:
	case r.op == proto.OpExists && err == proto.NoNode:
		w.add(r.path, watchExist)
	case err != proto.OK:
	case r.op == proto.OpExists, r.op == proto.OpGetData:
		w.add(r.path, watchData)
	case r.op == proto.OpGetChildren, r.op == proto.OpGetChildren2:
		w.add(r.path, watchChild)
	}
}

// fired removes the watches that an event has used up.
func (w *watchSet) fired(e proto.WatcherEvent) {
	switch e.Type {
	case proto.EventNodeCreated, proto.EventNodeDataChanged:
		w.remove(e.Path, watchData|watchExist)
	case proto.EventNodeDeleted:
		w.remove(e.Path, watchData|watchExist|watchChild)
	case proto.EventNodeChildrenChanged:
		w.remove(e.Path, watchChild)
	}
}

// requests returns the setWatches that set everything again: paths in order,
// data before exist before child, as many requests as the length of paths needs.
func (w *watchSet) requests(last proto.Zxid) []proto.Op {
	if len(w.kinds) == 0 {
		return nil
	}
	paths := slices.Sorted(maps.Keys(w.kinds))
	var ops []proto.Op
	size := setWatchesBytes
	for _, k := range []watchKind{watchData, watchExist, watchChild} {
		for _, p := range paths {
			if w.kinds[p]&k == 0 {
				continue
			}
			if size >= setWatchesBytes {
				ops = append(ops, proto.Op{Type: proto.OpSetWatches, RelativeZxid: last})
				size = 0
			}
			list := listOf(&ops[len(ops)-1], k)
			*list = append(*list, p)
			size += len(p)
		}
	}
	return ops
}

func listOf(op *proto.Op, k watchKind) *[]string {
	switch k {
	case watchData:
		return &op.DataWatches
	case watchExist:
		return &op.ExistWatches
	}
	return &op.ChildWatches
}

// greet tells a new connection who its user is, and sets the watches again,
// before any request.
func (c *Client) greet() {
	now := c.env.Now()
	if c.pending.len() > 0 {
		now = c.pending.front().at // keeps the queue in the order of deadlines
	}
	var sent []request
	put := func(xid int32, op *proto.Op) {
		c.out.buf = appendRequest(c.out.buf, xid, op)
		sent = append(sent, request{op: op.Type, xid: xid, at: now, end: c.out.end()})
	}
	for i := range c.identities {
		put(proto.XidAuth, &proto.Op{Type: proto.OpAuth, Auth: &c.identities[i]})
	}
	for _, op := range c.watches.requests(c.lastZxid) {
		put(proto.XidSetWatches, &op)
	}
	c.pending.pushFront(sent...)
}
