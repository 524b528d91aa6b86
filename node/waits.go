package node

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/quorum"
)

// describeWaits lists who waits for what: the pipeline first, then the role,
// then the clients.
func (n *Node) describeWaits() []Wait {
	waits := n.diskWaits()
	switch {
	case n.stopping:
		waits = append(waits, Wait{Who: "the server", For: "the disk, to look for a leader again"})
	case n.leader != nil:
		waits = append(waits, n.leaderWaits()...)
	case n.learner != nil:
		waits = append(waits, n.learnerWaits()...)
	default:
		waits = append(waits, n.electionWaits()...)
	}
	return append(append(waits, n.requestWaits()...), n.senderWaits()...)
}

// diskWaits: what follows the completion of operations of each lane.
func (n *Node) diskWaits() []Wait {
	var waits []Wait
	for l := range n.lanes {
		q := &n.lanes[l].waiting
		for i := range q.len() {
			who, what := n.continuationText(q.at(i))
			waits = append(waits, Wait{Who: who, For: what, Lane: Lane(l), Disk: true})
		}
	}
	return waits
}

func (n *Node) continuationText(c continuation) (who, what string) {
	switch c.then {
	case thenLogged:
		return "the log stage", "the fsync of " + batchText(n.log.batch)
	case thenSnapshotChunk, thenSnapshotDone:
		return "the snapshot stage", "the disk"
	case thenAcceptedEpoch:
		return "the server", fmt.Sprintf("acceptedEpoch %d to be on its disk", c.arg)
	case thenCurrentEpoch:
		return "the server", fmt.Sprintf("currentEpoch %d to be on its disk", c.arg)
	case thenTruncated, thenCutForSnapshot:
		return "the learner", "its log to be cut"
	case thenReloaded:
		return "the server", "its disk to be read again"
	case thenAnnounced:
		return "the learner", "the announcement of the epoch to be on its disk"
	}
	return "nobody", "the disk"
}

func batchText(b []*proposal) string {
	switch len(b) {
	case 0:
		return "nothing"
	case 1:
		return b[0].zxid().String()
	}
	return fmt.Sprintf("%v to %v", b[0].zxid(), b[len(b)-1].zxid())
}

// leaderWaits: for a quorum on the way to an epoch, then for acknowledgements.
func (n *Node) leaderWaits() []Wait {
	l := n.leader
	var waits []Wait
	quorumOf := func(what string, has quorum.Set) {
		waits = append(waits, Wait{Who: "the leader", For: fmt.Sprintf("%s of %d more (has %s)", what, n.lacking(has), n.among(has))})
	}
	switch {
	case !l.ready:
		waits = append(waits, Wait{Who: "the leader", For: "its own state to be on its disk, before it listens to learners"})
	case l.epoch == 0:
		quorumOf("FOLLOWERINFO", l.reported)
	case !l.adopting:
		quorumOf("ACKEPOCH", l.ackedEpoch)
	case !l.established:
		quorumOf("the ACK of NEWLEADER", l.ackedNewLeader)
	}
	for _, h := range l.handlers {
		waits = append(waits, handlerWaits(h)...)
	}
	for i := n.tail.ncommitted; i < n.tail.len(); i++ {
		p := n.tail.at(i)
		waits = append(waits, Wait{Who: p.zxid().String(), For: fmt.Sprintf("the ACK of %d more (has %s)",
			n.lacking(p.acks), n.among(p.acks))})
	}
	return append(waits, n.syncWaits()...)
}

// lacking is how many voters a set needs to be a quorum.
func (n *Node) lacking(s quorum.Set) int { return max(0, n.voters.Size()-n.voters.Count(s)) }

// among lists the members of a set of voters.
func (n *Node) among(s quorum.Set) string {
	var names []string
	for _, id := range n.voters {
		if s.Has(id) {
			names = append(names, id.String())
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func handlerWaits(h *learnerHandler) []Wait {
	who := "the learner handler of a server that has not said who it is"
	if h.sid != 0 {
		who = fmt.Sprintf("the learner handler of %v", h.sid)
	}
	switch {
	case h.state < handlerSynced:
		return []Wait{{Who: who, For: strings.TrimPrefix(handlerStates[h.state], "waits for "), Since: h.lastHeard}}
	case h.tracked != 0 && h.trackedWritten:
		return []Wait{{Who: who, For: fmt.Sprintf("the ACK of %v", h.tracked), Since: h.trackedAt}}
	case h.tracked != 0:
		return []Wait{{Who: who, For: fmt.Sprintf("the PROPOSAL of %v to leave", h.tracked)}}
	}
	return nil
}

func (n *Node) syncWaits() []Wait {
	l := n.leader
	var waits []Wait
	for i := range l.syncs.len() {
		w := l.syncs.at(i)
		has := quorum.SetOf(n.id)
		for _, m := range w.marks {
			if m.confirmed {
				has.Add(m.handler.sid)
			}
		}
		what := fmt.Sprintf("answers to PING of a quorum (has %s)", n.among(has))
		if w.after > l.lastCommitted && w.after.Counter() != 0 {
			what += fmt.Sprintf(", and the commit of %v", w.after)
		}
		waits = append(waits, Wait{Who: requestText(w.req), For: what})
	}
	return waits
}

func (n *Node) learnerWaits() []Wait {
	l := n.learner
	who := fmt.Sprintf("the learner of %v", l.leader)
	switch {
	case l.conn == nil || !l.conn.up:
		return []Wait{{Who: who, For: fmt.Sprintf("a connection, attempt %d", l.tries), Since: l.lastHeard}}
	case !l.acksOpen && !l.busy:
		return []Wait{{Who: who, For: strings.TrimPrefix(learnerState(l), "waits for "), Since: l.lastHeard}}
	case l.acksOpen && !n.serving:
		return []Wait{{Who: who, For: "UPTODATE", Since: l.lastHeard}}
	}
	return nil
}

func (n *Node) electionWaits() []Wait {
	e := &n.election
	if e.finalizing {
		return []Wait{{Who: "the election", For: fmt.Sprintf("a better vote than that for %v, for a moment more", e.proposed.Leader)}}
	}
	has := e.supporters()
	return []Wait{{Who: "the election", For: fmt.Sprintf("%d more votes for %v in round %d (has %s)",
		n.lacking(has), e.proposed.Leader, e.round, n.among(has))}}
}

// requestWaits: what this server's own clients wait for.
func (n *Node) requestWaits() []Wait {
	var waits []Wait
	for _, id := range slices.Sorted(maps.Keys(n.commit.bySession)) {
		q := n.commit.bySession[id]
		if q.len() == 0 {
			continue
		}
		r := q.at(0)
		what := "its commit"
		if r.op.Type == proto.OpSync {
			what = "the leader's answer"
		}
		if behind := q.len() - 1; behind > 0 {
			what += fmt.Sprintf(", and %d requests behind it", behind)
		}
		if n.conns.byID[r.from.conn] == nil {
			what += "; its client's connection is gone"
		}
		waits = append(waits, Wait{Who: requestText(r), For: what, Conn: r.from.conn, Session: r.session, Xid: r.xid})
	}
	for c := n.conns.first; c != nil; c = c.next {
		if cc := c.client; cc != nil && cc.asked && !cc.ready {
			waits = append(waits, Wait{Who: fmt.Sprintf("session %v", cc.session), For: "the leader to confirm it", Since: cc.lastHeard})
		}
	}
	return waits
}

func (n *Node) senderWaits() []Wait {
	var waits []Wait
	for c := n.conns.first; c != nil; c = c.next {
		if unsent := c.queued - c.left; c.up && unsent > 0 {
			waits = append(waits, Wait{Who: "the sender", For: fmt.Sprintf("room in the stream, for %d bytes", unsent),
				Stage: Stage{StageSender, c.id}, Room: true})
		}
	}
	return waits
}
