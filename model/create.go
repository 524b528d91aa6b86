package model

import (
	"fmt"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

func (x *transaction) create(op *proto.Op) proto.Result {
	m, err := x.mode(op)
	if err != proto.OK {
		return failed(op, err)
	}
	path, acl, err := x.mayCreate(op, m.sequential)
	if err != proto.OK {
		return failed(op, err)
	}
	n := &node{
		data: slices.Clone(op.Data), czxid: x.zxid, mzxid: x.zxid, pzxid: x.zxid,
		ctime: x.time, mtime: x.time, container: m.container, ttl: m.ttl, acl: kept(acl),
	}
	if m.ephemeral && !m.container {
		n.owner = x.session
	}
	x.add(path, n)
	r := proto.Result{Type: m.answer, Path: path}
	if m.answer != proto.OpCreate {
		r.Stat = n.stat()
	}
	return r
}

func (x *transaction) mode(op *proto.Op) (mode, proto.ErrCode) {
	if x.inMulti {
		return x.modeInMulti(op)
	}
	return x.modeOf(op)
}

// mayCreate makes the checks of a create in the order of §1.9, those of its mode
// excepted, which come before. It returns the final path and permissions.
func (x *transaction) mayCreate(op *proto.Op, sequential bool) (string, []proto.ACL, proto.ErrCode) {
	switch {
	case !x.alive():
		return "", nil, proto.SessionExpired
	case !splittable(op.Path):
		return "", nil, proto.BadArguments
	}
	acl, err := resolved(op.ACL, x.ids)
	if err != proto.OK {
		return "", nil, err
	}
	parent, ok := x.find(parentOf(op.Path))
	switch {
	case !ok:
		return "", nil, proto.NoNode
	case !may(x.ids, proto.PermCreate, parent.acl):
		return "", nil, proto.NoAuth
	}
	path := op.Path
	if sequential {
		path = fmt.Sprintf("%s%010d", path, parent.creations)
	}
	switch _, exists := x.find(path); {
	case !validPath(path):
		return "", nil, proto.BadArguments
	case exists:
		return "", nil, proto.NodeExists
	case parent.owner != 0:
		return "", nil, proto.NoChildrenForEphemerals
	case !x.quotaAllows(path, 1, int64(len(op.Data))):
		return "", nil, proto.QuotaExceeded
	}
	return path, acl, proto.OK
}
