package engine

import (
	"time"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// Tracer is told what happens in a run, as it happens (Config.Trace). A run is
// the same with it and without it: a run of which nothing was kept but its
// configuration can be traced afterwards.
//
// It must not keep the event, nor anything that the event points to, and must
// change nothing of it.
type Tracer interface {
	Trace(e *TraceEvent)
}

// TraceKind is the kind of a TraceEvent.
type TraceKind uint8

// What a tracer is told. In brackets the fields of TraceEvent that are used
// beside Kind, At and Step.
const (
	TraceProcess   TraceKind = iota // Host: its process is Name now (up, booting, down); Text: why
	TraceTurn                       // Host: Stage, of the connection with Peer if there is one, had its turn, asked for at Since; Output
	TraceTimer                      // Host: the timer Name rang
	TraceConn                       // Host: Name (accepted, connected, refused, closed) a connection with Peer, on Port
	TraceNote                       // Host: Note
	TraceSent                       // Host sends Peer the message Name: Flow, Port, Zxid, Xid, Text
	TraceReceived                   // Host takes the message Name, sent at Since by Peer: Flow, Port, Zxid, Xid, Text
	TraceDisk                       // Host: the operation Name on Text in Lane, begun at Since, is done: Bytes, Err
	TraceDiskLost                   // the same, but the process ended before it was done
	TraceCall                       // Host, a client: Op is called; Flow is its number in the history, from 0
	TraceReturn                     // the call Flow ends, called at Since: Op
	TraceFault                      // Fact: takes effect; Flow names it if it lasts, else 0
	TraceUndone                     // Fact: is undone: Flow
	TraceFact                       // Fact: any other of the story
	TraceLoad                       // Host: Load
	TraceViolation                  // Violation: the run ends
)

// TraceEvent is one thing that happened.
type TraceEvent struct {
	Kind      TraceKind
	Port      node.Port
	Lane      node.Lane
	Stage     node.StageKind
	At, Since time.Duration
	Step      uint64
	Host      string // zk1, c3
	Peer      string
	Name      string
	Text      string
	Flow      uint64
	Zxid      proto.Zxid
	Xid       int32
	Bytes     int
	Err       error
	Output    *node.Output // nil if the core did not come to an end with the step
	Note      *node.Note
	Op        *linearizability.Op
	Fact      *Fact
	Load      *TraceLoadNow
	Violation *proto.Violation
}

// TraceLoadNow is how much work lies at a server, told every tenth of a second
// of virtual time when it has changed.
type TraceLoadNow struct {
	Queues  [node.NumStages]int // the most since it was told last
	Unsent  int64               // bytes that wait in the server for room in their streams
	OnDisk  proto.Zxid          // everything up to it is fsynced
	Applied proto.Zxid
	Commits proto.Zxid // committed, at a leader; else 0
}

// loadInterval is how often the load of servers is told.
const loadInterval = 100 * time.Millisecond

// tracing tells a Tracer, and keeps for Inspect since when things are as they are.
type tracing struct {
	c      *cluster
	to     Tracer // nil: nobody listens
	ev     TraceEvent
	books  []book // by host of servers
	flows  flows
	calls  calls
	loadAt time.Duration // when the load is told next
}

// book is what is remembered of one server's process.
type book struct {
	asked map[node.Stage]time.Duration // turns that are on their way
	disk  [node.NumLanes]lasting       // the operation at work
	why   string                       // the process is about to end
	since time.Duration                // when the process came to be what it is
	turn  turn
	load  TraceLoadNow
	told  TraceLoadNow
}

// lasting is something that goes on, or does not.
type lasting struct {
	on    bool
	since time.Duration
}

// turn is a stage's turn that is going on.
type turn struct {
	going bool
	stage node.Stage
	peer  string
	since time.Duration
}

func newTracing(c *cluster) *tracing {
	if c.cfg.Trace == nil && !c.cfg.Inspect {
		return nil
	}
	t := &tracing{c: c, to: c.cfg.Trace, books: make([]book, len(c.servers))}
	for i := range t.books {
		t.books[i].asked = map[node.Stage]time.Duration{}
	}
	t.flows.init()
	return t
}

func (t *tracing) book(s *server) *book { return &t.books[s.host] }

// event begins an event of a host; tell sends it off.
func (t *tracing) event(k TraceKind, host string) *TraceEvent {
	t.ev = TraceEvent{Kind: k, Host: host, At: t.c.clock.Now(), Step: t.c.kernel.step}
	return &t.ev
}

func (t *tracing) tell() {
	if t.to != nil {
		t.to.Trace(&t.ev)
	}
}

// process tells that a process begins, runs, or is no more.
func (t *tracing) process(s *server, name string) {
	b := t.book(s)
	e := t.event(TraceProcess, s.id.String())
	e.Name, e.Text = name, b.why
	t.tell()
	b.since, b.why = e.At, ""
}

// ending says why a process is about to end; the first reason counts.
func (t *tracing) ending(s *server, why string) {
	if b := t.book(s); b.why == "" {
		b.why = why
	}
}

// buried tells what a process leaves undone, and that it is no more.
func (t *tracing) buried(s *server) {
	b := t.book(s)
	t.interrupted(s)
	for i := range s.lanes {
		if l := &s.lanes[i]; b.disk[i].on && !l.empty() {
			t.disk(s, node.Lane(i), &l.queue[l.head], TraceDiskLost, nil)
		}
	}
	clear(b.asked)
	b.disk = [node.NumLanes]lasting{}
	b.load = TraceLoadNow{}
	if s.state != processDown {
		t.process(s, processNames[processDown])
	}
}

// asked notes that a stage has work and waits for its turn.
func (t *tracing) asked(s *server, stage node.Stage) {
	b := t.book(s)
	if _, already := b.asked[stage]; !already {
		b.asked[stage] = t.c.clock.Now()
	}
}

// stepping is told before the core sees an event.
func (t *tracing) stepping(s *server, ev *node.Event) {
	switch ev.Kind {
	case node.EventTurn:
		t.begin(s, ev.Stage)
	case node.EventReceived:
		t.begin(s, node.Stage{Kind: node.StageReceiver, Conn: ev.Conn})
		if cn := s.conns.of(ev.Conn); cn != nil {
			t.received(cn.end, s.id.String(), len(ev.Data))
		}
	case node.EventTimer:
		e := t.event(TraceTimer, s.id.String())
		e.Name = ev.Timer.Kind.String()
		t.tell()
	case node.EventAccepted, node.EventConnected, node.EventConnectFailed, node.EventClosed:
		t.conn(s, ev)
	}
}

func (t *tracing) begin(s *server, stage node.Stage) {
	b := t.book(s)
	since, ok := b.asked[stage]
	if !ok {
		since = t.c.clock.Now()
	}
	delete(b.asked, stage)
	b.turn = turn{going: true, stage: stage, peer: t.peer(s, stage.Conn), since: since}
}

// peer names the host at the other end of a connection.
func (t *tracing) peer(s *server, id node.ConnID) string {
	if h := s.peerOf(id); h >= 0 {
		return t.c.hostNames[h]
	}
	return ""
}

// stepped is told after the core has seen an event, before anything comes of it.
func (t *tracing) stepped(s *server, out *node.Output) {
	t.ends(s, out)
	for i := range out.Notes {
		t.note(s, &out.Notes[i])
	}
	for i := range out.Sends {
		if cn := s.conns.of(out.Sends[i].Conn); cn != nil {
			t.sent(cn.end, node.Port(cn.port), cn.id < 0, s.id.String(), t.peer(s, cn.id), out.Sends[i].Data)
		}
	}
	t.measure(s)
}

// ends tells of the turn that is going on.
func (t *tracing) ends(s *server, out *node.Output) {
	b := t.book(s)
	if !b.turn.going {
		return
	}
	e := t.event(TraceTurn, s.id.String())
	e.Stage, e.Peer, e.Since, e.Output = b.turn.stage.Kind, b.turn.peer, b.turn.since, out
	b.turn = turn{}
	t.tell()
}

// interrupted tells of a turn in which the core broke down.
func (t *tracing) interrupted(s *server) { t.ends(s, nil) }

func (t *tracing) note(s *server, n *node.Note) {
	b := t.book(s)
	switch n.Kind {
	case node.NoteDurable:
		b.load.OnDisk = n.Zxid
	case node.NoteApplied:
		b.load.Applied = n.Zxid
	case node.NoteLoaded:
		b.load.OnDisk, b.load.Applied = n.Zxid, n.Zxid
	case node.NoteCommitted:
		b.load.Commits = n.Zxid
	}
	e := t.event(TraceNote, s.id.String())
	e.Note = n
	t.tell()
}

func (t *tracing) conn(s *server, ev *node.Event) {
	e := t.event(TraceConn, s.id.String())
	e.Name = [...]string{node.EventAccepted: "accepted", node.EventConnected: "connected",
		node.EventConnectFailed: "refused", node.EventClosed: "closed"}[ev.Kind]
	e.Port, e.Peer = ev.Port, ev.Addr
	if cn := s.conns.of(ev.Conn); cn != nil {
		e.Port, e.Peer = cn.port, t.peer(s, cn.id)
	}
	t.tell()
}

// diskBegan notes that the first operation of a lane is at work.
func (t *tracing) diskBegan(s *server, l node.Lane) {
	t.book(s).disk[l] = lasting{true, t.c.clock.Now()}
}

func (t *tracing) diskDone(s *server, l node.Lane, w *node.Write, err error) {
	t.disk(s, l, w, TraceDisk, err)
}

func (t *tracing) disk(s *server, l node.Lane, w *node.Write, k TraceKind, err error) {
	e := t.event(k, s.id.String())
	e.Lane, e.Name, e.Text, e.Bytes, e.Err = l, w.Op.Kind.String(), fileOf(&w.Op), len(w.Op.Data), err
	e.Since = e.At
	if d := &t.book(s).disk[l]; d.on {
		e.Since, d.on = d.since, false
	}
	t.tell()
}

// fileOf names the file of an operation, or its kind where there is no single one.
func fileOf(op *store.Op) string {
	switch {
	case op.To != "":
		return op.Name + " to " + op.To
	case op.Name == "":
		return op.Class.String()
	}
	return op.Name
}

// fault tells that a statement takes effect or is undone. Its id names an effect
// that lasts.
func (t *tracing) fault(f Fact, id effectID, lasts bool) {
	e := t.event(TraceFault, "")
	if f.Kind == FactUndone {
		e.Kind, lasts = TraceUndone, true
	}
	f.At, f.Step = e.At, e.Step
	if e.Fact = &f; lasts {
		e.Flow = uint64(id)
	}
	t.tell()
}

// fact tells a fact of the story that is no fault. It takes a copy, so that facts
// cost no memory where nobody is told.
func (t *tracing) fact(f Fact) {
	if f.Kind == FactFault || f.Kind == FactUndone {
		return
	}
	t.event(TraceFact, "").Fact = &f
	t.tell()
}

// turned is told after every step of the run.
func (t *tracing) turned() {
	t.calls.look(t)
	if now := t.c.clock.Now(); now >= t.loadAt {
		t.loadAt = now - now%loadInterval + loadInterval
		for _, s := range t.c.servers {
			t.load(s)
		}
	}
}

// measure notes the longest queues.
func (t *tracing) measure(s *server) {
	core, ok := s.core.(*node.Node)
	if !ok || t.to == nil {
		return
	}
	b := t.book(s)
	for k, n := range core.QueueLengths() {
		b.load.Queues[k] = max(b.load.Queues[k], n)
	}
}

// load tells how much work lies at a server, if that has changed.
func (t *tracing) load(s *server) {
	b := t.book(s)
	if core, ok := s.core.(*node.Node); ok && t.to != nil {
		b.load.Unsent = core.Unsent()
	}
	if b.load != b.told {
		e := t.event(TraceLoad, s.id.String())
		e.Load = &b.load
		t.tell()
		b.told = b.load
	}
	b.load.Queues = [node.NumStages]int{}
}

// over is told at the end of the run.
func (t *tracing) over() {
	t.calls.look(t)
	for _, s := range t.c.servers {
		t.interrupted(s)
		t.load(s)
	}
	if v := t.c.violation; v != nil {
		t.event(TraceViolation, "").Violation = v
		t.tell()
	}
}
