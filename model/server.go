package model

import (
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// Server is what one server shows to its clients: the state, and the identities
// and watches of its connections, of which a session has one. A copy is
// independent of the original.
type Server struct {
	State
	Watches Watches
	// SuperDigest is the identity of him who may do everything, "user:hash" as
	// [Digest] makes it; "" for none.
	SuperDigest string
	ids         sorted[proto.SessionID, []proto.ID]
}

// NewServer returns a server that was never used, under the zero [Rules].
func NewServer() *Server { return NewServerWith(Rules{}) }

// NewServerWith is [NewServer] under other rules.
func NewServerWith(rules Rules) *Server { return &Server{State: NewWith(rules)} }

// Connect begins a new connection of a session, from an address. Identities and
// watches of an earlier one are gone.
func (v *Server) Connect(id proto.SessionID, address string) {
	v.Disconnect(id)
	v.setIDs(id, []proto.ID{IPIdentity(address)})
}

// Disconnect forgets the watches and identities of a session's connection. The
// session lives on.
func (v *Server) Disconnect(id proto.SessionID) {
	v.Watches.Drop(id)
	v.ids = v.ids.without(id)
}

// IDs returns the identities of a session's connection.
func (v *Server) IDs(id proto.SessionID) []proto.ID {
	ids, _ := v.ids.get(id)
	return slices.Clone(ids)
}

func (v *Server) setIDs(id proto.SessionID, ids []proto.ID) {
	v.ids = v.ids.with(id, rankOfNumber(int64(id)), ids)
}

// Auth adds the identities that an auth packet proves to those of a session's
// connection. The connection ends if it proves nothing that is known.
func (v *Server) Auth(id proto.SessionID, op *proto.Op) proto.Result {
	proved, ok := Authenticate(op.Auth, v.SuperDigest)
	if !ok {
		v.Disconnect(id)
		return failed(op, proto.AuthFailed)
	}
	ids := v.IDs(id)
	for _, p := range proved {
		if !slices.Contains(ids, p) {
			ids = append(ids, p)
		}
	}
	v.setIDs(id, ids)
	return proto.Result{Type: op.Type}
}

// Apply executes a write (see [State.ApplyAs]) and returns with its answer the
// events that precede it. A session that closes loses its connection after its
// watches have fired.
func (v *Server) Apply(z proto.Zxid, t int64, id proto.SessionID, op *proto.Op) (proto.Result, []Event) {
	return v.ApplyFrom(z, t, v.Caller(id), op)
}

// ApplyFrom is [Server.Apply] of a request that was read when the connection had
// other identities than now.
func (v *Server) ApplyFrom(z proto.Zxid, t int64, from Caller, op *proto.Op) (proto.Result, []Event) {
	next, r, changes := v.ApplyAs(z, t, from, op)
	v.State = next
	events := v.Watches.Fire(changes, func(id proto.SessionID, acl []proto.ACL) bool {
		return may(v.IDs(id), proto.PermRead, acl)
	})
	if op.Type == proto.OpCloseSession {
		v.Disconnect(from.Session)
	}
	return r, events
}

// Caller is who asks now by the connection of a session.
func (v *Server) Caller(id proto.SessionID) Caller { return Caller{Session: id, IDs: v.IDs(id)} }

// Read answers a read (see [State.ReadAs]), an auth, or a request about watches,
// and returns with the answer the events that precede it.
func (v *Server) Read(id proto.SessionID, op *proto.Op) (proto.Result, []Event) {
	switch op.Type {
	case proto.OpAuth:
		return v.Auth(id, op), nil
	case proto.OpSetWatches, proto.OpSetWatches2:
		return proto.Result{Type: op.Type}, v.Watches.Restore(v.State, id, op)
	case proto.OpAddWatch:
		return v.Watches.Add(id, op), nil
	case proto.OpRemoveWatches:
		return v.Watches.Remove(id, op), nil
	case proto.OpCheckWatches:
		return v.Watches.Has(op), nil
	}
	r := v.ReadAs(v.Caller(id), op)
	v.Watches.Set(id, op, r.Err)
	return r, nil
}
