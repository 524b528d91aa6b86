package node

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// Description is what a server is inside at a moment, for people who look for
// the reason of something. It shares no memory with the server.
type Description struct {
	Role     Role
	Phase    Phase
	Leader   proto.ServerID // whom it leads or follows; 0 while it looks
	Stopping bool           // the role has ended; what is on its way to the disk is awaited
	Serving  bool

	AcceptedEpoch, CurrentEpoch proto.Epoch
	Round                       proto.Round
	Vote                        proto.Vote // while it looks what it proposes, else what was decided

	Logged, Durable, Applied, Committed proto.Zxid // Committed: of a leader; else 0

	Log      []LogEntry // the last ones of the history, oldest first
	Queues   []Queue
	Sessions []SessionInside // by rising id
	Conns    []ConnInside    // in the order of their making
	Waits    []Wait
}

// LogEntry is a transaction of a server's history.
type LogEntry struct {
	Zxid   proto.Zxid
	Text   string // "create /a"
	State  string // applied, committed, proposed (at a leader), pending, or held: not even handed to the log
	OnDisk bool   // it is fsynced here
	Acks   []proto.ServerID
}

// Queue is what lies before a stage.
type Queue struct {
	Stage StageKind
	Len   int
	Items []string // the first few
}

// SessionInside is a session, as far as this server knows it.
type SessionInside struct {
	ID      proto.SessionID
	Timeout time.Duration
	Conn    ConnID // of its client, or at a leader of the learner with its client; 0: none, or unknown
	Local   bool   // the client is connected here
	Closing bool
	Heard   time.Duration // by the server's clock, from its client; 0: the client is elsewhere
	Due     time.Duration // at a leader: when it expires unless heard of; else 0
}

// ConnInside is a connection.
type ConnInside struct {
	ID        ConnID
	Port      Port
	Dialled   bool
	Up        bool
	State     string // how far it has come
	Unsent    int64  // bytes that wait for room in the stream
	Undecoded int    // bytes that have been taken and are no whole message, or may not be looked at yet
	Closing   bool   // when everything has left
}

// Wait says who waits for what.
type Wait struct {
	Who, For string
	Lane     Lane   // what Disk waits for
	Disk     bool   // it waits for operations of Lane
	Stage    Stage  // a sender that waits for room
	Room     bool   // it does
	Conn     ConnID // whose client's request Xid waits; 0: no request
	Session  proto.SessionID
	Xid      int32
	Since    time.Duration // by the server's clock; 0: not known to the server
}

// QueueLengths tells how many items lie before each stage of the pipeline, by
// kind. Stages of connections have no queue but their stream; see Unsent.
func (n *Node) QueueLengths() (q [NumStages]int) {
	q[StageElection] = n.election.inbox.len()
	q[StagePrep] = n.prep.len()
	q[StagePropose] = n.propose.len()
	q[StageLog] = n.log.queue.len() + len(n.log.batch)
	q[StageCommit] = n.commit.queued.len() + n.commit.decided.len()
	q[StageFinal] = n.final.len()
	return q
}

// Unsent is how many bytes wait in this server for room in their streams.
func (n *Node) Unsent() int64 {
	sum := int64(0)
	for c := n.conns.first; c != nil; c = c.next {
		sum += c.queued - c.left
	}
	return sum
}

// Describe looks into a server; last is how many of the last transactions are
// listed. It may be called between steps, and after a step that has panicked.
func (n *Node) Describe(last int) *Description {
	e := &n.election
	d := &Description{Role: n.role, Phase: n.phase, Leader: n.Leader(), Stopping: n.stopping, Serving: n.serving,
		AcceptedEpoch: n.acceptedEpoch, CurrentEpoch: n.currentEpoch, Round: e.round, Vote: e.decided,
		Logged: n.lastLogged, Durable: n.lastDurable, Applied: n.tree.LastProcessed()}
	if n.role == RoleLooking {
		d.Vote = e.proposed
	}
	if n.leader != nil {
		d.Committed = n.leader.lastCommitted
	}
	d.Log = n.describeLog(last)
	d.Queues = n.describeQueues()
	d.Sessions = n.describeSessions()
	for c := n.conns.first; c != nil; c = c.next {
		d.Conns = append(d.Conns, n.describeConn(c))
	}
	d.Waits = n.describeWaits()
	return d
}

// describeLog lists the last transactions: those applied, then those on the way.
func (n *Node) describeLog(last int) []LogEntry {
	var list []LogEntry
	entries := &n.committed.entries
	for i := max(0, entries.len()-max(0, last-n.tail.len())); i < entries.len(); i++ {
		rec := entries.at(i)
		list = append(list, LogEntry{Zxid: rec.Zxid, Text: recordText(rec), State: "applied", OnDisk: rec.Zxid <= n.lastDurable})
	}
	for i := max(0, n.tail.len()-last); i < n.tail.len(); i++ {
		list = append(list, n.pendingEntry(i))
	}
	return list
}

func (n *Node) pendingEntry(i int) LogEntry {
	p := n.tail.at(i)
	e := LogEntry{Zxid: p.zxid(), Text: txnText(&p.txn), State: "pending", OnDisk: p.zxid() <= n.lastDurable}
	switch {
	case i < n.tail.ncommitted:
		e.State = "committed"
	case p.zxid() > n.lastLogged:
		e.State = "held"
	case n.leader != nil:
		e.State = "proposed"
	}
	for _, id := range n.voters {
		if p.acks.Has(id) {
			e.Acks = append(e.Acks, id)
		}
	}
	return e
}

func recordText(r store.Record) string {
	txn, err := proto.DecodeTxn(r.Payload())
	if err != nil {
		return "unreadable: " + err.Error()
	}
	return txnText(&txn)
}

func txnText(t *proto.Txn) string {
	switch t.Type {
	case proto.OpMulti:
		return fmt.Sprintf("multi of %d", len(t.Ops))
	case proto.OpCreateSession, proto.OpCloseSession:
		return fmt.Sprintf("%v %v", t.Type, t.Session)
	}
	if t.Path == "" {
		return t.Type.String()
	}
	return t.Type.String() + " " + t.Path
}

func requestText(r *request) string {
	text := r.op.Type.String()
	if r.revalidate {
		text = "revalidate"
	}
	if r.op.Path != "" {
		text += " " + r.op.Path
	}
	return fmt.Sprintf("%s (#%d of session %v)", text, r.xid, r.session)
}

// itemsShown is how many items of a queue are listed.
const itemsShown = 5

// items lists the first few of a queue.
func items[T any](q *queue[T], text func(T) string) []string {
	var list []string
	for i := range min(q.len(), itemsShown) {
		list = append(list, text(q.at(i)))
	}
	return list
}

func (n *Node) describeQueues() []Queue {
	q := n.QueueLengths()
	list := []Queue{
		{StageElection, q[StageElection], items(&n.election.inbox, ballotText)},
		{StagePrep, q[StagePrep], items(&n.prep, requestText)},
		{StagePropose, q[StagePropose], items(&n.propose, preparedText)},
		{StageLog, q[StageLog], n.logItems()},
		{StageCommit, q[StageCommit], append(items(&n.commit.queued, requestText), items(&n.commit.decided, decisionText)...)},
		{StageFinal, q[StageFinal], items(&n.final, finalText)},
		{Stage: StageSnapshot},
	}
	if n.snap.running() {
		list[len(list)-1] = Queue{StageSnapshot, 1, []string{snapshotText(&n.snap)}}
	}
	return list
}

func (n *Node) logItems() []string {
	list := items(&n.log.queue, func(p *proposal) string { return p.zxid().String() })
	if len(n.log.batch) > 0 {
		list = append([]string{batchText(n.log.batch) + " between write and fsync"}, list...)
	}
	return list
}

func ballotText(b ballot) string {
	return fmt.Sprintf("%v, %v, votes for %v in round %d", b.from, b.state, b.vote.Leader, b.round)
}

func preparedText(p prepared) string {
	if p.p != nil {
		return p.p.zxid().String() + " " + txnText(&p.p.txn)
	}
	return requestText(p.req)
}

func decisionText(d decision) string {
	if d.p != nil {
		return "commit of " + d.p.zxid().String()
	}
	return "answer to " + requestText(d.sync)
}

func finalText(f finalItem) string {
	if f.p != nil {
		return f.p.zxid().String() + " " + txnText(&f.p.txn)
	}
	return requestText(f.req)
}

func snapshotText(s *snapshotStage) string {
	return "snapshot, " + [...]string{"idle", "being written", "waits for the log", "being finished", "being removed"}[s.state]
}

// describeSessions lists the sessions of the tree, and those at a leader that
// are not in it yet.
func (n *Node) describeSessions() []SessionInside {
	var list []SessionInside
	for _, s := range n.tree.Sessions() {
		list = append(list, SessionInside{ID: s.ID, Timeout: time.Duration(s.Timeout) * time.Millisecond})
	}
	if n.leader != nil {
		for id := range n.leader.sessions.byID { // order-free: sorted below
			if !slices.ContainsFunc(list, func(s SessionInside) bool { return s.ID == id }) {
				list = append(list, SessionInside{ID: id})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b SessionInside) int { return cmp.Compare(a.ID, b.ID) })
	for i := range list {
		n.describeSession(&list[i])
	}
	return list
}

func (n *Node) describeSession(s *SessionInside) {
	if n.leader != nil {
		if t := n.leader.sessions.byID[s.ID]; t != nil {
			s.Timeout, s.Closing = t.timeout, t.closing
			s.Due = time.Duration(t.bucket) * n.leader.sessions.width
			if t.owner != ownerUnknown {
				s.Conn = t.owner
			}
		}
	}
	if c := n.sessionConn[s.ID]; c != nil {
		s.Conn, s.Local, s.Heard = c.id, true, c.client.lastHeard
	}
}

func (n *Node) describeConn(c *conn) ConnInside {
	return ConnInside{ID: c.id, Port: c.port, Dialled: c.id < 0, Up: c.up, State: n.connState(c),
		Unsent: c.queued - c.left, Undecoded: len(c.in), Closing: c.flushClose}
}

// connState tells how far a connection has come.
func (n *Node) connState(c *conn) string {
	switch {
	case !c.up:
		return "is being made"
	case c.client != nil && !c.client.asked:
		return "a client that has not said who it is"
	case c.client != nil && !c.client.ready:
		return fmt.Sprintf("session %v, not confirmed", c.client.session)
	case c.client != nil:
		return fmt.Sprintf("session %v", c.client.session)
	case c.handler != nil:
		return handlerStates[c.handler.state]
	case c.learner != nil:
		return learnerState(c.learner)
	case c.elect != nil && !c.elect.ready:
		return "no hello yet"
	}
	return "ready"
}

// handlerStates says what a learner handler waits for, or what it does.
var handlerStates = [...]string{
	handlerNew:           "waits for FOLLOWERINFO",
	handlerWaitsForEpoch: "waits for the epoch",
	handlerPromises:      "waits for ACKEPOCH",
	handlerWaitsForSync:  "waits to be synchronised",
	handlerSyncing:       "waits for the ACK of NEWLEADER",
	handlerSynced:        "waits for UPTODATE",
	handlerServing:       "follows",
}

// learnerState says what a learner waits for, or that it follows.
func learnerState(l *learner) string {
	switch {
	case l.epoch == 0:
		return "waits for LEADERINFO"
	case l.busy:
		return "waits for the disk"
	case l.mode == 0:
		return "waits for DIFF, TRUNC or SNAP"
	case l.loader != nil:
		return "takes a snapshot"
	case !l.newLeader:
		return "waits for NEWLEADER"
	case !l.acksOpen:
		return "waits for the disk before it acknowledges NEWLEADER"
	}
	return "follows"
}
