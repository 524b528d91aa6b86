package ztree

import "github.com/zksim/zksim/node/proto"

// Prepare judges a write against the tree as it will be and makes the
// transaction. It never fails: a request that cannot be done gives an error
// transaction, or a failed multi, for these take their zxid too.
//
// h is the header, with the type of the request and with zxid and time assigned;
// zxids rise from call to call. pre is the error of a request that failed before
// (its session is over, its body could not be decoded); op may then be nil.
// The transaction keeps strings and data of op.
func (o *Outstanding) Prepare(h proto.TxnHeader, op *proto.Op, pre proto.ErrCode) proto.Txn {
	o.header, o.session = h, proto.OK
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
		o.multi(txn, op)
	case proto.OpCreateSession:
		txn.Timeout = op.Timeout
	case proto.OpCloseSession:
		o.closeSession(txn)
	default:
		return o.change(txn, op)
	}
	return proto.OK
}

// change fills txn in and notes what it does. It notes nothing if it fails.
func (o *Outstanding) change(txn *proto.Txn, op *proto.Op) proto.ErrCode {
	txn.Path = op.Path
	if txn.Type == proto.OpCreate || txn.Type == proto.OpCreate2 {
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
	case proto.OpCheck:
		return o.check(txn, op)
	}
	return proto.Unimplemented
}

func (o *Outstanding) create(txn *proto.Txn, op *proto.Op) proto.ErrCode {
	if err := checkFlags(op.Flags); err != proto.OK {
		return err
	}
	if o.session != proto.OK {
		return o.session
	}
	if err := checkCreate(op); err != proto.OK {
		return err
	}
	parentKey, _, _ := split(op.Path)
	parent, err := o.parent(parentKey, permCreate)
	if err != proto.OK {
		return err
	}
	path := op.Path
	if op.Flags&proto.FlagSequential != 0 {
		path = sequenced(path, parent.stat.creations)
	}
	if err := o.checkFree(path, &parent); err != proto.OK {
		return err
	}
	txn.Path, txn.Data, txn.ACL = path, op.Data, op.ACL
	txn.Ephemeral = op.Flags&proto.FlagEphemeral != 0
	txn.ParentCVersion = parent.stat.creations + 1
	o.noteCreated(txn, parentKey, parent)
	return proto.OK
}

// parent finds the node whose children a request is to change.
func (o *Outstanding) parent(key string, perm int32) (view, proto.ErrCode) {
	v := o.look(key)
	switch {
	case !v.exists:
		return v, proto.NoNode
	case !o.tree.acls.allows(v.acl, perm):
		return v, proto.NoAuth
	}
	return v, proto.OK
}

// checkFree judges the final path of a new node.
func (o *Outstanding) checkFree(path string, parent *view) proto.ErrCode {
	if err := checkPath(path); err != proto.OK {
		return err
	}
	switch {
	case o.look(key(path)).exists:
		return proto.NodeExists
	case parent.stat.owner != 0:
		return proto.NoChildrenForEphemerals
	}
	return proto.OK
}

func (o *Outstanding) noteCreated(txn *proto.Txn, parentKey string, parent view) {
	parent.stat.childCreated(txn.ParentCVersion, o.header.Zxid)
	parent.children++
	o.note(parentKey, parent)
	o.note(txn.Path, view{
		exists: true, stat: born(&o.header, txn.Ephemeral), acl: openKey,
		content: o.digests.content(txn.Path, txn.Data),
	})
}

// checkFlags judges the mode of a create, which comes before its session.
func checkFlags(f proto.CreateFlags) proto.ErrCode {
	switch {
	case f < 0 || f > flagMax:
		return proto.BadArguments
	case f > proto.FlagEphemeral|proto.FlagSequential:
		return proto.Unimplemented
	}
	return proto.OK
}

// checkCreate judges what can be judged without looking at the tree.
func checkCreate(op *proto.Op) proto.ErrCode {
	if _, _, ok := split(op.Path); !ok || hasNUL(op.Path) {
		return proto.BadArguments
	}
	switch {
	case len(op.ACL) == 0:
		return proto.InvalidACL
	case !proto.IsOpenACL(op.ACL):
		return proto.Unimplemented
	}
	return proto.OK
}

// flagMax is the largest create mode there is: 4 to 6 are container and TTL nodes.
const flagMax proto.CreateFlags = 6

func (o *Outstanding) delete(op *proto.Op) proto.ErrCode {
	parentKey, _, ok := split(op.Path)
	if !ok || hasNUL(op.Path) || reserved(op.Path) {
		return proto.BadArguments
	}
	if _, err := o.parent(parentKey, permDelete); err != proto.OK {
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
	node, err := o.existing(op, permWrite)
	if err != proto.OK {
		return err
	}
	txn.Data, txn.Version = op.Data, node.stat.version+1
	node.stat.dataSet(txn.Version, o.header.Zxid, o.header.Time)
	node.content = o.digests.content(key(op.Path), op.Data)
	o.note(key(op.Path), node)
	return proto.OK
}

func (o *Outstanding) check(txn *proto.Txn, op *proto.Op) proto.ErrCode {
	_, err := o.existing(op, permRead)
	txn.Version = op.Version
	return err
}

// existing finds the node of a conditional operation on it.
func (o *Outstanding) existing(op *proto.Op, perm int32) (view, proto.ErrCode) {
	if err := checkPath(op.Path); err != proto.OK {
		return view{}, err
	}
	node := o.look(key(op.Path))
	if !node.exists {
		return view{}, proto.NoNode
	}
	if !o.tree.acls.allows(node.acl, perm) {
		return view{}, proto.NoAuth
	}
	return node, checkVersion(op.Version, node.stat.version)
}

// checkVersion compares with the expected version; -1 expects nothing, and any
// smaller number never matches.
func checkVersion(expected, present int32) proto.ErrCode {
	if expected != -1 && (expected < 0 || expected != present) {
		return proto.BadVersion
	}
	return proto.OK
}

// multi prepares all parts or none. Of the parts of a failed multi those before
// the failing one carry 0, it carries its error, and later ones carry
// RuntimeInconsistency. Inside a multi create2 is create.
func (o *Outstanding) multi(txn *proto.Txn, op *proto.Op) {
	digest := o.digest
	txn.Ops = make([]proto.Txn, len(op.Ops))
	for i := range op.Ops {
		part := &txn.Ops[i]
		if part.Type = op.Ops[i].Type; part.Type == proto.OpCreate2 {
			part.Type = proto.OpCreate
		}
		if err := o.change(part, &op.Ops[i]); err != proto.OK {
			o.takeBack(digest)
			failParts(txn.Ops, i, err)
			return
		}
	}
}

func failParts(parts []proto.Txn, failing int, err proto.ErrCode) {
	for i := range parts {
		parts[i] = proto.Txn{TxnHeader: proto.TxnHeader{Type: proto.OpError}}
		switch {
		case i == failing:
			parts[i].Err = err
		case i > failing:
			parts[i].Err = proto.RuntimeInconsistency
		}
	}
}

// closeSession names the nodes that go, so that every server deletes the same
// ones at the same zxid, also over a fuzzy image.
func (o *Outstanding) closeSession(txn *proto.Txn) {
	txn.Paths = o.ephemerals(txn.Session)
	for _, p := range txn.Paths {
		o.noteDeleted(p)
	}
}
