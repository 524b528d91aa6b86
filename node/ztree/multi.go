package ztree

import "github.com/zksim/zksim/node/proto"

// multi prepares all parts or none. Of the parts of a failed multi those before
// the failing one carry 0, it carries its error, and later ones carry
// RuntimeInconsistency. A part that cannot even be understood fails the whole.
func (o *Outstanding) multi(txn *proto.Txn, op *proto.Op) proto.ErrCode {
	digest := o.digest
	txn.Ops = make([]proto.Txn, len(op.Ops))
	for i := range op.Ops {
		switch err := o.part(&txn.Ops[i], &op.Ops[i]); err {
		case proto.OK:
		case proto.MarshallingError:
			o.takeBack(digest)
			return err
		default:
			o.takeBack(digest)
			failParts(txn.Ops, i, err)
			return proto.OK
		}
	}
	return proto.OK
}

// part prepares one operation. Inside a multi the flags of a create decide what
// it makes and how it is answered, and not the type that was sent; only a time
// to live cannot come in any other type than its own.
func (o *Outstanding) part(part *proto.Txn, op *proto.Op) proto.ErrCode {
	part.Type = op.Type
	if op.Type.IsCreate() {
		switch {
		case op.Flags == proto.FlagContainer:
			part.Type = proto.OpCreateContainer
		case op.Flags.IsTTL() && op.Type != proto.OpCreateTTL:
			return proto.MarshallingError
		case op.Flags.IsTTL():
			part.Type = proto.OpCreateTTL
		default:
			part.Type = proto.OpCreate
		}
	}
	return o.change(part, op)
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
