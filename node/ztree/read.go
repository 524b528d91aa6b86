package ztree

import (
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// Caller is whoever asks: a connection, its session and its identities.
type Caller struct {
	Watcher Watcher
	Session proto.SessionID
	IDs     []proto.ID
}

// Read answers a request that changes nothing, and does with watches what it
// asks for. A reply with an error sets none, but for exists of a missing node.
// SetWatches hands its catch-up events to deliver before it returns; deliver and
// w may be nil when op is not about watches. The data and lists of the result
// must not be changed; its children are the caller's.
func (t *Tree) Read(op *proto.Op, from *Caller, w *Watches, deliver func(Watcher, proto.WatcherEvent)) proto.Result {
	r := proto.Result{Type: op.Type}
	switch op.Type {
	case proto.OpPing:
	case proto.OpSync:
		r.Path = op.Path
	case proto.OpExists:
		t.exists(op, from, w, &r)
	case proto.OpGetData, proto.OpGetChildren, proto.OpGetChildren2:
		t.get(op, from, w, &r)
	case proto.OpGetACL:
		t.getACL(op, from, &r)
	case proto.OpGetAllChildren:
		t.getAllChildren(op, from, &r)
	case proto.OpGetEphemerals:
		r.Children = t.ephemeralsWithin(from.Session, op.Path)
	case proto.OpMultiRead:
		t.multiRead(op, from, &r)
	case proto.OpWhoAmI:
		r.IDs = users(from.IDs)
	case proto.OpSetWatches, proto.OpSetWatches2:
		t.setWatches(op, w, from.Watcher, deliver)
	case proto.OpAddWatch:
		r.Err = addWatch(op, w, from.Watcher)
	case proto.OpRemoveWatches:
		r.Err = w.remove(op.Path, op.Watches, from.Watcher)
	case proto.OpCheckWatches:
		r.Err = w.check(op.Path, op.Watches)
	default:
		r.Err = proto.Unimplemented
	}
	return r
}

// exists needs no permission.
func (t *Tree) exists(op *proto.Op, from *Caller, w *Watches, r *proto.Result) {
	if hasNUL(op.Path) {
		r.Err = proto.BadArguments
		return
	}
	if op.Watch {
		w.add(dataWatch, op.Path, from.Watcher, oneShot)
	}
	n := t.lookup(op.Path)
	if n == nil {
		r.Err = proto.NoNode
		return
	}
	r.Stat = n.public()
}

// readable finds a node that the caller may read, or has another of the
// permissions on.
func (t *Tree) readable(path string, from *Caller, perms int32, r *proto.Result) *node {
	n := t.lookup(path)
	switch {
	case n == nil:
		r.Err = proto.NoNode
	case !t.may(from.IDs, perms, n):
		r.Err = proto.NoAuth
		n = nil
	}
	return n
}

func (t *Tree) get(op *proto.Op, from *Caller, w *Watches, r *proto.Result) {
	n := t.readable(op.Path, from, proto.PermRead, r)
	if n == nil {
		return
	}
	kind := childWatch
	switch op.Type {
	case proto.OpGetData:
		kind, r.Data, r.Stat = dataWatch, n.data, n.public()
	case proto.OpGetChildren:
		r.Children = n.children().list()
	case proto.OpGetChildren2:
		r.Children, r.Stat = n.children().list(), n.public()
	}
	if op.Watch {
		w.add(kind, op.Path, from.Watcher, oneShot)
	}
}

func (t *Tree) getACL(op *proto.Op, from *Caller, r *proto.Result) {
	n := t.readable(op.Path, from, proto.PermRead|proto.PermAdmin, r)
	if n == nil {
		return
	}
	r.ACL, r.Stat = t.acls.list(n.acl), n.public()
	if !t.may(from.IDs, proto.PermAdmin, n) {
		r.ACL = masked(r.ACL)
	}
}

// getAllChildren counts everything below a node; what may be read of it does
// not matter.
func (t *Tree) getAllChildren(op *proto.Op, from *Caller, r *proto.Result) {
	n := t.readable(op.Path, from, proto.PermRead, r)
	switch {
	case n == nil:
	case key(op.Path) == "":
		r.Count = int32(len(t.nodes) - 1)
	default:
		t.below(op.Path, func(string, *node) { r.Count++ })
		r.Count--
	}
}

// ephemeralsWithin are the session's ephemerals whose path begins with prefix,
// component or not.
func (t *Tree) ephemeralsWithin(id proto.SessionID, prefix string) []string {
	all := t.Ephemerals(id)
	if prefix == "/" {
		return all
	}
	out := all[:0]
	for _, p := range all {
		if strings.HasPrefix(p, prefix) {
			out = append(out, p)
		}
	}
	return out
}

// multiReadMax bounds the bytes of data and names that a multiRead answers: a
// part of 20 bytes may ask for a megabyte, and a request has room for fifty
// thousand parts.
const multiReadMax = 64 << 20

// multiRead answers each part for itself. An answer that would be too large is
// MARSHALLINGERROR as a whole.
func (t *Tree) multiRead(op *proto.Op, from *Caller, r *proto.Result) {
	r.Multi = make([]proto.Result, len(op.Ops))
	size := 0
	for i := range op.Ops {
		ask := op.Ops[i]
		ask.Watch = false
		part := t.Read(&ask, from, nil, nil)
		if part.Err != proto.OK {
			part = proto.Result{Type: proto.OpError, Err: part.Err}
		}
		r.Multi[i] = part
		if size += answered(&part); size > multiReadMax {
			r.Multi, r.Err = nil, proto.MarshallingError
			return
		}
	}
}

// answered is how many bytes of data and names an answer has.
func answered(r *proto.Result) int {
	size := len(r.Data)
	for _, name := range r.Children {
		size += len(name) + 4
	}
	return size
}

func users(ids []proto.ID) []proto.ID {
	out := make([]proto.ID, 0, len(ids))
	for _, id := range ids {
		if user, ok := User(id); ok {
			out = append(out, proto.ID{Scheme: id.Scheme, ID: user})
		}
	}
	return out
}

// addWatch asks neither whether the node is there nor whether it may be read.
func addWatch(op *proto.Op, w *Watches, who Watcher) proto.ErrCode {
	switch op.Mode {
	case proto.WatchPersistent:
		w.addBoth(op.Path, who, persistent)
	case proto.WatchRecursive:
		w.addBoth(op.Path, who, recursive)
	default:
		return proto.MarshallingError
	}
	return proto.OK
}

func (w *Watches) addBoth(path string, who Watcher, mode watchMode) {
	w.add(childWatch, path, who, mode)
	w.add(dataWatch, path, who, mode)
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
		case n.mzxid > op.RelativeZxid:
			missed(proto.EventNodeDataChanged, p)
		default:
			w.add(dataWatch, p, who, oneShot)
		}
	}
	for _, p := range op.ExistWatches {
		if t.lookup(p) != nil {
			missed(proto.EventNodeCreated, p)
		} else {
			w.add(dataWatch, p, who, oneShot)
		}
	}
	for _, p := range op.ChildWatches {
		switch n := t.lookup(p); {
		case n == nil:
			missed(proto.EventNodeDeleted, p)
		case n.stat().pzxid > op.RelativeZxid:
			missed(proto.EventNodeChildrenChanged, p)
		default:
			w.add(childWatch, p, who, oneShot)
		}
	}
	for _, p := range op.PersistentWatches {
		w.addBoth(p, who, persistent)
	}
	for _, p := range op.RecursiveWatches {
		w.addBoth(p, who, recursive)
	}
}
