package node

import (
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// Only the functions of this file assign role and phase.

func (n *Node) becomeLooking() {
	n.counters.lookings++
	n.role = RoleLooking
	n.setPhase(PhaseElection)
	n.note(Note{Kind: NoteRole, Role: RoleLooking})
	n.startElection()
}

func (n *Node) becomeLeading() {
	n.assertf(n.role == RoleLooking && n.phase == PhaseElection, proto.Leadership, "leads out of %v", n.phase)
	n.role = RoleLeading
	n.note(Note{Kind: NoteRole, Role: RoleLeading, Peer: n.id})
	n.setPhase(PhaseDiscovery)
	n.startLeading()
}

func (n *Node) becomeFollowing(leader proto.ServerID) {
	n.assertf(n.role == RoleLooking && n.phase == PhaseElection, proto.Leadership, "follows out of %v", n.phase)
	n.role = RoleFollowing
	n.note(Note{Kind: NoteRole, Role: RoleFollowing, Peer: leader})
	n.setPhase(PhaseDiscovery)
	n.startFollowing(leader)
}

func (n *Node) setPhase(p Phase) {
	n.assertf(p == PhaseElection || p == n.phase+1, proto.Leadership, "phase %v after %v", p, n.phase)
	n.phase = p
	n.note(Note{Kind: NotePhase, Phase: p})
}

// giveUp ends a role. Clients, learners and the leader are dropped at once; the
// log stage finishes what it has, and only then does the server look for a
// leader again: a write of the old role that reached the disk after the new
// one had compared its log would be a transaction nobody counts on.
func (n *Node) giveUp(reason string) {
	if n.role == RoleLooking || n.stopping {
		return
	}
	n.note(Note{Kind: NoteGaveUp, Role: n.role, Text: reason})
	n.stopping = true
	n.serving = false
	for c := n.conns.first; c != nil; c = c.next {
		if c.port != PortElection {
			n.closeConn(c)
		}
	}
	n.stopTimers()
	n.dropRequests()
	n.demand.forget()
	n.abortSnapshot()
	clear(n.sessionConn)
	n.watches = ztree.NewWatches(n.identities)
}

func (n *Node) stopTimers() {
	for _, k := range []TimerKind{TimerLeaderTick, TimerPhase, TimerLearnerRead, TimerLearnerDial, TimerExpiry, TimerContainers} {
		n.disarm(k, 0)
	}
}

// dropRequests forgets what clients asked for. They are told by their closed
// connections, and count the outcome as unknown.
func (n *Node) dropRequests() {
	n.prep.clear()
	n.propose.clear()
	n.commit.clear()
	n.final.clear()
}

// finishStop goes on looking for a leader once nothing is on its way to the
// disk. What is logged and not yet applied enters the memory image: it counts
// in this server's vote, so it must be in what a new leader would hand out.
func (n *Node) finishStop() {
	if n.log.busy || n.log.queue.len() > 0 || !n.idle(LaneMain) || !n.idle(LaneSnapshot) {
		return
	}
	if n.learner != nil && n.learner.memoryLost {
		n.learner.memoryLost = false
		n.write(LaneMain, n.planRecover(), thenReloaded, 0)
		return
	}
	n.stopping = false
	n.leader, n.learner = nil, nil
	n.fastForward()
	n.becomeLooking()
}

// fastForward applies what is logged. What has come and was never handed to the
// log is forgotten.
func (n *Node) fastForward() {
	if n.tail.len() == 0 {
		return
	}
	for n.tail.len() > 0 && n.tail.at(0).zxid() <= n.lastLogged {
		p := n.tail.pop()
		n.tree.Apply(&p.txn, nil, nil)
		n.committed.add(p.rec)
	}
	n.tail.clear()
	n.noteLoaded()
}
