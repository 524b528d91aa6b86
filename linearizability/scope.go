package linearizability

import (
	"slices"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// beyondModel returns a call that cannot be judged, or nil: one of which the
// answer, or that of others, hangs on who somebody has proved to be, which a
// history does not tell; or one that is none of a client's.
func beyondModel(h *History) *Op {
	for i := range h.Ops {
		if o := &h.Ops[i]; !known(&o.Op) {
			return o
		}
	}
	return nil
}

func known(op *proto.Op) bool {
	switch op.Type {
	case proto.OpCreate, proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL:
		return isAboutWorld(op.ACL) && op.Flags <= proto.FlagTTLSequential
	case proto.OpSetACL:
		return isAboutWorld(op.ACL)
	case proto.OpMulti, proto.OpMultiRead:
		return !slices.ContainsFunc(op.Ops, func(sub proto.Op) bool { return !known(&sub) })
	case proto.OpDelete, proto.OpSetData, proto.OpCheck, proto.OpCloseSession, proto.OpReconfig, proto.OpSync, proto.OpPing,
		proto.OpExists, proto.OpGetData, proto.OpGetChildren, proto.OpGetChildren2, proto.OpGetACL,
		proto.OpGetAllChildren, proto.OpGetEphemerals,
		proto.OpAddWatch, proto.OpRemoveWatches, proto.OpCheckWatches:
		return true
	}
	return false
}

// isAboutWorld reports whether a list means the same for everybody.
func isAboutWorld(acl []proto.ACL) bool {
	return !slices.ContainsFunc(acl, func(a proto.ACL) bool {
		return a.Scheme == "auth" || a.Scheme == "digest" || a.Scheme == "ip"
	})
}

// beyondCommitted returns the zxid of a committed transaction that sets
// permissions which mean somebody, or 0: others than the history's clients may be
// refused, or not, by them.
func beyondCommitted(txns []proto.Txn) proto.Zxid {
	for i := range txns {
		t := &txns[i]
		if !isAboutWorld(t.ACL) || slices.ContainsFunc(t.Ops, func(p proto.Txn) bool { return !isAboutWorld(p.ACL) }) {
			return t.Zxid
		}
	}
	return 0
}

// rulesOf reads from the answers by which rules the servers go.
func rulesOf(h *History) model.Rules {
	rules := model.Rules{ExtendedTypes: true}
	for i := range h.Ops {
		o := &h.Ops[i]
		if o.Outcome == Unknown {
			continue
		}
		rules.EnforceQuota = rules.EnforceQuota || o.Err == proto.QuotaExceeded
		if o.Err == proto.Unimplemented && anyOp(&o.Op, func(op *proto.Op) bool { return op.Flags.IsTTL() }) {
			rules.ExtendedTypes = false
		}
	}
	return rules
}

// anyOp reports whether a request, or an operation in it, is of some kind.
func anyOp(op *proto.Op, is func(*proto.Op) bool) bool {
	for i := range op.Ops {
		if is(&op.Ops[i]) {
			return true
		}
	}
	return is(op)
}

func anyCall(h *History, is func(*proto.Op) bool) bool {
	for i := range h.Ops {
		if anyOp(&h.Ops[i].Op, is) {
			return true
		}
	}
	return false
}

// mortal reports whether a request may make a node that the servers delete of
// their own accord: a container, or one with a time to live. Who does not know
// what they committed does not know either when that was.
func mortal(op *proto.Op) bool {
	return op.Type.IsCreate() && (op.Type == proto.OpCreateContainer || op.Type == proto.OpCreateTTL || op.Flags >= proto.FlagContainer)
}

// withoutServers takes a violation back that the servers may have made right
// without anybody's call.
func withoutServers(h *History, res Result) Result {
	if res.Verdict != VerdictViolated || !anyCall(h, mortal) {
		return res
	}
	return undecided("containers and nodes with a time to live are deleted by the servers, which no call tells of; "+
		"if none of them was: %s: %s", res.Violation.Property, res.Violation.Detail)
}

// wide reports whether the answer to a request hangs on nodes that it does not name.
func wide(op *proto.Op) bool {
	return op.Type == proto.OpGetAllChildren || op.Type == proto.OpGetEphemerals
}

// isAboutConnection reports whether a request has nothing to do with the state:
// it changes what a connection watches, or asks for it.
func isAboutConnection(t proto.OpCode) bool {
	return t == proto.OpAddWatch || t == proto.OpRemoveWatches || t == proto.OpCheckWatches
}

// unheard are the sessions of which the watches are not followed, because they
// use others than those that fire once, and why; all, if somebody may not be told
// of what he watches.
func unheard(h *History) (sessions map[proto.SessionID]bool, notes []string) {
	sessions = map[proto.SessionID]bool{}
	for i := range h.Ops {
		if o := &h.Ops[i]; isAboutConnection(o.Op.Type) {
			sessions[o.Session] = true
		}
	}
	if len(sessions) > 0 {
		notes = append(notes, "Not judged: the answers of addWatch, removeWatches and checkWatches, and the events of sessions that use them.")
	}
	if anyCall(h, func(op *proto.Op) bool { return op.ACL != nil && !proto.IsOpenACL(op.ACL) && len(op.ACL) > 0 }) {
		for i := range h.Ops {
			sessions[h.Ops[i].Session] = true
		}
		notes = append(notes, "Not judged: events, for there are permissions by which some may be kept back.")
	}
	return sessions, notes
}
