package ztree

import "github.com/zksim/zksim/node/proto"

// Read answers a request that changes nothing, and sets the watches that it
// asks for. A reply with an error sets none, but for exists of a missing node.
// SetWatches hands its catch-up events to deliver before it returns; deliver and
// w may be nil when op asks for no watch. The data of the result must not be
// changed; its children are the caller's.
func (t *Tree) Read(op *proto.Op, w *Watches, who Watcher, deliver func(Watcher, proto.WatcherEvent)) proto.Result {
	switch op.Type {
	case proto.OpPing:
		return proto.Result{Type: op.Type}
	case proto.OpSync:
		return proto.Result{Type: op.Type, Path: op.Path}
	case proto.OpExists:
		return t.exists(op, w, who)
	case proto.OpGetData, proto.OpGetChildren, proto.OpGetChildren2:
		return t.get(op, w, who)
	case proto.OpSetWatches:
		t.setWatches(op, w, who, deliver)
		return proto.Result{Type: op.Type}
	}
	return proto.Result{Type: op.Type, Err: proto.Unimplemented}
}

// exists needs no permission.
func (t *Tree) exists(op *proto.Op, w *Watches, who Watcher) proto.Result {
	if hasNUL(op.Path) {
		return proto.Result{Type: op.Type, Err: proto.BadArguments}
	}
	if op.Watch {
		w.add(dataWatch, op.Path, who)
	}
	n := t.lookup(op.Path)
	if n == nil {
		return proto.Result{Type: op.Type, Err: proto.NoNode}
	}
	return proto.Result{Type: op.Type, Stat: n.public()}
}

func (t *Tree) get(op *proto.Op, w *Watches, who Watcher) proto.Result {
	n := t.lookup(op.Path)
	if n == nil {
		return proto.Result{Type: op.Type, Err: proto.NoNode}
	}
	if !t.acls.allows(n.acl, permRead) {
		return proto.Result{Type: op.Type, Err: proto.NoAuth}
	}
	r := proto.Result{Type: op.Type}
	kind := childWatch
	switch op.Type {
	case proto.OpGetData:
		kind, r.Data, r.Stat = dataWatch, n.data, n.public()
	case proto.OpGetChildren:
		r.Children = n.children.list()
	case proto.OpGetChildren2:
		r.Children, r.Stat = n.children.list(), n.public()
	}
	if op.Watch {
		w.add(kind, op.Path, who)
	}
	return r
}

// setWatches sets the watches of a connection again that replaces an older one.
// What happened after the client's last zxid, as far as the tree still shows it,
// is told instead: a deletion followed by a creation shows as a change of data,
// and a creation followed by a deletion not at all.
func (t *Tree) setWatches(op *proto.Op, w *Watches, who Watcher, deliver func(Watcher, proto.WatcherEvent)) {
	missed := func(e proto.EventType, path string) { deliver(who, proto.WatcherEvent{Type: e, Path: path}) }
	for _, p := range op.DataWatches {
		switch n := t.lookup(p); {
		case n == nil:
			missed(proto.EventNodeDeleted, p)
		case n.stat.mzxid > op.RelativeZxid:
			missed(proto.EventNodeDataChanged, p)
		default:
			w.add(dataWatch, p, who)
		}
	}
	for _, p := range op.ExistWatches {
		if t.lookup(p) != nil {
			missed(proto.EventNodeCreated, p)
		} else {
			w.add(dataWatch, p, who)
		}
	}
	for _, p := range op.ChildWatches {
		switch n := t.lookup(p); {
		case n == nil:
			missed(proto.EventNodeDeleted, p)
		case n.stat.pzxid > op.RelativeZxid:
			missed(proto.EventNodeChildrenChanged, p)
		default:
			w.add(childWatch, p, who)
		}
	}
}
