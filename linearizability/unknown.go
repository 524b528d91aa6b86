package linearizability

import (
	"cmp"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// unknown is a transaction that may be in W or not: a write whose answer never
// came, or the end of a session by its timeout.
type unknown struct {
	call      int32 // index of the call, or -1: the end of the session
	session   proto.SessionID
	xid       int32 // order within the session; the end is after everything
	op        *proto.Op
	low, high proto.Zxid // if it is in W, then strictly between
	after     uint64     // it takes effect in this step or later
	footprint footprint
}

// xidEnd orders the end of a session after its calls.
const xidEnd = 1<<31 - 1

// closeOp is what ends a session whose client says nothing.
func closeOp() *proto.Op { return &proto.Op{Type: proto.OpCloseSession} }

// unknowns lists what may be in W without being answered, with the bounds that
// time and the order of the session set to it: after everything that was seen
// before it was called, after the earlier and before the later writes of its
// session. What is known of some of them by other means stands in at, by the
// call: then the call is in W as that zxid, and not in the list. at may be nil.
func unknowns(h *History, r *replies, at []proto.Zxid) []unknown {
	var out []unknown
	for i := range h.Ops {
		if o := &h.Ops[i]; mayHaveHappened(o) && zxidOf(o, i, at) == 0 {
			u := unknown{call: int32(i), session: o.Session, xid: o.Xid, op: &o.Op, after: o.Call, footprint: footprintOf(o.Session, &o.Op)}
			if p := r.before(o.Call); p != nil {
				u.low = p.Zxid
			}
			out = append(out, u)
		}
	}
	ends := len(out) > 0
	for i := range h.Ops {
		ends = ends || showsEnd(&h.Ops[i])
	}
	if !ends {
		return nil
	}
	return boundBySession(h, out, at)
}

// showsEnd: without such a call nobody sees the end of a session.
func showsEnd(o *Op) bool { return o.Err == proto.SessionExpired || makesEphemeral(&o.Op) }

func makesEphemeral(op *proto.Op) bool {
	if op.Type == proto.OpMulti {
		for i := range op.Ops {
			if makesEphemeral(&op.Ops[i]) {
				return true
			}
		}
		return false
	}
	return op.Type.IsCreate() && op.Flags.IsEphemeral()
}

// zxidOf returns where in W a write is, 0 if that is not known.
func zxidOf(o *Op, call int, at []proto.Zxid) proto.Zxid {
	switch {
	case isAnsweredWrite(o):
		return o.Zxid
	case at != nil:
		return at[call]
	}
	return 0
}

// mayHaveHappened: a write that the client knows nothing of.
func mayHaveHappened(o *Op) bool { return o.Op.Type.IsWrite() && o.Outcome == Unknown }

const noBound = proto.Zxid(1<<63 - 1)

// boundBySession adds the ends of sessions, and narrows the bounds.
func boundBySession(h *History, list []unknown, at []proto.Zxid) []unknown {
	byCall := make(map[int32]*unknown, len(list))
	for i := range list {
		byCall[list[i].call] = &list[i]
	}
	var ends []unknown
	sessions := sessionCalls(h)
	for len(sessions) > 0 {
		n := 1
		for n < len(sessions) && h.Ops[sessions[n]].Session == h.Ops[sessions[0]].Session {
			n++
		}
		if end, ok := boundSession(h, sessions[:n], byCall, at); ok {
			ends = append(ends, end)
		}
		sessions = sessions[n:]
	}
	for i := range list {
		if list[i].high == 0 { // it belongs to no session
			list[i].high = noBound
		}
	}
	return append(list, ends...)
}

// sessionCalls gives the indices of the calls that belong to a session, session
// by session in the order of their xids.
func sessionCalls(h *History) []int32 {
	calls := make([]int32, 0, len(h.Ops))
	for i := range h.Ops {
		if o := &h.Ops[i]; o.Session != 0 && o.Xid > 0 {
			calls = append(calls, int32(i))
		}
	}
	return gathered(calls, func(i int32) proto.SessionID { return h.Ops[i].Session },
		func(a, b int32) int { return cmp.Compare(h.Ops[a].Xid, h.Ops[b].Xid) })
}

// boundSession bounds the unknown calls of one session by its answered writes,
// and returns what the end of the session would be, if it can be seen: unless its
// close was answered, or it has no ephemerals and no call came too late.
func boundSession(h *History, calls []int32, byCall map[int32]*unknown, at []proto.Zxid) (end unknown, open bool) {
	end = unknown{call: -1, session: h.Ops[calls[0]].Session, xid: xidEnd, op: closeOp(), high: noBound}
	open = true
	refused := false
	for _, i := range calls {
		o := &h.Ops[i]
		if u := byCall[i]; u != nil {
			u.low = max(u.low, end.low)
		}
		z := zxidOf(o, int(i), at)
		if isAnsweredWrite(o) && o.Err != proto.SessionExpired {
			end.low, end.after = max(end.low, z), max(end.after, o.Call)
		}
		refused = refused || o.Err == proto.SessionExpired
		if o.Op.Type == proto.OpCloseSession && z != 0 {
			open = false
		}
		owned(&end.footprint, o)
	}
	high := noBound
	for _, i := range slices.Backward(calls) {
		if z := zxidOf(&h.Ops[i], int(i), at); z != 0 && h.Ops[i].Op.Type.IsWrite() {
			high = min(high, z)
		}
		if u := byCall[i]; u != nil {
			u.high = high
			if u.op.Type == proto.OpCloseSession {
				u.footprint.join(&end.footprint)
			}
		}
	}
	end.footprint.session = end.session
	return end, open && (refused || len(end.footprint.paths) > 0)
}

// owned adds to what the end of a session may touch the ephemerals that a call
// may have made.
func owned(f *footprint, o *Op) {
	if o.Outcome != Failed {
		ownedBy(f, &o.Op)
	}
}

func ownedBy(f *footprint, op *proto.Op) {
	for i := range op.Ops {
		ownedBy(f, &op.Ops[i])
	}
	if op.Flags.IsEphemeral() && op.Type != proto.OpMulti {
		f.add(op)
	}
}
