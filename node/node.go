package node

import (
	"fmt"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/quorum"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/node/ztree"
)

// Node is one server of the ensemble. Make it with New.
type Node struct {
	cfg    Config
	id     proto.ServerID
	voters quorum.Majority
	now    time.Duration
	wall   int64
	out    Output

	role     Role
	phase    Phase
	stopping bool // the role has ended; what is on its way to the disk is awaited
	serving  bool // clients are served

	// Durable facts, as far as this process knows them to be on disk.
	acceptedEpoch, currentEpoch proto.Epoch
	lastLogged                  proto.Zxid // newest transaction handed to the log stage
	lastDurable                 proto.Zxid // everything up to it is fsynced

	heardEpoch   proto.Epoch // the latest epoch that another voter is known to have promised
	needSnapshot bool        // the leader's TRUNC could not be done: only a SNAP helps

	tree      *ztree.Tree
	watches   *ztree.Watches
	committed committedLog
	tail      tail

	conns       conns
	sessionConn map[proto.SessionID]*conn
	lanes       [NumLanes]lane
	nextWrite   WriteID
	nextDial    ConnID
	asked       [NumStages]bool

	election election
	leader   *leader  // not nil while leading
	learner  *learner // not nil while following

	prep    queue[*request]
	propose queue[prepared]
	log     logStage
	commit  commitStage
	final   queue[finalItem]
	snap    snapshotStage

	demand    demand
	counters  counters
	digests   queue[digestEntry]
	traceMask int64
	started   time.Duration

	nextSession proto.SessionID
	deliver     func(ztree.Watcher, proto.WatcherEvent)
	freeReqs    []*request
	ops         []store.Op
}

// New makes the core of a server from what its disk holds. The caller gives
// recovered away.
func New(cfg Config, recovered *store.Recovered) *Node {
	n := &Node{
		cfg: cfg, id: cfg.ID, voters: voterIDs(cfg.Servers),
		sessionConn: map[proto.SessionID]*conn{},
		nextDial:    -1,
	}
	n.conns.byID = map[ConnID]*conn{}
	n.commit.bySession = map[proto.SessionID]*queue[*request]{}
	n.log.writer = store.NewLogWriter(cfg.PreAllocSize)
	n.cfg.Clients = cfg.Clients.withDefaults()
	n.demand.perAddress, n.demand.tokens = map[string]int{}, n.cfg.Clients.Tokens
	n.counters, n.traceMask = newCounters(), traceMaskDefault
	n.deliver = n.notifyWatcher
	n.acceptedEpoch, n.currentEpoch = recovered.AcceptedEpoch, recovered.CurrentEpoch
	n.load(recovered)
	n.noteCuts(recovered)
	n.election.init(n)
	return n
}

func voterIDs(servers []Server) quorum.Majority {
	ids := make(quorum.Majority, 0, len(servers))
	for _, s := range servers {
		ids = append(ids, s.ID)
	}
	return ids
}

// load replaces the state in memory by what the disk holds.
func (n *Node) load(r *store.Recovered) {
	if m := r.Mismatch; m != nil {
		n.assertf(false, proto.ReloadEquality, "replay arrived at digest %#x after %v, %#x was foreseen", m.Got, m.Zxid, m.Want)
	}
	n.setTree(r.Tree)
	n.lastLogged, n.lastDurable = r.LastLogged, r.LastLogged
	n.tail.clear()
	n.committed.reset(r.Base, n.cfg.CommitLogCount)
	for _, rec := range r.Log {
		n.committed.add(rec)
	}
	n.noteLoaded()
}

// setTree puts another tree in the place of the present one. Whoever watched
// that is not connected any more.
func (n *Node) setTree(t *ztree.Tree) {
	s := &n.cfg.Store
	t.SetRules(ztree.Rules{ExtendedTypes: s.ExtendedTypes, EnforceQuota: s.EnforceQuota, SkipACL: s.SkipACL})
	t.TakeExcesses() // of the past that is replayed
	n.tree = t
	n.watches = ztree.NewWatches(n.identities)
}

func (n *Node) noteLoaded() {
	n.note(Note{Kind: NoteLoaded, Zxid: n.tree.LastProcessed(), Digest: n.tree.Digest()})
}

func (n *Node) noteCuts(r *store.Recovered) {
	for _, c := range r.Cut {
		n.note(Note{Kind: NoteTailCut, Text: fmt.Sprintf("%s: %d bytes from offset %d: %s", c.File, c.Bytes, c.Offset, c.Reason)})
	}
}

// ID returns the server's id.
func (n *Node) ID() proto.ServerID { return n.id }

// Role returns what the server is at present.
func (n *Node) Role() Role { return n.role }

// Phase returns the phase of Zab that the server is in.
func (n *Node) Phase() Phase { return n.phase }

// Serving reports whether clients are served.
func (n *Node) Serving() bool { return n.serving }

// Epochs returns acceptedEpoch and currentEpoch as they are on disk.
func (n *Node) Epochs() (accepted, current proto.Epoch) { return n.acceptedEpoch, n.currentEpoch }

// Tree returns the znodes. The caller must not change them.
func (n *Node) Tree() *ztree.Tree { return n.tree }

// Leader returns the server that this one leads or follows, 0 while it looks.
func (n *Node) Leader() proto.ServerID {
	switch {
	case n.leader != nil:
		return n.id
	case n.learner != nil:
		return n.learner.leader
	}
	return 0
}

// Step handles one event and returns every effect. The input is only read, and
// not kept. The output belongs to the node and is overwritten by the next Step. A
// broken invariant panics with a *proto.Violation.
func (n *Node) Step(in *Input) *Output {
	if in.Kind != EventStart { // what New noted is told by the first step
		n.resetOutput()
	}
	n.now, n.wall = in.Now, in.Wall
	switch in.Kind {
	case EventStart:
		n.start()
	case EventAccepted:
		n.accepted(in.Conn, in.Port, in.Addr)
	case EventConnected:
		n.connected(in.Conn)
	case EventConnectFailed:
		n.connectFailed(in.Conn)
	case EventReceived:
		n.received(in.Conn, in.Data)
	case EventClosed:
		n.peerClosed(in.Conn)
	case EventTimer:
		n.timerFired(in.Timer)
	case EventDiskDone:
		n.diskDone(in.Write, in.Lane, in.Err, in.Recovered)
	case EventTurn:
		n.turn(in.Stage, in.Room)
	case EventDrawn:
		n.snapshotIntervalDrawn(in.Value)
	}
	if len(n.demand.flooded) > 0 {
		n.dropFlooded()
	}
	if n.stopping {
		n.finishStop()
	}
	return &n.out
}

func (n *Node) resetOutput() {
	o := &n.out
	o.Writes, o.Dials, o.Sends, o.Closes = o.Writes[:0], o.Dials[:0], o.Sends[:0], o.Closes[:0]
	o.Gates, o.Turns, o.Timers = o.Gates[:0], o.Turns[:0], o.Timers[:0]
	o.Draws, o.Notes, o.Exit = o.Draws[:0], o.Notes[:0], nil
}

func (n *Node) start() {
	n.started = n.now
	n.nextSession = firstSession(n.id, n.wall)
	n.drawSnapshotInterval()
	n.becomeLooking()
}

func (n *Node) timerFired(t TimerID) {
	switch t.Kind {
	case TimerNotification:
		n.notificationTimeout()
	case TimerFinalize:
		n.finalizeTimeout()
	case TimerRedial:
		n.redialTimeout(proto.ServerID(t.Peer))
	case TimerLeaderTick:
		n.leaderTick()
	case TimerPhase:
		n.giveUp("timeout in phase " + n.phase.String())
	case TimerLearnerRead:
		n.learnerReadTimeout()
	case TimerLearnerDial:
		n.dialLeader()
	case TimerExpiry:
		n.expireSessions()
	case TimerConnect:
		n.clientIdle(ConnID(t.Peer))
	case TimerContainers:
		n.deleteDoomed()
	}
}

// note emits a trace fact.
func (n *Node) note(f Note) { n.out.Notes = append(n.out.Notes, f) }

// arm asks for a timer at exactly d from now.
func (n *Node) arm(k TimerKind, peer int64, d time.Duration) {
	n.out.Timers = append(n.out.Timers, Timer{TimerID{k, peer}, d, d})
}

// disarm cancels a timer.
func (n *Node) disarm(k TimerKind, peer int64) {
	n.out.Timers = append(n.out.Timers, Timer{ID: TimerID{k, peer}})
}

func (n *Node) ticks(count int) time.Duration { return time.Duration(count) * n.cfg.TickTime }

// exit asks the driver to end the process.
func (n *Node) exit(code int, reason string) {
	if n.out.Exit == nil {
		n.out.Exit = &Exit{code, reason}
	}
}

// assertf panics with a Violation of p unless ok. Where it would cost too much
// to pass the arguments each time, violated is called behind an if.
func (n *Node) assertf(ok bool, p proto.Property, format string, args ...any) {
	if !ok {
		n.violated(p, format, args...)
	}
}

func (n *Node) violated(p proto.Property, format string, args ...any) {
	panic(&proto.Violation{Property: p, Server: n.id, Place: n.role.String(), At: n.now,
		Detail: fmt.Sprintf(format, args...)})
}
