package model

import (
	"slices"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// Read is [State.ReadAs] for somebody without session and identities.
func (s State) Read(op *proto.Op) proto.Result { return s.ReadAs(Caller{}, op) }

// ReadAs answers exists, getData, getChildren, getChildren2, getACL,
// getAllChildrenNumber, getEphemerals, multiRead, whoAmI, sync and ping from the
// state. The result may alias the state and must not be modified. Whether
// the session lives is not asked: a request of one that does not is dropped
// before it gets here. Any other type is answered with Unimplemented.
func (s State) ReadAs(from Caller, op *proto.Op) proto.Result {
	switch op.Type {
	case proto.OpSync: // the path comes back as sent, whatever it is
		return proto.Result{Type: op.Type, Path: op.Path}
	case proto.OpPing:
		return proto.Result{Type: op.Type}
	case proto.OpExists, proto.OpGetData, proto.OpGetChildren, proto.OpGetChildren2, proto.OpGetACL, proto.OpGetAllChildren:
		return s.readNode(from, op)
	case proto.OpMultiRead:
		return s.multiRead(from, op)
	case proto.OpGetEphemerals:
		return proto.Result{Type: op.Type, Children: s.ephemeralsWithin(from.Session, op.Path)}
	case proto.OpWhoAmI:
		return proto.Result{Type: op.Type, IDs: users(from.IDs)}
	}
	return failed(op, proto.Unimplemented)
}

// ephemeralsWithin goes by the beginning of the text, not by components.
func (s State) ephemeralsWithin(id proto.SessionID, prefix string) []string {
	out := []string{}
	for _, path := range s.Ephemerals(id) {
		if strings.HasPrefix(path, prefix) {
			out = append(out, path)
		}
	}
	return out
}

// needed are the permissions of which a read needs one; none for exists.
func needed(t proto.OpCode) int32 {
	switch t {
	case proto.OpExists:
		return 0
	case proto.OpGetACL:
		return proto.PermRead | proto.PermAdmin
	}
	return proto.PermRead
}

func (s State) readNode(from Caller, op *proto.Op) proto.Result {
	n, ok := s.find(op.Path)
	perms := needed(op.Type)
	switch {
	case op.Type == proto.OpExists && strings.Contains(op.Path, "\x00"):
		return failed(op, proto.BadArguments)
	case !ok:
		return failed(op, proto.NoNode)
	case perms != 0 && !may(from.IDs, perms, n.acl):
		return failed(op, proto.NoAuth)
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
	case proto.OpGetACL:
		r.ACL, r.Stat = shownTo(from.IDs, n.permissions()), n.stat()
	case proto.OpGetAllChildren:
		count, _ := s.usage(canonical(op.Path))
		r.Count = int32(count - 1) // but for the node itself
	}
	return r
}
