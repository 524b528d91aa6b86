package ztree

import "github.com/zksim/zksim/node/proto"

// Prepare judges a write against the tree as it will be and makes the
// transaction. It never fails: a request that cannot be done gives an error
// transaction, or a failed multi, for these take their zxid too.
//
// h is the header, with the type of the request and with zxid and time assigned;
// zxids rise from call to call. ids are the identities of the caller. pre is the
// error of a request that failed before (its session is over, its body could not
// be decoded); op may then be nil. The transaction keeps strings and data of op.
//
// A deleteContainer of session 0 is the leader's own; op.TTL is then the time in
// ms after which a container goes that never had a child.
func (o *Outstanding) Prepare(h proto.TxnHeader, op *proto.Op, ids []proto.ID, pre proto.ErrCode) proto.Txn {
	o.header, o.ids, o.session, o.expansion = h, ids, proto.OK, expansionMax
	txn := proto.Txn{TxnHeader: h}
	if pre == proto.SessionExpired && op != nil && h.Type != proto.OpCloseSession {
		o.session, pre = pre, proto.OK // each operation fails where it looks for its session
	}
	if pre == proto.OK {
		pre = o.whole(&txn, op)
	}
	if pre != proto.OK {
		txn = proto.Txn{TxnHeader: h, Err: pre}
		txn.Type = proto.OpError
	}
	txn.Digest, txn.HasDigest = o.digest, true
	return txn
}

func (o *Outstanding) whole(txn *proto.Txn, op *proto.Op) proto.ErrCode {
	switch txn.Type {
	case proto.OpMulti:
		return o.multi(txn, op)
	case proto.OpCreateSession:
		txn.Timeout = op.Timeout
	case proto.OpCloseSession:
		o.closeSession(txn)
	case proto.OpDeleteContainer:
		if txn.Session != 0 {
			return proto.BadArguments // nothing that a client may ask for
		}
		txn.Path = op.Path
		return o.deleteDoomed(op)
	case proto.OpReconfig:
		return proto.ReconfigDisabled
	default:
		return o.change(txn, op)
	}
	return proto.OK
}

// change fills txn in and notes what it does. It notes nothing if it fails.
func (o *Outstanding) change(txn *proto.Txn, op *proto.Op) proto.ErrCode {
	txn.Path = op.Path
	if txn.Type.IsCreate() {
		return o.create(txn, op)
	}
	if o.session != proto.OK {
		return o.session
	}
	switch txn.Type {
	case proto.OpDelete:
		return o.delete(op)
	case proto.OpSetData:
		return o.setData(txn, op)
	case proto.OpSetACL:
		return o.setACL(txn, op)
	case proto.OpCheck:
		return o.check(txn, op)
	}
	return proto.Unimplemented
}

func (o *Outstanding) delete(op *proto.Op) proto.ErrCode {
	parentKey, _, ok := split(op.Path)
	if !ok || hasNUL(op.Path) || reserved(op.Path) {
		return proto.BadArguments
	}
	if _, err := o.permitted(parentKey, proto.PermDelete); err != proto.OK {
		return err
	}
	node := o.look(op.Path)
	if !node.exists {
		return proto.NoNode
	}
	if err := checkVersion(op.Version, node.stat.version); err != proto.OK {
		return err
	}
	if node.children > 0 {
		return proto.NotEmpty
	}
	o.noteDeleted(op.Path)
	return proto.OK
}

func (o *Outstanding) noteDeleted(path string) {
	parentKey, _, _ := split(path)
	parent := o.look(parentKey)
	parent.stat.childDeleted(o.header.Zxid)
	parent.children--
	o.note(parentKey, parent)
	node := o.look(path)
	o.note(path, view{digest: node.digest})
}

func (o *Outstanding) setData(txn *proto.Txn, op *proto.Op) proto.ErrCode {
	node, err := o.existing(op.Path, proto.PermWrite)
	if err != proto.OK {
		return err
	}
	if err := o.checkQuota(op.Path, 0, int64(len(op.Data)-len(node.data))); err != proto.OK {
		return err
	}
	if err := checkVersion(op.Version, node.stat.version); err != proto.OK {
		return err
	}
	txn.Data, txn.Version = op.Data, node.stat.version+1
	node.stat.dataSet(txn.Version, o.header.Zxid, o.header.Time)
	node.data, node.content = op.Data, o.digests.content(key(op.Path), op.Data)
	o.note(key(op.Path), node)
	return proto.OK
}

func (o *Outstanding) setACL(txn *proto.Txn, op *proto.Op) proto.ErrCode {
	if err := checkPath(op.Path); err != proto.OK {
		return err
	}
	acl, err := resolve(op.ACL, o.ids, &o.expansion)
	if err != proto.OK {
		return err
	}
	node, err := o.existing(op.Path, proto.PermAdmin)
	if err != proto.OK {
		return err
	}
	if err := checkVersion(op.Version, node.stat.aversion); err != proto.OK {
		return err
	}
	txn.ACL, txn.Version = acl, node.stat.aversion+1
	node.stat.aversion = txn.Version
	node.acl, node.listed = acl, true
	o.note(key(op.Path), node)
	return proto.OK
}

func (o *Outstanding) check(txn *proto.Txn, op *proto.Op) proto.ErrCode {
	txn.Version = op.Version
	node, err := o.existing(op.Path, proto.PermRead)
	if err != proto.OK {
		return err
	}
	return checkVersion(op.Version, node.stat.version)
}

// existing finds the node of an operation on it, and judges path and permission.
func (o *Outstanding) existing(path string, perm int32) (view, proto.ErrCode) {
	if err := checkPath(path); err != proto.OK {
		return view{}, err
	}
	return o.permitted(key(path), perm)
}

// permitted finds a node on which the caller has a permission.
func (o *Outstanding) permitted(key string, perm int32) (view, proto.ErrCode) {
	v := o.look(key)
	switch {
	case !v.exists:
		return v, proto.NoNode
	case !o.may(&v, perm):
		return v, proto.NoAuth
	}
	return v, proto.OK
}

// checkVersion compares with the expected version; -1 expects nothing, and any
// smaller number never matches.
func checkVersion(expected, present int32) proto.ErrCode {
	if expected != -1 && (expected < 0 || expected != present) {
		return proto.BadVersion
	}
	return proto.OK
}

// closeSession names the nodes that go, so that every server deletes the same
// ones at the same zxid, also over a fuzzy image.
func (o *Outstanding) closeSession(txn *proto.Txn) {
	txn.Paths = o.ephemerals(txn.Session)
	for _, p := range txn.Paths {
		o.noteDeleted(p)
	}
}
