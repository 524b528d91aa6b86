package node

import (
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// finalTurn executes what the commit stage released, in order: transactions
// change the tree, reads read it, and whoever asked is answered.
func (n *Node) finalTurn() {
	for n.serving && n.final.len() > 0 {
		it := n.final.pop()
		if it.p != nil {
			n.applyCommitted(it)
		} else {
			n.execute(it.req)
		}
	}
}

func (n *Node) applyCommitted(it finalItem) {
	p := n.tail.popApplied()
	if p != it.p {
		n.violated(proto.TotalOrder, "applies %v, next is %v", it.p.zxid(), p.zxid())
	}
	res := n.apply(p)
	if p.txn.HasDigest && p.txn.Digest != n.tree.Digest() {
		n.violated(proto.DigestEquality, "digest %#x after %v, the leader foresaw %#x", n.tree.Digest(), p.zxid(), p.txn.Digest)
	}
	if n.leader != nil {
		n.leader.outstanding.Applied(p.zxid())
		n.watchDoomed()
		n.synchroniseWaiting()
	}
	n.sessionTxn(p, it.req, res)
	switch {
	case it.req != nil:
		n.answerWrite(it.req, p.zxid(), res)
		n.release(it.req)
	case p.req != nil && p.req.from.remote:
		n.release(p.req)
	}
}

// apply changes the tree by one transaction, whichever way it came, and keeps
// it for learners that lag.
func (n *Node) apply(p *proposal) proto.Result {
	if !p.zxid().Follows(n.tree.LastProcessed()) {
		n.violated(proto.TotalOrder, "applies %v after %v", p.zxid(), n.tree.LastProcessed())
	}
	res := n.tree.Apply(&p.txn, n.watches, n.deliver)
	n.committed.add(p.rec)
	n.keepDigest(p.zxid())
	n.note(Note{Kind: NoteApplied, Zxid: p.zxid(), Digest: n.tree.Digest(), Payload: p.rec.Payload()})
	for _, x := range n.tree.TakeExcesses() {
		n.note(Note{Kind: NoteQuotaExceeded, Zxid: p.zxid(), Text: x.Path + ": " + x.Detail})
	}
	return res
}

// sessionTxn does what a session's beginning or end means to this server.
func (n *Node) sessionTxn(p *proposal, req *request, res proto.Result) {
	if res.Err != proto.OK {
		return
	}
	switch p.txn.Type {
	case proto.OpCreateSession:
		n.note(Note{Kind: NoteSessionOpened, Session: p.txn.Session})
	case proto.OpCloseSession:
		n.note(Note{Kind: NoteSessionClosed, Session: p.txn.Session})
		if n.leader != nil {
			n.leader.sessions.remove(p.txn.Session)
		}
		c := n.sessionConn[p.txn.Session]
		if c != nil && (req == nil || req.from.conn != c.id) {
			n.drop(c, "session closed")
		}
	}
}

// execute answers a read.
func (n *Node) execute(r *request) {
	c := n.conns.byID[r.from.conn]
	if c == nil || c.client == nil {
		n.release(r)
		return
	}
	res := proto.Result{Type: r.op.Type, Err: r.fail}
	if r.fail == proto.OK && r.bad != proto.OK {
		res.Err = r.bad
	}
	if res.Err == proto.OK {
		from := ztree.Caller{Watcher: ztree.Watcher(c.id), Session: r.session, IDs: r.ids}
		res = n.tree.Read(&r.op, &from, n.watches, n.deliver)
		n.boundWatches(c, &r.op)
	}
	if n.reply(c, r, n.tree.LastProcessed(), &res) {
		n.answered(c, r)
	}
	n.release(r)
}

// answerWrite tells the client that asked what became of its write.
func (n *Node) answerWrite(r *request, z proto.Zxid, res proto.Result) {
	c := n.conns.byID[r.from.conn]
	if c == nil || c.client == nil {
		return
	}
	if r.op.Type == proto.OpCreateSession {
		n.measured(c.client, r, z)
		n.sessionReady(c)
		return
	}
	if !n.reply(c, r, z, &res) {
		return
	}
	if r.op.Type == proto.OpCloseSession {
		n.closeFlushed(c) // before more is read from it
	}
	n.answered(c, r)
}

// reply queues an answer. A session that has moved to another server learns it
// from a closed connection; then it returns false.
func (n *Node) reply(c *conn, r *request, z proto.Zxid, res *proto.Result) bool {
	if res.Err == proto.SessionMoved {
		n.drop(c, "session moved")
		return false
	}
	n.measured(c.client, r, z)
	n.answer(c, proto.ReplyHeader{Xid: r.xid, Zxid: z, Err: res.Err}, res)
	return true
}

// notifyWatcher queues a watch event. It runs inside the application of the
// transaction, so the event precedes every reply that shows the change.
func (n *Node) notifyWatcher(w ztree.Watcher, e proto.WatcherEvent) {
	c := n.conns.byID[ConnID(w)]
	if c == nil {
		return
	}
	b, at := proto.BeginFrame(c.buffer())
	b = proto.AppendReplyHeader(b, proto.ReplyHeader{Xid: proto.XidNotification, Zxid: -1})
	b = proto.AppendWatcherEvent(b, e)
	n.toClient(c, proto.EndFrame(b, at))
}
