package model

import (
	"slices"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// Read answers exists, getData, getChildren, getChildren2, sync and ping from
// the state. The result may alias the state and must not be modified. Whether
// the session lives is not asked: a request of one that does not is dropped
// before it gets here. Any other type is answered with Unimplemented.
func (s State) Read(op *proto.Op) proto.Result {
	switch op.Type {
	case proto.OpSync: // the path comes back as sent, whatever it is
		return proto.Result{Type: op.Type, Path: op.Path}
	case proto.OpPing:
		return proto.Result{Type: op.Type}
	case proto.OpExists, proto.OpGetData, proto.OpGetChildren, proto.OpGetChildren2:
		return s.readNode(op)
	}
	return failed(op, proto.Unimplemented)
}

func (s State) readNode(op *proto.Op) proto.Result {
	n, ok := s.find(op.Path)
	switch {
	case op.Type == proto.OpExists && strings.Contains(op.Path, "\x00"):
		return failed(op, proto.BadArguments)
	case !ok:
		return failed(op, proto.NoNode)
	}
	r := proto.Result{Type: op.Type}
	switch op.Type {
	case proto.OpExists:
		r.Stat = n.stat()
	case proto.OpGetData:
		r.Data, r.Stat = n.data, n.stat()
	case proto.OpGetChildren:
		r.Children = slices.Collect(n.children.keys())
	case proto.OpGetChildren2:
		r.Children, r.Stat = slices.Collect(n.children.keys()), n.stat()
	}
	return r
}
