package node

import (
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/quorum"
)

// ackArrived counts who has a proposal on disk. Acknowledgements of one server
// come in zxid order; the leader's own comes from its log stage and counts like
// any other.
func (n *Node) ackArrived(id proto.ServerID, z proto.Zxid) {
	l := n.leader
	if !l.established || z.Counter() == 0 || z <= l.lastCommitted {
		return
	}
	if p := n.tail.find(z); p != nil {
		p.acks.Add(id)
		n.tryToCommit()
	}
}

// tryToCommit commits, in order, what a quorum has on disk.
func (n *Node) tryToCommit() {
	l := n.leader
	for p := n.tail.nextToCommit(); p != nil && n.voters.Contains(p.acks); p = n.tail.nextToCommit() {
		n.tail.ncommitted++
		l.lastCommitted = p.zxid()
		n.note(Note{Kind: NoteCommitted, Zxid: p.zxid()})
		l.packet = proto.AppendPacket(l.packet[:0], &proto.Packet{Type: proto.PktCommit, Zxid: p.zxid()})
		for _, h := range l.handlers {
			if h.forwarding {
				n.queueForLearner(h, l.packet)
			}
		}
		n.committedNow(p)
		n.answerSyncs()
	}
}

// syncWait is a client's sync at the leader: it is answered once everything
// proposed before it is committed, and a quorum has confirmed, after it came,
// that it still follows this leader. A deposed leader that does not know it
// cannot get such a confirmation, so a read after sync is never stale.
type syncWait struct {
	req   *request
	after proto.Zxid // committed first
	marks []syncMark
}

// syncMark says which ping a learner must answer to confirm.
type syncMark struct {
	handler   *learnerHandler
	ping      int64
	confirmed bool
}

// startSync begins to confirm a sync. It takes no zxid.
func (n *Node) startSync(r *request) {
	l := n.leader
	if !r.from.remote {
		// One that nobody confirms must still not overtake a write of its session.
		r.asRead = n.cfg.Bugs.SyncWithoutQuorum || r.fail != proto.OK
		n.commit.queued.push(r)
		n.ask(StageCommit)
		if r.asRead {
			return
		}
	}
	w := &syncWait{req: r, after: l.lastProposed}
	if !n.cfg.Bugs.SyncWithoutQuorum {
		for _, h := range l.handlers {
			if h.state >= handlerSynced {
				n.sendPing(h)
				w.marks = append(w.marks, syncMark{h, h.pingsSent, false})
			}
		}
	}
	l.syncs.push(w)
	n.answerSyncs()
}

// pongArrived: a learner has answered one more ping.
func (n *Node) pongArrived(h *learnerHandler) {
	h.pongs++
	l := n.leader
	for i := range l.syncs.len() {
		for j := range l.syncs.at(i).marks {
			m := &l.syncs.at(i).marks[j]
			m.confirmed = m.confirmed || m.handler == h && h.pongs >= m.ping
		}
	}
	n.answerSyncs()
}

// markSyncs makes the ping that was just sent count for syncs that wait, for
// learners that have connected since.
func (n *Node) markSyncs() {
	l := n.leader
	for i := range l.syncs.len() {
		w := l.syncs.at(i)
		for _, h := range l.handlers {
			if h.state >= handlerSynced && h.pingsSent > h.pongs && !w.marked(h) {
				w.marks = append(w.marks, syncMark{h, h.pingsSent, false})
			}
		}
	}
}

func (w *syncWait) marked(h *learnerHandler) bool {
	for i := range w.marks {
		if w.marks[i].handler == h {
			return true
		}
	}
	return false
}

// answerSyncs answers syncs in their order, as far as they are confirmed.
func (n *Node) answerSyncs() {
	l := n.leader
	for l.syncs.len() > 0 {
		w := l.syncs.at(0)
		if !n.syncSafe(w) {
			return
		}
		l.syncs.pop()
		n.answerSync(w.req)
	}
}

func (n *Node) syncSafe(w *syncWait) bool {
	l := n.leader
	if w.after.Counter() != 0 && w.after > l.lastCommitted {
		return false
	}
	if n.cfg.Bugs.SyncWithoutQuorum {
		return true
	}
	s := quorum.SetOf(n.id)
	for i := range w.marks {
		if w.marks[i].confirmed {
			s.Add(w.marks[i].handler.sid)
		}
	}
	return n.voters.Contains(s)
}

// answerSync completes a sync here or sends SYNC to the learner that asked.
func (n *Node) answerSync(r *request) {
	if !r.from.remote {
		n.syncConfirmed(r)
		return
	}
	if c := n.conns.byID[r.from.conn]; c != nil && c.handler != nil {
		n.sendPacket(c, &proto.Packet{Type: proto.PktSync})
	}
	n.release(r)
}
