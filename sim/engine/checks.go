package engine

import (
	"fmt"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// checks judges what the servers tell, after every step: the invariants that
// need the view of more than one server, or of more than one life of one. Every
// method returns what it found, or nil.
type checks struct {
	ledger  ledger
	leaders []reign    // established leaders, by rising epoch
	newest  proto.Zxid // the highest committed zxid
	fresh   bool       // the transaction applied last was new to the run
}

// reign is an established leader with the history that it began with.
type reign struct {
	epoch  proto.Epoch
	leader proto.ServerID
	tip    proto.Zxid // last transaction of its initial history
}

func found(p proto.Property, place, format string, args ...any) *proto.Violation {
	return &proto.Violation{Property: p, Place: place, Detail: fmt.Sprintf(format, args...)}
}

// both writes a zxid in the two notations that people look for.
func both(z proto.Zxid) string { return z.String() + " (" + z.Hex() + ")" }

// accepted: acceptedEpoch on a disk never decreases (R1).
func (k *checks) accepted(v *view, e proto.Epoch) *proto.Violation {
	if e < v.acceptedEpoch {
		return found(proto.EpochMonotonic, "acceptedEpoch", "wrote acceptedEpoch %d over %d", e, v.acceptedEpoch)
	}
	v.acceptedEpoch = e
	return nil
}

// current: currentEpoch on a disk never decreases, and never passes acceptedEpoch (R1).
func (k *checks) current(v *view, e proto.Epoch) *proto.Violation {
	if e < v.currentEpoch {
		return found(proto.EpochMonotonic, "currentEpoch", "wrote currentEpoch %d over %d", e, v.currentEpoch)
	}
	if e > v.acceptedEpoch {
		return found(proto.EpochMonotonic, "currentEpoch", "wrote currentEpoch %d with acceptedEpoch %d", e, v.acceptedEpoch)
	}
	v.currentEpoch = e
	return nil
}

// reread: a process finds the epochs on its disk. They may be newer than what
// was told of, because the process that wrote them died before it told; they are
// never older (R1).
func (k *checks) reread(v *view, accepted, current proto.Epoch) *proto.Violation {
	if accepted < v.acceptedEpoch || current < v.currentEpoch {
		return found(proto.EpochMonotonic, "recovery", "found acceptedEpoch %d and currentEpoch %d, which were %d and %d",
			accepted, current, v.acceptedEpoch, v.currentEpoch)
	}
	v.acceptedEpoch, v.currentEpoch = accepted, current
	return nil
}

// applied: a server has applied a transaction to a tree whose last one was prev.
// It must be the next one (TotalOrder, LocalPrimaryOrder, and from epoch to epoch
// GlobalPrimaryOrder, R4), the same that every other server
// applied as this zxid (Agreement), after the same one (PrefixConsistency), and
// give the same tree (DigestEquality, R7).
func (k *checks) applied(id proto.ServerID, prev proto.Zxid, n *node.Note) *proto.Violation {
	z := n.Zxid
	switch {
	case z.Epoch() < prev.Epoch():
		return found(proto.GlobalPrimaryOrder, "applied", "%v applied %s after %s, which is of a later epoch", id, both(z), both(prev))
	case z <= prev:
		return found(proto.TotalOrder, "applied", "%v applied %s after %s", id, both(z), both(prev))
	case !z.Follows(prev):
		return found(proto.LocalPrimaryOrder, "applied", "%v applied %s directly after %s", id, both(z), both(prev))
	}
	e := k.ledger.entry(z)
	k.fresh = e.appliedBy == 0
	if v := k.sameContent(e, id, n); v != nil {
		return v
	}
	if v := k.samePrefix(e, id, z, prev); v != nil {
		return v
	}
	return k.sameTree(e, id, n)
}

func (k *checks) sameContent(e *entry, id proto.ServerID, n *node.Note) *proto.Violation {
	h := hashOf(n.Payload)
	if e.appliedBy != 0 && e.content != h {
		return found(proto.Agreement, "applied", "%v applied another transaction as %s than %v", id, both(n.Zxid), e.appliedBy)
	}
	if e.appliedBy == 0 {
		e.appliedBy, e.content = id, h
	}
	return nil
}

// samePrefix compares the predecessors of a zxid. By induction servers that
// agree on every predecessor have histories of which one is a prefix of the other.
func (k *checks) samePrefix(e *entry, id proto.ServerID, z, prev proto.Zxid) *proto.Violation {
	if prev.Counter() == 0 && prev != 0 { // the tree of an epoch's beginning; what came before is not told
		return nil
	}
	if e.prevBy != 0 && e.prev != prev {
		return found(proto.PrefixConsistency, "applied", "%v applied %s after %s; %v had applied it after %s",
			id, both(z), both(prev), e.prevBy, both(e.prev))
	}
	e.prevBy, e.prev = id, prev
	return nil
}

func (k *checks) sameTree(e *entry, id proto.ServerID, n *node.Note) *proto.Violation {
	if e.treeBy != 0 && e.tree != n.Digest {
		return found(proto.DigestEquality, "applied", "at %s the tree of %v has the digest %#x; that of %v had %#x",
			both(n.Zxid), id, uint64(n.Digest), e.treeBy, uint64(e.tree))
	}
	if e.treeBy == 0 {
		e.treeBy, e.tree = id, n.Digest
	}
	return nil
}

// loaded: a server has replaced its tree, from its disk or by what the leader
// sent. Trees at one zxid are equal on all servers (R7).
func (k *checks) loaded(id proto.ServerID, n *node.Note) *proto.Violation {
	return k.sameTree(k.ledger.entry(n.Zxid), id, n)
}

// establishedBy: a quorum has followed a leader into an epoch. Nobody else leads
// that epoch (Leadership, R2), and the leader holds everything that was ever
// committed (LeaderCompleteness).
func (k *checks) establishedBy(id proto.ServerID, e proto.Epoch, tip proto.Zxid) *proto.Violation {
	at := len(k.leaders)
	for at > 0 && k.leaders[at-1].epoch >= e {
		at--
	}
	if at < len(k.leaders) && k.leaders[at].epoch == e {
		return found(proto.Leadership, "leader", "%v leads epoch %d, which %v led before", id, e, k.leaders[at].leader)
	}
	r := reign{e, id, tip}
	k.leaders = append(k.leaders, reign{})
	copy(k.leaders[at+1:], k.leaders[at:])
	k.leaders[at] = r
	if k.newest.Epoch() < e {
		return k.complete(r, k.newest)
	}
	return nil
}

// committedBy: a leader has committed a transaction. Leaders of later epochs,
// of which it may not know, must hold it.
func (k *checks) committedBy(id proto.ServerID, z proto.Zxid) *proto.Violation {
	for i := len(k.leaders) - 1; i >= 0 && k.leaders[i].epoch > z.Epoch(); i-- {
		if v := k.complete(k.leaders[i], z); v != nil {
			return v
		}
	}
	k.newest = max(k.newest, z)
	return nil
}

func (k *checks) complete(r reign, z proto.Zxid) *proto.Violation {
	if k.ledger.holds(r.tip, z) {
		return nil
	}
	return found(proto.LeaderCompleteness, "leader", "%v leads epoch %d with a history that ends with %s; %s was committed before",
		r.leader, r.epoch, both(r.tip), both(z))
}
