package node

import (
	"fmt"
	"slices"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/quorum"
	"github.com/zksim/zksim/node/ztree"
)

// leader is what a server keeps while it leads, from the decision of the
// election until it gives up.
type leader struct {
	since    time.Duration
	ownEpoch proto.Epoch // its history when it was elected: nobody may have a newer one
	ownZxid  proto.Zxid

	// Discovery.
	ready       bool // its state is snapshotted: learners are listened to
	reported    quorum.Set
	maxAccepted proto.Epoch
	epoch       proto.Epoch // of this reign; 0 until fixed
	promised    bool        // acceptedEpoch is durable here
	ackedEpoch  quorum.Set
	adopting    bool // a quorum has acknowledged the epoch

	// Synchronisation.
	adopted        bool // currentEpoch is durable here
	ackedNewLeader quorum.Set
	established    bool

	// Broadcast.
	handlers      []*learnerHandler
	tick          int
	halfTick      bool
	lastPrepared  proto.Zxid
	lastProposed  proto.Zxid
	lastCommitted proto.Zxid
	outstanding   *ztree.Outstanding
	sessions      sessions
	scan          doomedScan
	syncs         queue[*syncWait]
	packet        []byte // the PROPOSAL being queued, encoded once for all learners
}

// startLeading begins a reign: the leader first writes down its whole state,
// then listens to learners.
func (n *Node) startLeading() {
	n.needSnapshot = false // whoever leads has the history that counts
	n.leader = &leader{since: n.now, ownEpoch: n.currentEpoch, ownZxid: n.lastLogged, maxAccepted: n.heardEpoch}
	n.arm(TimerPhase, 0, n.ticks(n.cfg.InitLimit))
	n.arm(TimerLeaderTick, 0, n.cfg.TickTime/2)
	n.startSnapshot(snapshotLeader)
}

// leaderReady: the state is on disk, discovery begins.
func (n *Node) leaderReady() {
	l := n.leader
	l.ready = true
	n.epochReported(n.id, n.acceptedEpoch)
	for _, h := range l.handlers {
		if h.state == handlerWaitsForEpoch {
			n.epochReported(h.sid, h.accepted)
		}
	}
}

// epochReported counts who has said which epoch it accepted last. Once a quorum
// including the leader has, the new epoch is larger than any of them, and is
// promised on disk before anybody hears of it.
func (n *Node) epochReported(id proto.ServerID, accepted proto.Epoch) {
	l := n.leader
	if !l.ready || l.epoch != 0 {
		return
	}
	l.reported.Add(id)
	l.maxAccepted = max(l.maxAccepted, accepted)
	if !l.reported.Has(n.id) || !n.voters.Contains(l.reported) {
		return
	}
	l.epoch = l.maxAccepted + 1
	n.arm(TimerPhase, 0, n.ticks(n.cfg.InitLimit))
	n.writeAcceptedEpoch(l.epoch)
}

func (n *Node) leaderPromised() {
	l := n.leader
	l.promised = true
	for _, h := range l.handlers {
		if h.state == handlerWaitsForEpoch {
			n.sendLeaderInfo(h)
		}
	}
	n.epochAcked(n.id)
}

// epochAcked counts who has promised the new epoch.
func (n *Node) epochAcked(id proto.ServerID) {
	l := n.leader
	l.ackedEpoch.Add(id)
	if l.adopting || !l.ackedEpoch.Has(n.id) || !n.voters.Contains(l.ackedEpoch) {
		return
	}
	l.adopting = true
	n.writeCurrentEpoch(l.epoch)
}

// leaderAdopted: the leader's own history is that of the new epoch; learners
// are made equal to it.
func (n *Node) leaderAdopted() {
	l := n.leader
	l.adopted = true
	n.setPhase(PhaseSynchronization)
	n.arm(TimerPhase, 0, n.ticks(n.cfg.InitLimit))
	for _, h := range slices.Clone(l.handlers) {
		if h.state == handlerWaitsForSync {
			n.synchronise(h)
		}
	}
	n.newLeaderAcked(n.id)
}

// newLeaderAcked counts who has the leader's history and epoch on disk.
func (n *Node) newLeaderAcked(id proto.ServerID) {
	l := n.leader
	l.ackedNewLeader.Add(id)
	if !l.established && l.ackedNewLeader.Has(n.id) && n.voters.Contains(l.ackedNewLeader) {
		n.establish()
	}
}

// establish begins broadcast: the leader's whole history is committed, because
// a quorum has it.
func (n *Node) establish() {
	l := n.leader
	l.established = true
	n.disarm(TimerPhase, 0)
	n.note(Note{Kind: NoteEstablished, Epoch: l.epoch, Zxid: n.lastLogged})
	l.lastCommitted = n.lastLogged
	l.lastPrepared = proto.MakeZxid(l.epoch, 0)
	l.lastProposed = l.lastPrepared
	l.outstanding = ztree.NewOutstanding(n.tree)
	n.refreshVote(l.epoch)
	n.setPhase(PhaseBroadcast)
	n.startSessions()
	n.startServing(l.epoch)
	n.watchDoomed()
	for _, h := range l.handlers {
		if h.state == handlerSynced {
			n.sendUpToDate(h)
		}
	}
}

func (n *Node) startServing(e proto.Epoch) {
	n.serving = true
	n.note(Note{Kind: NoteServing, Epoch: e, Zxid: n.tree.LastProcessed()})
	n.ask(StageCommit)
}

// leaderTick runs every half tick: it pings the learners, and every second time
// counts a tick and makes sure that a quorum is still there.
func (n *Node) leaderTick() {
	l := n.leader
	if l == nil || n.stopping {
		return
	}
	n.arm(TimerLeaderTick, 0, n.cfg.TickTime/2)
	if l.halfTick {
		l.tick++
		n.dropSilentLearners()
		if l.established && !n.quorumPresent() {
			n.giveUp(fmt.Sprintf("no quorum of followers at tick %d", l.tick))
			return
		}
	}
	l.halfTick = !l.halfTick
	for _, h := range slices.Clone(l.handlers) {
		n.pingLearner(h)
	}
	n.markSyncs()
}

// quorumPresent reports whether the leader and the synchronised learners that
// it heard of lately are a quorum.
func (n *Node) quorumPresent() bool {
	var s quorum.Set
	s.Add(n.id)
	for _, h := range n.leader.handlers {
		if h.state >= handlerSynced && n.leader.tick <= h.deadline {
			s.Add(h.sid)
		}
	}
	return n.voters.Contains(s)
}

func (n *Node) dropSilentLearners() {
	for _, h := range slices.Clone(n.leader.handlers) {
		limit := n.ticks(n.cfg.InitLimit)
		if h.state >= handlerSynced {
			limit = n.ticks(n.cfg.SyncLimit)
		}
		if n.now-h.lastHeard > limit {
			n.drop(h.conn, fmt.Sprintf("learner %v silent for %v", h.sid, limit))
		}
	}
}

// pingLearner sends a heartbeat, unless the learner holds a proposal
// unacknowledged for too long: then it is dropped, and so made to synchronise.
//
// A learner that is not synchronised yet is not pinged, for it would not answer:
// pings and answers are counted, and one unanswered would make every later sync
// wait for an answer more than was asked for.
func (n *Node) pingLearner(h *learnerHandler) {
	if h.state < handlerSynced {
		return
	}
	if h.overdue(n.now, n.ticks(n.cfg.SyncLimit)) {
		n.drop(h.conn, fmt.Sprintf("learner %v: transaction timeout at %v", h.sid, h.tracked))
		return
	}
	n.sendPing(h)
}

func (n *Node) sendPing(h *learnerHandler) {
	h.pingsSent++
	n.sendPacket(h.conn, &proto.Packet{Type: proto.PktPing, Zxid: n.leader.lastProposed})
}

// overdue reports whether the tracked proposal was written longer than limit ago.
func (h *learnerHandler) overdue(now, limit time.Duration) bool {
	return h.tracked != 0 && h.trackedWritten && now-h.trackedAt > limit
}
