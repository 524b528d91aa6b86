package node

import (
	"github.com/zksim/zksim/node/proto"
)

// commitStage holds this server's clients' requests until what they wait for is
// committed. Requests of one session keep their order; reads of other sessions
// overtake writes that wait.
type commitStage struct {
	queued    queue[*request] // not looked at yet
	decided   queue[decision] // in commit order
	bySession map[proto.SessionID]*queue[*request]
	spare     []*queue[*request]
}

// decision is a committed transaction, or a sync that is confirmed.
type decision struct {
	p    *proposal
	sync *request
}

// finalItem is what the final stage executes.
type finalItem struct {
	req *request  // nil: nobody here waits for it
	p   *proposal // nil: a read
}

func (c *commitStage) clear() {
	c.queued.clear()
	c.decided.clear()
	clear(c.bySession)
}

// committedNow hands a committed transaction to the commit stage.
func (n *Node) committedNow(p *proposal) {
	n.commit.decided.push(decision{p: p})
	n.askCommit()
}

func (n *Node) syncConfirmed(r *request) {
	n.commit.decided.push(decision{sync: r})
	n.askCommit()
}

func (n *Node) askCommit() {
	if n.serving {
		n.ask(StageCommit)
	}
}

// commitTurn looks at every queued request before it looks at a commit: a
// commit that comes back faster than its request was looked at would otherwise
// be taken for somebody else's.
func (n *Node) commitTurn() {
	if !n.serving {
		return
	}
	c := &n.commit
	for c.queued.len() > 0 {
		n.admit(c.queued.pop())
	}
	for c.decided.len() > 0 {
		n.settle(c.decided.pop())
	}
	if n.final.len() > 0 {
		n.ask(StageFinal)
	}
}

// admit lets a read through at once unless its session waits for something.
func (n *Node) admit(r *request) {
	c := &n.commit
	q := c.bySession[r.session]
	if q == nil {
		if !r.needsCommit() {
			n.final.push(finalItem{req: r})
			return
		}
		q = c.takeQueue()
		c.bySession[r.session] = q
	}
	q.push(r)
}

func (c *commitStage) takeQueue() *queue[*request] {
	if k := len(c.spare); k > 0 {
		q := c.spare[k-1]
		c.spare = c.spare[:k-1]
		return q
	}
	return &queue[*request]{}
}

// settle passes on one commit, with the request that waited for it, and then
// the reads behind it.
func (n *Node) settle(d decision) {
	c := &n.commit
	q := c.bySession[d.owner()]
	if q == nil || !d.answers(q.at(0)) {
		// Somebody else's transaction, or one that this session sent through the
		// server it was connected to before. The local head goes on waiting.
		if d.p != nil {
			n.final.push(finalItem{p: d.p})
		}
		return
	}
	n.final.push(finalItem{req: q.pop(), p: d.p})
	for q.len() > 0 && !q.at(0).needsCommit() {
		n.final.push(finalItem{req: q.pop()})
	}
	if q.len() == 0 {
		delete(c.bySession, d.owner())
		c.spare = append(c.spare, q)
	}
}

func (d decision) owner() proto.SessionID {
	if d.p != nil {
		return d.p.txn.Session
	}
	return d.sync.session
}

// answers reports whether a decision is what the head of its session's queue waits
// for. The leader knows whose request became a transaction. A learner goes by its
// number and type, and by its age: a client that takes its session over from
// another connection may count anew, and what that one sent may still be under way.
func (d decision) answers(head *request) bool {
	switch {
	case d.sync != nil:
		return head == d.sync
	case d.p.req != nil:
		return head == d.p.req
	}
	t := &d.p.txn
	return d.p.zxid() > head.after && head.xid == t.Cxid && head.op.Type.IsWrite() && (head.op.Type == t.Type || t.Type == proto.OpError)
}
