package node

import (
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// prepared is what the prep stage hands to the propose stage: a request, and the
// transaction made from it when it is a write. A nil request belongs to nobody
// here: the leader's own close of an expired session.
type prepared struct {
	req *request
	p   *proposal
}

// prepTurn is the leader's prep stage: it checks requests against the tree and
// the changes that are outstanding, and makes transactions of the writes, one
// zxid each, failing ones included.
func (n *Node) prepTurn() {
	for n.leader != nil && n.prep.len() > 0 {
		r := n.prep.pop()
		if r.revalidate {
			n.revalidateNow(r)
			continue
		}
		if n.leader.sessions.touchRequest(n, r) {
			n.prepare(r)
		}
	}
}

func (n *Node) prepare(r *request) {
	pre := n.leader.sessions.check(r)
	if r.op.Type == proto.OpCreateSession {
		n.leader.sessions.track(n, r.session, r.op.Timeout, r.from)
		pre = proto.OK
	}
	if r.bad != proto.OK && pre == proto.OK {
		pre = r.bad
	}
	if !r.op.Type.IsWrite() || r.throttled {
		r.fail = pre
		n.propose.push(prepared{req: r})
		n.ask(StagePropose)
		return
	}
	p := n.makeProposal(r, pre)
	if p.txn.Type == proto.OpCloseSession {
		n.leader.sessions.markClosing(r.session)
	}
	n.propose.push(prepared{r, p})
	n.ask(StagePropose)
}

// makeProposal assigns the next zxid.
func (n *Node) makeProposal(r *request, pre proto.ErrCode) *proposal {
	l := n.leader
	l.lastPrepared = l.lastPrepared.Next()
	h := proto.TxnHeader{Session: r.session, Cxid: r.xid, Zxid: l.lastPrepared, Time: n.wall, Type: r.op.Type}
	p := &proposal{req: r}
	p.txn = l.outstanding.Prepare(h, &r.op, r.ids, pre)
	p.rec = store.NewRecord(&p.txn)
	return p
}

// proposeTurn is the leader's propose stage: a request goes to the commit stage
// first, and only then can its transaction be proposed, logged and committed.
func (n *Node) proposeTurn() {
	for n.leader != nil && n.propose.len() > 0 {
		it := n.propose.pop()
		switch {
		case it.p != nil:
			n.proposeTxn(it)
		case it.req.op.Type == proto.OpSync && !it.req.throttled:
			n.startSync(it.req)
		default:
			n.commit.queued.push(it.req)
			n.ask(StageCommit)
		}
	}
}

func (n *Node) proposeTxn(it prepared) {
	if !it.req.from.remote && it.req.from.conn != 0 {
		n.commit.queued.push(it.req)
		n.ask(StageCommit)
	}
	l := n.leader
	l.lastProposed = it.p.zxid()
	n.counters.proposed++
	n.counters.proposals.add(len(it.p.rec.Payload()))
	n.note(Note{Kind: NoteProposed, Zxid: l.lastProposed, Payload: it.p.rec.Payload()})
	n.tail.push(it.p)
	n.encodeProposal(it.p)
	for _, h := range l.handlers {
		if h.forwarding {
			n.queueProposal(h, it.p.zxid())
		}
	}
	n.logProposal(it.p)
}

// encodeProposal encodes the PROPOSAL packet once, for all learners.
func (n *Node) encodeProposal(p *proposal) {
	l := n.leader
	l.packet = proto.AppendPacket(l.packet[:0], &proto.Packet{Type: proto.PktProposal, Zxid: p.zxid(), Data: p.rec.Payload()})
}

// queueProposal queues the encoded PROPOSAL for one learner.
func (n *Node) queueProposal(h *learnerHandler, z proto.Zxid) {
	n.queueForLearner(h, n.leader.packet)
	h.proposalQueued(z)
}
