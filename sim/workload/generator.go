package workload

import (
	"time"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/rng"
)

// Generator makes the requests of one client. It is the client's Watcher and
// the Completion of its requests.
type Generator struct {
	w       *Workload
	env     Env
	session Session
	n       int // of the client, from 1

	gaps, tasks, places, ends rng.Stream

	over    bool // there is no session: the next Tick begins one
	ready   bool // the client's share of the groups exists
	stopped bool

	ticks uint64 // the number of the task at work, from 1
	left  []span // tasks that are left out

	slots       []slot // requests that have not ended
	outstanding int
	skipped     uint64

	share      []string
	favourites []int
	nodes      []nodeView
	sequential []string // own sequential nodes that probably exist, oldest first
	ephemerals []string // likewise, of this session

	values  []byte // memory for values
	created uint64 // counts values: each is the only one of its kind
	op      proto.Op
}

// nodeView is what a client last saw of a znode.
type nodeView struct {
	exists  bool
	version int32
}

// slot is a request that has not ended.
type slot struct {
	busy bool
	call int // its number in the history
	then follow
	node int    // that it is about, or -1
	path string // that it deletes
}

// Attach gives the generator its session, which is not started yet.
func (g *Generator) Attach(s Session) { g.session = s }

// Start begins the load: the first session starts within a second, unless every
// task is left out.
func (g *Generator) Start() {
	if !g.idle() {
		g.env.After(g.gaps.Duration(1, time.Second))
	}
}

// Stop ends the load: no further request is made. The session goes on.
func (g *Generator) Stop() { g.stopped = true }

// Outstanding returns the number of requests that have not ended.
func (g *Generator) Outstanding() int { return g.outstanding }

// Skipped counts the tasks that were not begun because too much was outstanding.
func (g *Generator) Skipped() uint64 { return g.skipped }

// Tick begins the next task and asks for the next Tick.
func (g *Generator) Tick() {
	if g.stopped {
		return
	}
	g.ticks++
	switch {
	case g.over:
		g.begin()
	case g.outstanding >= g.w.cfg.Outstanding:
		g.skipped++
	case !g.ready:
		g.makeShare()
	case g.leftOut():
		g.death() // takes its number: sessions end where they would
	case g.death():
		g.endSession()
		return
	default:
		g.task()
	}
	g.env.After(g.gaps.Duration(1, 2*g.w.cfg.Gap))
}

// death draws whether the session ends now.
func (g *Generator) death() bool { return g.w.cfg.Deaths > 0 && g.ends.Chance(1, g.w.cfg.Deaths) }

// begin starts a session, unless the last one is still being closed.
func (g *Generator) begin() {
	if s := g.session.State(); s == client.Closed || s == client.Expired {
		g.over = false
		g.ephemerals = g.ephemerals[:0]
		g.session.Start()
	}
}

// makeShare creates the client's groups, all or none. If they exist already, an
// earlier attempt whose outcome was unknown has made them.
func (g *Generator) makeShare() {
	if len(g.share) == 0 {
		g.ready = true
		return
	}
	if g.outstanding > 0 {
		return
	}
	ops := make([]proto.Op, 0, len(g.share))
	for _, path := range g.share {
		ops = append(ops, proto.Op{Type: proto.OpCreate, Path: path, ACL: g.w.acl})
	}
	g.op = proto.Op{Type: proto.OpMulti, Ops: ops}
	g.do(slot{then: thenReady, node: -1})
}

// endSession ends the session and comes back with another one after a while:
// three times in four the client falls silent, and its ephemerals live until the
// servers have noticed; else it says so.
func (g *Generator) endSession() {
	g.over = true
	if g.ends.Chance(3, 4) {
		g.session.Die()
	} else {
		g.op = proto.Op{Type: proto.OpCloseSession}
		g.do(slot{node: -1})
	}
	g.env.After(g.gaps.Duration(time.Second, 10*time.Second))
}

// SessionChanged is told by the session. A client whose session expired makes a new one.
func (g *Generator) SessionChanged(s client.State) {
	kinds := [...]linearizability.EventKind{
		client.Disconnected: linearizability.SessionDisconnected, client.Connected: linearizability.SessionConnected,
		client.Expired: linearizability.SessionExpired, client.Closed: linearizability.SessionClosed}
	g.told(linearizability.Event{Kind: kinds[s]})
	if s == client.Expired && !g.over {
		g.over = true
		if !g.stopped {
			g.env.After(g.gaps.Duration(1, time.Second))
		}
	}
}

// Watched is told by the session.
func (g *Generator) Watched(e proto.WatcherEvent) {
	g.told(linearizability.Event{Kind: linearizability.WatchFired, Type: e.Type, Path: e.Path})
}

func (g *Generator) told(e linearizability.Event) {
	e.Client, e.At = int32(g.n), g.env.Step()
	e.Session, e.Zxid = g.session.Session(), g.session.LastZxid()
	g.w.history.Told(e)
}

// do makes the request g.op and records it. The caller has made sure that a slot is free.
func (g *Generator) do(s slot) {
	i := 0
	for g.slots[i].busy {
		i++
	}
	s.busy, s.call = true, g.w.history.Call(int32(g.n), &g.op, g.env.Step())
	g.slots[i] = s
	g.outstanding++
	xid := g.session.Do(&g.op, g, i)
	g.w.history.Sent(s.call, g.session.Session(), xid)
}

// Completed is told by the session: record the outcome, note what it says of the
// tree, and make the request that follows from it.
func (g *Generator) Completed(tag int, o *client.Outcome) {
	s := g.slots[tag]
	g.slots[tag] = slot{}
	g.outstanding--
	g.w.history.Return(s.call, g.env.Step(), &linearizability.Reply{Session: o.Session, Xid: o.Xid,
		Outcome: linearizability.Outcome(o.Kind), Err: o.Err, Zxid: o.Zxid, Result: &o.Result})
	if s.then == thenReady {
		g.ready = o.Kind == client.OK || o.Err == proto.NodeExists
	}
	g.note(&g.w.history.Ops[s.call].Op, &s, o)
	if !g.over && !g.stopped {
		g.follow(&s, o)
	}
}

// note keeps what an outcome says of nodes.
func (g *Generator) note(op *proto.Op, s *slot, o *client.Outcome) {
	if s.node >= 0 {
		g.nodes[s.node].note(op.Type, o)
	}
	switch {
	case o.Kind == client.OK:
		g.noteCreated(op, &o.Result)
	case o.Kind == client.Failed && s.path != "" && o.Err != proto.NoNode:
		g.sequential = append(g.sequential, s.path) // it is still there
	}
}

func (n *nodeView) note(op proto.OpCode, o *client.Outcome) {
	switch {
	case o.Err == proto.NoNode, op == proto.OpDelete && o.Kind == client.OK:
		*n = nodeView{}
	case o.Err == proto.NodeExists:
		n.exists = true
	case o.Kind != client.OK:
	case op == proto.OpCreate:
		*n = nodeView{exists: true}
	case op == proto.OpGetData, op == proto.OpExists, op == proto.OpSetData:
		*n = nodeView{true, o.Result.Stat.Version}
	}
}

// noteCreated keeps the names of own nodes, to delete them later.
func (g *Generator) noteCreated(op *proto.Op, r *proto.Result) {
	switch {
	case op.Type == proto.OpMulti:
		for i := range min(len(op.Ops), len(r.Multi)) {
			g.noteCreated(&op.Ops[i], &r.Multi[i])
		}
	case op.Type != proto.OpCreate:
	case op.Flags&proto.FlagEphemeral != 0:
		g.ephemerals = append(g.ephemerals, r.Path)
	case op.Flags&proto.FlagSequential != 0:
		g.sequential = append(g.sequential, r.Path)
	}
}
