package ztree

import "github.com/zksim/zksim/node/proto"

// create prepares a create of any type; the type says what is made, the flags
// say whether it is ephemeral or sequential.
func (o *Outstanding) create(txn *proto.Txn, op *proto.Op) proto.ErrCode {
	if err := o.checkMode(txn.Type, op); err != proto.OK {
		return err
	}
	if o.session != proto.OK {
		return o.session
	}
	parentKey, _, ok := split(op.Path)
	if !ok || hasNUL(op.Path) {
		return proto.BadArguments
	}
	acl, err := resolve(op.ACL, o.ids, &o.expansion)
	if err != proto.OK {
		return err
	}
	parent, err := o.permitted(parentKey, proto.PermCreate)
	if err != proto.OK {
		return err
	}
	path := op.Path
	if op.Flags.IsSequential() {
		path = sequenced(path, parent.stat.creations)
	}
	if err := o.checkFree(path, &parent, len(op.Data)); err != proto.OK {
		return err
	}
	txn.Path, txn.Data, txn.ACL = path, op.Data, acl
	txn.Ephemeral = op.Flags.IsEphemeral() && (txn.Type == proto.OpCreate || txn.Type == proto.OpCreate2)
	if txn.Ephemeral && !o.listable(path) {
		return proto.QuotaExceeded
	}
	if txn.Type == proto.OpCreateTTL {
		txn.TTL = op.TTL
	}
	txn.ParentCVersion = parent.stat.creations + 1
	o.noteCreated(txn, parentKey, parent)
	return proto.OK
}

// checkMode judges the flags, which comes before everything else. A time to live
// goes with the flags for it and with nothing else.
func (o *Outstanding) checkMode(typ proto.OpCode, op *proto.Op) proto.ErrCode {
	switch {
	case !op.Flags.Known():
		return proto.BadArguments
	case op.Flags.IsTTL() && !o.tree.rules.ExtendedTypes:
		return proto.Unimplemented
	case op.Flags.IsTTL() != (typ == proto.OpCreateTTL):
		return proto.BadArguments
	case op.Flags.IsTTL() && (op.TTL < 1 || op.TTL > proto.TTLMax):
		return proto.BadArguments
	}
	return proto.OK
}

// checkFree judges the final path of a new node.
func (o *Outstanding) checkFree(path string, parent *view, size int) proto.ErrCode {
	if err := checkPath(path); err != proto.OK {
		return err
	}
	switch {
	case o.look(key(path)).exists:
		return proto.NodeExists
	case parent.stat.session() != 0:
		return proto.NoChildrenForEphemerals
	}
	return o.checkQuota(path, 1, int64(size))
}

func (o *Outstanding) noteCreated(txn *proto.Txn, parentKey string, parent view) {
	parent.stat.childCreated(txn.ParentCVersion, o.header.Zxid)
	parent.children++
	o.note(parentKey, parent)
	v := view{
		exists: true, stat: born(&o.header, ownerOf(&o.header, txn)), data: txn.Data,
		content: o.digests.content(txn.Path, txn.Data),
	}
	if !proto.IsOpenACL(txn.ACL) {
		v.acl, v.listed = txn.ACL, true
	}
	o.note(txn.Path, v)
}
