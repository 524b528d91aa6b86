package model

import (
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// multi executes all operations or, if one fails, none: those before the failing
// one then answer with 0, those after it with RuntimeInconsistency.
func (x *transaction) multi(op *proto.Op) proto.Result {
	if slices.ContainsFunc(op.Ops, notInMulti) {
		return failed(op, proto.MarshallingError)
	}
	before, changesBefore := x.State, x.changes
	x.inMulti = true
	r := proto.Result{Type: op.Type, Multi: make([]proto.Result, 0, len(op.Ops))}
	for i := range op.Ops {
		part := x.single(&op.Ops[i])
		if part.Err == proto.OK {
			r.Multi = append(r.Multi, part)
			continue
		}
		x.State, x.changes = before, changesBefore
		if part.Err == proto.MarshallingError { // it could not even be read, nor what follows
			return failed(op, proto.MarshallingError)
		}
		r.Multi = failedParts(len(op.Ops), i, part.Err)
		return r
	}
	return r
}

func notInMulti(op proto.Op) bool {
	switch op.Type {
	case proto.OpCreate, proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL,
		proto.OpDelete, proto.OpSetData, proto.OpCheck:
		return false
	}
	return true
}

func failedParts(count, failing int, err proto.ErrCode) []proto.Result {
	parts := make([]proto.Result, count)
	for i := range parts {
		parts[i].Type = proto.OpError
		if i > failing {
			parts[i].Err = proto.RuntimeInconsistency
		}
	}
	parts[failing].Err = err
	return parts
}

// multiRead answers each read for itself. None of them leaves a watch, whether it
// asks for one or not.
func (s State) multiRead(from Caller, op *proto.Op) proto.Result {
	r := proto.Result{Type: op.Type, Multi: make([]proto.Result, 0, len(op.Ops))}
	for i := range op.Ops {
		if t := op.Ops[i].Type; t != proto.OpGetData && t != proto.OpGetChildren {
			return failed(op, proto.MarshallingError)
		}
		part := s.readNode(from, &op.Ops[i])
		if part.Err != proto.OK {
			part.Type = proto.OpError
		}
		r.Multi = append(r.Multi, part)
	}
	return r
}
