package model

import "github.com/zksim/zksim/node/proto"

// Server is what one server shows to its clients: the state and the watches of
// its connections. A copy is independent of the original.
type Server struct {
	State
	Watches Watches
}

// NewServer returns a server that was never used.
func NewServer() *Server { return &Server{State: New()} }

// Apply executes a write (see [State.Apply]) and returns with its answer the
// events that precede it. A session that closes loses its watches after they
// have fired.
func (v *Server) Apply(z proto.Zxid, t int64, id proto.SessionID, op *proto.Op) (proto.Result, []Event) {
	next, r, changes := v.State.Apply(z, t, id, op)
	v.State = next
	events := v.Watches.Fire(changes)
	if op.Type == proto.OpCloseSession {
		v.Watches.Drop(id)
	}
	return r, events
}

// Read answers a read (see [State.Read]) or a setWatches, and returns with the
// answer the events that precede it.
func (v *Server) Read(id proto.SessionID, op *proto.Op) (proto.Result, []Event) {
	if op.Type == proto.OpSetWatches {
		return proto.Result{Type: op.Type}, v.Watches.Restore(v.State, id, op)
	}
	r := v.State.Read(op)
	v.Watches.Set(id, op, r.Err)
	return r, nil
}

// Disconnect forgets the watches of a session's connection. The session lives on.
func (v *Server) Disconnect(id proto.SessionID) { v.Watches.Drop(id) }
