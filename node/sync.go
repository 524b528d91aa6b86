package node

import (
	"github.com/zksim/zksim/node/proto"
)

// syncPlan is how a learner's history becomes a prefix of the leader's.
type syncPlan struct {
	kind SyncKind
	zxid proto.Zxid // of the first packet
	from int        // index in the committed log of the first transaction to send
}

// plan decides by the end of the learner's log, p. It must hold not merely that
// p lies between the ends of the cache, but that the leader owns it: a zxid of a
// dead epoch can lie in the range and not in the history.
//
// Our servers report the zxid of a real transaction or 0, never an epoch with
// counter 0, so the rules of ZooKeeper for such zxids have no counterpart here.
//
// Without membership (diff-without-trunc) the range is all that counts.
func (c *committedLog) plan(p proto.Zxid, membership bool) syncPlan {
	last := c.max()
	switch {
	case p > last && sameEpoch(p, last):
		return syncPlan{SyncTrunc, last, c.entries.len()}
	case p > last, p < c.base:
		return syncPlan{SyncSnap, last, c.entries.len()}
	}
	prev, i := c.base, 0
	for i < c.entries.len() && c.entries.at(i).Zxid <= p {
		prev = c.entries.at(i).Zxid
		i++
	}
	switch {
	case prev == p, !membership:
		return syncPlan{SyncDiff, last, i}
	case sameEpoch(p, prev):
		return syncPlan{SyncTrunc, prev, i}
	}
	// The learner's log goes on in an epoch of which the leader has nothing, so
	// it is not known whether the learner has prev: it cannot be cut there.
	return syncPlan{SyncSnap, last, c.entries.len()}
}

// sameEpoch reports whether two transactions are of one epoch. Zxids without a
// transaction have no epoch.
func sameEpoch(a, b proto.Zxid) bool {
	return a.Epoch() == b.Epoch() && a.Counter() != 0 && b.Counter() != 0
}

// synchronise queues what makes the learner equal to the leader, registers it
// for everything live, and ends with NEWLEADER.
func (n *Node) synchronise(h *learnerHandler) {
	s := n.committed.plan(h.last, !n.cfg.Bugs.DiffWithoutTrunc)
	h.state = handlerSyncing
	n.note(Note{Kind: NoteSync, Peer: h.sid, Sync: s.kind, Zxid: s.zxid})
	switch s.kind {
	case SyncDiff:
		n.sendPacket(h.conn, &proto.Packet{Type: proto.PktDiff, Zxid: s.zxid})
	case SyncTrunc:
		n.sendPacket(h.conn, &proto.Packet{Type: proto.PktTrunc, Zxid: s.zxid})
	case SyncSnap:
		n.sendPacket(h.conn, &proto.Packet{Type: proto.PktSnap, Zxid: n.tree.LastProcessed()})
		h.snap = n.tree.NewSnapshot()
	}
	for i := s.from; i < n.committed.entries.len(); i++ {
		r := n.committed.entries.at(i)
		n.sendProposal(h, r.Zxid, r.Payload())
		n.sendCommit(h, r.Zxid)
	}
	n.startForwarding(h)
	if h.snap == nil {
		n.sendPacket(h.conn, n.newLeaderPacket())
	}
	n.askSender(h.conn)
}

// startForwarding queues what is committed and not yet applied, and what is
// outstanding; from here on the learner gets everything live.
func (n *Node) startForwarding(h *learnerHandler) {
	for i := range n.tail.len() {
		p := n.tail.at(i)
		n.sendProposal(h, p.zxid(), p.rec.Payload())
		if i < n.tail.ncommitted {
			n.sendCommit(h, p.zxid())
		}
	}
	h.forwarding = true
}

func (n *Node) sendProposal(h *learnerHandler, z proto.Zxid, payload []byte) {
	n.queueForLearner(h, proto.AppendPacket(nil, &proto.Packet{Type: proto.PktProposal, Zxid: z, Data: payload}))
	h.proposalQueued(z)
}

func (n *Node) sendCommit(h *learnerHandler, z proto.Zxid) {
	n.queueForLearner(h, proto.AppendPacket(nil, &proto.Packet{Type: proto.PktCommit, Zxid: z}))
}
