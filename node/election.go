package node

import (
	"fmt"
	"strings"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/quorum"
)

// Fast leader election: every server proposes the best vote it has heard of,
// and decides once a quorum proposes the same and nobody better has spoken for
// a while. Servers that already follow or lead answer with what they decided,
// so that a latecomer joins them.

const (
	notificationMin = 200 * time.Millisecond
	notificationMax = 60 * time.Second
	finalizeWindow  = 200 * time.Millisecond
	inboxLimit      = 100
)

type election struct {
	round      proto.Round
	initial    proto.Vote // own vote of this election
	proposed   proto.Vote
	decided    proto.Vote // while not looking: what this server follows
	wait       time.Duration
	finalizing bool

	recv  []ballot // this round's votes, one for each voter
	outOf []ballot // votes of servers that follow or lead

	inbox  queue[ballot]
	peers  []*electionPeer // one for each voter; that of this server is nil
	config []byte
}

// ballot is the newest vote of one server.
type ballot struct {
	from  proto.ServerID
	state proto.PeerState
	vote  proto.Vote
	round proto.Round
	cast  bool
}

func (e *election) init(n *Node) {
	e.recv = make([]ballot, len(n.voters))
	e.outOf = make([]ballot, len(n.voters))
	e.config = configText(n.cfg.Servers)
	for _, s := range n.cfg.Servers {
		var p *electionPeer
		if s.ID != n.id {
			p = &electionPeer{id: s.ID}
		}
		e.peers = append(e.peers, p)
	}
}

// configText is the configuration as it travels in election messages.
func configText(servers []Server) []byte {
	var b strings.Builder
	for _, s := range servers {
		fmt.Fprintf(&b, "server.%d=%s:%s:participant\n", int64(s.ID), s.QuorumAddr, portOf(s.ElectionAddr))
	}
	b.WriteString("version=0")
	return []byte(b.String())
}

func portOf(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// startElection begins a round with this server's own vote. Its zxid is the
// last one in the log, committed or not: whoever wins must hold everything that
// a quorum may have acknowledged.
func (n *Node) startElection() {
	e := &n.election
	e.round++
	e.initial = proto.Vote{Leader: n.id, Zxid: n.lastLogged, PeerEpoch: n.currentEpoch}
	n.assertf(n.lastLogged == n.tree.LastProcessed(), proto.VoteHonesty,
		"memory ends at %v, the log at %v", n.tree.LastProcessed(), n.lastLogged)
	e.proposed = e.initial
	e.wait = notificationMin
	e.finalizing = false
	clear(e.recv)
	clear(e.outOf)
	n.note(Note{Kind: NoteVote, Peer: n.id, Zxid: n.lastLogged, Epoch: n.currentEpoch, Round: e.round})
	n.broadcastVote()
	n.arm(TimerNotification, 0, e.wait)
}

// ownNotification is what this server says of itself now.
func (n *Node) ownNotification() proto.Notification {
	e := &n.election
	m := proto.Notification{State: proto.Looking, Vote: e.proposed, Round: e.round, Config: e.config}
	if n.role != RoleLooking {
		m.Vote = e.decided
		m.State = proto.Following
		if n.role == RoleLeading {
			m.State = proto.Leading
		}
	}
	return m
}

func (n *Node) broadcastVote() {
	m := n.ownNotification()
	n.castBallot(ballot{n.id, m.State, m.Vote, m.Round, true})
	for _, p := range n.election.peers {
		if p != nil {
			n.sendVote(p, m)
		}
	}
}

// castBallot puts a ballot before the election stage; the oldest gives way when
// the inbox is full.
func (n *Node) castBallot(b ballot) {
	e := &n.election
	if e.inbox.len() == inboxLimit {
		e.inbox.pop()
	}
	e.inbox.push(b)
	n.ask(StageElection)
}

// voteArrived is what the receiver does with an election message, in every role.
func (n *Node) voteArrived(from *electionPeer, m *proto.Notification) {
	if n.stopping { // neither its old vote nor a new one would be true
		return
	}
	if n.role != RoleLooking {
		if m.State == proto.Looking {
			n.sendVote(from, n.ownNotification())
		}
		return
	}
	n.castBallot(ballot{from.id, m.State, m.Vote, m.Round, true})
	if m.State == proto.Looking && m.Round < n.election.round {
		n.sendVote(from, n.ownNotification())
	}
}

func (n *Node) electionTurn() {
	e := &n.election
	for n.role == RoleLooking && !n.stopping && e.inbox.len() > 0 {
		n.weigh(e.inbox.pop())
	}
	if n.role == RoleLooking && !n.stopping && !e.finalizing {
		n.arm(TimerNotification, 0, e.wait)
	}
}

// weigh counts one ballot.
func (n *Node) weigh(b ballot) {
	e := &n.election
	if !n.voters.IsVoter(b.from) || !n.voters.IsVoter(b.vote.Leader) {
		return
	}
	if e.finalizing {
		if !b.vote.Better(e.proposed) {
			n.arm(TimerFinalize, 0, finalizeWindow) // someone still speaks: the window starts again
			return
		}
		e.finalizing = false
		n.disarm(TimerFinalize, 0)
	}
	switch b.state {
	case proto.Looking:
		n.weighLooking(b)
	case proto.Following, proto.Leading:
		n.weighDecided(b)
	}
}

func (n *Node) weighLooking(b ballot) {
	e := &n.election
	switch {
	case b.round < e.round:
		return
	case b.round > e.round:
		e.round = b.round
		clear(e.recv)
		e.proposed = e.initial
		if b.vote.Better(e.initial) {
			e.proposed = b.vote
		}
		n.broadcastVote()
	case b.vote.Better(e.proposed):
		e.proposed = b.vote
		n.broadcastVote()
	case e.proposed.Better(b.vote) && e.wait > notificationMin:
		n.tellStraggler(b.from)
	}
	n.record(e.recv, b)
	if n.voters.Contains(e.supporters()) {
		e.finalizing = true
		n.disarm(TimerNotification, 0)
		n.arm(TimerFinalize, 0, finalizeWindow)
	}
}

// tellStraggler answers a server that has begun to look in this round later
// than the others and proposes something worse. They have long said what they
// propose, and say it again at ever longer intervals: it would wait for up to a
// minute. (ZooKeeper's does.)
func (n *Node) tellStraggler(id proto.ServerID) {
	if p := n.electionPeer(id); p != nil {
		n.sendVote(p, n.ownNotification())
	}
}

// supporters is who proposes exactly what this server proposes.
func (e *election) supporters() quorum.Set {
	var s quorum.Set
	for _, b := range e.recv {
		if b.cast && b.vote == e.proposed && b.round == e.round {
			s.Add(b.from)
		}
	}
	return s
}

// weighDecided counts the ballot of a server that follows or leads. Zxid and
// round of such votes may differ between the members of one ensemble, so only
// leader and epoch are compared.
func (n *Node) weighDecided(b ballot) {
	e := &n.election
	if b.round == e.round {
		n.record(e.recv, b)
		if n.agreed(e.recv, b) {
			n.decide(b.vote)
			return
		}
	}
	n.record(e.outOf, b)
	if n.agreed(e.outOf, b) {
		e.round = b.round
		n.decide(b.vote)
	}
}

// agreed reports whether a quorum of the ballots names b's leader and epoch, and
// that leader itself says that it leads.
func (n *Node) agreed(ballots []ballot, b ballot) bool {
	var s quorum.Set
	leads := b.vote.Leader == n.id && b.round == n.election.round
	for _, o := range ballots {
		if o.cast && o.vote.Leader == b.vote.Leader && o.vote.PeerEpoch == b.vote.PeerEpoch {
			s.Add(o.from)
		}
		if o.cast && o.from == b.vote.Leader && o.state == proto.Leading {
			leads = true
		}
	}
	return leads && n.voters.Contains(s)
}

func (n *Node) record(ballots []ballot, b ballot) {
	for i, id := range n.voters {
		if id == b.from {
			ballots[i] = b
		}
	}
}

// notificationTimeout: nobody has spoken for a while, so say it again.
func (n *Node) notificationTimeout() {
	e := &n.election
	if n.role != RoleLooking || n.stopping || e.finalizing {
		return
	}
	if n.voteDelivered() {
		n.broadcastVote()
	} else {
		n.connectPeers()
	}
	e.wait = min(2*e.wait, notificationMax)
	n.arm(TimerNotification, 0, e.wait)
}

// finalizeTimeout: nothing better came during the window.
func (n *Node) finalizeTimeout() {
	if n.role == RoleLooking && !n.stopping && n.election.finalizing {
		n.decide(n.election.proposed)
	}
}

// decide ends the election.
func (n *Node) decide(v proto.Vote) {
	e := &n.election
	e.decided = v
	e.finalizing = false
	e.inbox.clear()
	n.disarm(TimerNotification, 0)
	n.disarm(TimerFinalize, 0)
	n.note(Note{Kind: NoteElected, Peer: v.Leader, Zxid: v.Zxid, Epoch: v.PeerEpoch, Round: e.round})
	if v.Leader == n.id {
		n.becomeLeading()
	} else {
		n.becomeFollowing(v.Leader)
	}
}

// refreshVote puts the established epoch into the vote that latecomers are
// told, so that all members of the ensemble tell them the same.
func (n *Node) refreshVote(e proto.Epoch) { n.election.decided.PeerEpoch = e }
