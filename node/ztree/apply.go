package ztree

import (
	"bytes"
	"fmt"

	"github.com/zksim/zksim/node/proto"
)

// Apply carries out a transaction and returns what the client that asked for it
// is told. The events of w's watches go to deliver, in the order of the changes,
// before Apply returns; w and deliver may be nil. LastProcessed moves after the
// whole transaction.
//
// Apply is idempotent in the sense of protocol.md §8.2: over a fuzzy image, which
// holds some effects of transactions newer than itself, replaying all of them in
// order gives the tree that never stopped. What is there already (NodeExists) or
// gone already (NoNode) is reported in the result and otherwise ignored.
//
// The tree keeps strings of txn, and copies its data.
func (t *Tree) Apply(txn *proto.Txn, w *Watches, deliver func(Watcher, proto.WatcherEvent)) proto.Result {
	a := applying{Tree: t, watches: w, deliver: deliver, header: txn.TxnHeader}
	r := a.change(txn)
	t.processed = txn.Zxid
	return r
}

// applying is one transaction on its way into the tree.
type applying struct {
	*Tree
	watches *Watches
	deliver func(Watcher, proto.WatcherEvent)
	header  proto.TxnHeader // of the whole: parts of a multi have none
}

func (a *applying) change(txn *proto.Txn) proto.Result {
	switch txn.Type {
	case proto.OpCreate, proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL:
		return a.create(txn)
	case proto.OpDelete, proto.OpDeleteContainer:
		return proto.Result{Type: txn.Type, Err: a.delete(txn.Path)}
	case proto.OpSetData:
		return a.setData(txn)
	case proto.OpSetACL:
		return a.setACL(txn)
	case proto.OpCheck:
		return proto.Result{Type: proto.OpCheck}
	case proto.OpMulti:
		return a.multi(txn)
	case proto.OpCreateSession:
		a.sessions[a.header.Session] = txn.Timeout
		return proto.Result{Type: proto.OpCreateSession}
	case proto.OpCloseSession:
		a.closeSession(txn.Paths)
		return proto.Result{Type: proto.OpCloseSession}
	case proto.OpError:
		return proto.Result{Type: proto.OpError, Err: txn.Err}
	}
	panic(&proto.Violation{Property: proto.Integrity, Place: "ztree.Apply",
		Detail: fmt.Sprintf("transaction %v has type %v, which nobody can have proposed", a.header.Zxid, txn.Type)})
}

func (a *applying) create(txn *proto.Txn) proto.Result {
	parentKey, name, ok := split(txn.Path)
	parent := a.nodes[parentKey]
	if !ok || name == "" || parent == nil {
		return proto.Result{Type: txn.Type, Err: proto.NoNode}
	}
	above := parent.stat()
	above.childCreated(txn.ParentCVersion, a.header.Zxid)
	a.setStat(parentKey, parent, &above)
	acl := a.acls.use(txn.ACL)
	if old := a.nodes[txn.Path]; old != nil {
		a.acls.release(old.acl)
		old.acl = acl
		return proto.Result{Type: txn.Type, Err: proto.NodeExists}
	}
	s := born(&a.header, ownerOf(&a.header, txn))
	s.acl = acl
	n := a.insert(parent, txn.Path, bytes.Clone(txn.Data), s)
	r := proto.Result{Type: txn.Type, Path: txn.Path}
	if txn.Type != proto.OpCreate {
		r.Stat = n.public()
	}
	a.quotaChanged(txn.Path)
	a.fire(dataWatch, txn.Path, n, proto.EventNodeCreated)
	a.fire(childWatch, parentKey, parent, proto.EventNodeChildrenChanged)
	return r
}

// delete raises the parent's pzxid also when the child is missing: an image that
// lost the child may have copied the parent before that.
func (a *applying) delete(path string) proto.ErrCode {
	parentKey, name, ok := split(path)
	parent := a.nodes[parentKey]
	if !ok || name == "" || parent == nil {
		return proto.NoNode
	}
	above := parent.stat()
	above.childDeleted(a.header.Zxid)
	a.setStat(parentKey, parent, &above)
	n := a.nodes[path]
	if n == nil {
		return proto.NoNode
	}
	a.fireDeleted(path, n)
	a.remove(path, n)
	a.quotaChanged(path)
	a.fire(childWatch, parentKey, parent, proto.EventNodeChildrenChanged)
	return proto.OK
}

func (a *applying) setData(txn *proto.Txn) proto.Result {
	path := key(txn.Path)
	n := a.nodes[path]
	if n == nil {
		return proto.Result{Type: txn.Type, Err: proto.NoNode}
	}
	a.Tree.setData(path, n, bytes.Clone(txn.Data))
	s := n.stat()
	s.dataSet(txn.Version, a.header.Zxid, a.header.Time)
	n.version, n.mzxid, n.mtime = s.version, s.mzxid, s.mtime // all that it changes
	a.digestAgain(path, n, &s)
	r := proto.Result{Type: txn.Type, Stat: n.public()}
	a.quotaChanged(path)
	a.fire(dataWatch, path, n, proto.EventNodeDataChanged)
	return r
}

// setACL changes nothing but the list and its version; nobody is told of it.
func (a *applying) setACL(txn *proto.Txn) proto.Result {
	path := key(txn.Path)
	n := a.nodes[path]
	if n == nil {
		return proto.Result{Type: txn.Type, Err: proto.NoNode}
	}
	acl := a.acls.use(txn.ACL)
	a.acls.release(n.acl)
	s := n.stat()
	s.acl, s.aversion = acl, txn.Version
	a.setStat(path, n, &s)
	return proto.Result{Type: txn.Type, Stat: n.public()}
}

// multi applies the parts in order. A failed multi consists of error parts, and
// their results are what the client is told; the whole counts as answered. A
// container and a znode with a time to live are answered like a create2.
func (a *applying) multi(txn *proto.Txn) proto.Result {
	r := proto.Result{Type: proto.OpMulti, Multi: make([]proto.Result, len(txn.Ops))}
	for i := range txn.Ops {
		part := a.change(&txn.Ops[i])
		if part.Type == proto.OpCreateContainer || part.Type == proto.OpCreateTTL {
			part.Type = proto.OpCreate2
		}
		r.Multi[i] = part
	}
	return r
}

// closeSession deletes the listed ephemerals and then any that the list lacks,
// as lists of old releases do.
func (a *applying) closeSession(paths []string) {
	for _, p := range paths {
		a.delete(p)
	}
	for _, p := range a.Ephemerals(a.header.Session) {
		a.delete(p)
	}
	delete(a.sessions, a.header.Session)
}

// fire tells of something that happens to the node of a key.
func (a *applying) fire(k watchKind, key string, n *node, e proto.EventType) {
	if a.watches != nil && a.watches.count > 0 {
		a.watches.fire(k, proto.WatcherEvent{Type: e, Path: shown(key)}, a.audience(n))
	}
}

// fireDeleted runs while the node is still there: its list decides who may know.
func (a *applying) fireDeleted(key string, n *node) {
	if a.watches != nil && a.watches.count > 0 {
		a.watches.fireDeleted(shown(key), a.audience(n))
	}
}

// audience is who may be told of something that happens to a node. An event that
// must not be told still uses up its watch.
func (a *applying) audience(n *node) audience {
	if a.rules.SkipACL {
		return audience{deliver: a.deliver}
	}
	return audience{deliver: a.deliver, acl: a.acls.restricting(n.acl)}
}
