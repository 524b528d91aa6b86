package engine

import (
	"time"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/rng"
	"github.com/zksim/zksim/sim/vtime"
)

// The kinds of a server's events. A holds the life of the process, and below it
// eight bits of detail; an event of an earlier life is void.
const (
	serverBoot    uint8 = iota // the process has been started
	serverTurn                 // detail: stage kind; B: connection
	serverReceive              // a receiver's turn; B: connection
	serverTimer                // B: place of the timer and generation of its alarm
	serverDisk                 // detail: lane; its first operation is finished
	serverDrawn                // detail: draw kind; B: value
	serverNews                 // B: the place of news that were held
)

// The details of a boot.
const (
	bootFresh uint8 = iota
	bootTried       // the disk has had its way with the attempt
)

// stepper is the core as the driver uses it.
type stepper interface {
	Step(in *node.Input) *node.Output
}

// processState says whether a server's process runs.
type processState uint8

const (
	processDown processState = iota
	processBooting
	processUp
)

// wallStart is the wall clock when a run begins, in ms since 1970: the year 2000.
const wallStart = 946_684_800_000

// readMax is how many bytes a receiver takes from a stream in one turn.
const readMax = 64 << 10

// server is one server of the ensemble: a host with a disk, and on it a process
// that dies and is started again. It drives the core as node/api.go demands.
type server struct {
	c     *cluster
	id    proto.ServerID
	host  netsim.HostID
	disk  *disksim.Disk
	cfg   node.Config
	core  stepper
	in    node.Input // of the core's next step; here, so that nothing is copied
	state processState
	life  int64 // counts processes; events carry it

	conns  connTable
	timers []timer
	lanes  [node.NumLanes]lane

	turnDelays  [node.NumStages]rng.Stream
	timerDelays [node.NumTimers]rng.Stream
	diskDelays  [store.OpCutLog + 1]rng.Stream
	coreDraws   rng.Stream
	bootDelays  rng.Stream
	crashDraws  rng.Stream

	seen   view
	expiry expiry

	// What faults do to it.
	fate        fate
	clock       localClock
	clockFaults clockFaults
	hold        hold
	downs       layers[struct{}] // faults that keep the process down
	diskFaults  layers[*diskFault]
	bootHangs   bool          // the disk does not answer the process that boots
	slowUntil   time.Duration // when an operation ends that a fault of the disk has delayed; 0: none did
	booted      time.Duration // when the last process began to run, or failed to
	failures    int           // processes that ended by themselves, one soon after the other
	watched     bool          // a statement waits for an event here
}

// timer is a timer of the core: at most one per id.
type timer struct {
	id node.TimerID
	alarm
}

func newServer(c *cluster, id proto.ServerID, host netsim.HostID) *server {
	s := &server{c: c, id: id, host: host, disk: disksim.New()}
	for i := range s.turnDelays {
		s.turnDelays[i] = s.stream(rng.PurposeStage, i)
	}
	for i := range s.timerDelays {
		s.timerDelays[i] = s.stream(rng.PurposeTimer, i)
	}
	for i := range s.diskDelays {
		s.diskDelays[i] = s.stream(rng.PurposeDisk, i)
	}
	s.coreDraws = s.stream(rng.PurposeNode, int(node.DrawSnapshot))
	s.bootDelays = s.stream(rng.PurposeNode, bootDelayKind)
	s.crashDraws = s.stream(rng.PurposeCrash, 0)
	return s
}

// bootDelayKind keeps the draws of boot delays apart from those of the core.
const bootDelayKind = 0x8000

func (s *server) stream(p rng.Purpose, kind int) rng.Stream {
	return s.c.src.Stream(rng.Key{Host: int32(s.host), Purpose: p, Kind: uint16(kind)})
}

func (s *server) now() time.Duration { return s.c.clock.Now() }

// after schedules an event of this process.
func (s *server) after(delay time.Duration, kind, detail uint8, b int64) {
	s.c.kernel.after(delay, vtime.Event{Class: classServer, Kind: kind, Host: int32(s.host),
		A: s.life<<8 | int64(detail), B: b})
}

// handle carries out an event of this server.
func (s *server) handle(ev vtime.Event) {
	if ev.A>>8 != s.life {
		return
	}
	if s.hold.active() && s.holds(ev) {
		s.keep(ev)
		return
	}
	detail := uint8(ev.A)
	switch ev.Kind {
	case serverBoot:
		s.boot(detail)
	case serverTurn:
		s.grant(node.Stage{Kind: node.StageKind(detail), Conn: node.ConnID(ev.B)})
	case serverReceive:
		s.receive(node.ConnID(ev.B))
	case serverTimer:
		s.ring(int(ev.B>>32), uint32(ev.B))
	case serverDisk:
		s.diskDone(node.Lane(detail))
	case serverDrawn:
		in := s.input(node.EventDrawn)
		in.Draw, in.Value = node.DrawKind(detail), ev.B
		s.step()
	case serverNews:
		s.hear(s.hold.news[ev.B])
	}
}

// start brings the host up and starts the process; it does nothing when the
// process runs or boots already.
func (s *server) start(delay time.Duration) {
	if s.state != processDown {
		return
	}
	s.c.counts.Starts++
	s.state = processBooting
	if t := s.c.trace; t != nil {
		t.process(s, processNames[processBooting])
	}
	s.c.net.Start(s.host)
	s.after(delay+s.bootDelays.Duration(s.c.drawn.bootMin, s.c.drawn.bootMax), serverBoot, bootFresh, 0)
}

// boot recovers what the disk holds and makes a core of it. A disk that only
// honest crashes have touched must always do.
func (s *server) boot(tried uint8) {
	if s.diskFaults.any() && tried == bootFresh && s.bootTroubled() {
		return
	}
	s.booted = s.now()
	recovered, err := store.Recover(s.disk, s.cfg.CommitLogCount)
	if err != nil {
		s.c.violate(proto.Durability, s.id, "recovery", "the server cannot start again: %v", err)
		return
	}
	s.c.judge(s, s.c.checks.reread(&s.seen, recovered.AcceptedEpoch, recovered.CurrentEpoch))
	s.c.tellStarted(s, recovered)
	s.c.judge(s, s.c.replication.ghost(s).recovered(recovered))
	s.state = processUp
	if t := s.c.trace; t != nil {
		t.process(s, processNames[processUp])
	}
	s.core = s.c.newCore(s.cfg, recovered)
	for _, port := range []node.Port{node.PortClient, node.PortQuorum, node.PortElection} {
		s.c.net.Listen(s.host, netsim.Port(port))
	}
	s.input(node.EventStart)
	s.step()
}

// bootTroubled has the disk's faults their way with a process that wants to read
// it: it waits for the answer, or gets an error and ends. It reports whether the
// boot must not go on now.
func (s *server) bootTroubled() bool {
	t := s.diskTrouble(&store.Op{Kind: store.OpRecover})
	switch {
	case t.hangs:
		s.bootHangs = true
	case t.err != nil:
		s.booted = s.now()
		s.exit()
	case t.delay > 0:
		s.slowUntil = s.now() + t.delay
		s.after(t.delay, serverBoot, bootTried, 0)
	default:
		return false
	}
	return true
}

// kill ends the process: its streams close, the disk keeps what was written;
// operations that were not yet carried out never will be.
func (s *server) kill() {
	if t := s.c.trace; t != nil {
		t.ending(s, "killed")
	}
	s.c.net.Kill(s.host)
	s.bury()
}

// crash cuts the power of the host: nobody is told, and the disk keeps what power says.
func (s *server) crash(power disksim.Power) {
	if t := s.c.trace; t != nil {
		t.ending(s, "lost power")
	}
	s.c.net.Crash(s.host)
	s.disk.Crash(power, &s.crashDraws)
	s.bury()
}

// exit is the end that the core asked for; a supervisor starts it again.
func (s *server) exit() {
	s.c.counts.Exits++
	s.c.tell(Fact{Kind: FactExit, Server: s.id})
	if t := s.c.trace; t != nil {
		t.ending(s, "ended by itself")
	}
	s.c.faults.disturbed()
	s.kill()
	s.start(s.restartDelay())
}

// bury forgets everything of the process, and voids its events.
func (s *server) bury() {
	s.slowUntil = 0
	if t := s.c.trace; t != nil {
		t.buried(s)
	}
	s.life++
	s.state, s.core = processDown, nil
	s.conns.clear(&s.c.ends)
	s.timers = s.timers[:0]
	for i := range s.lanes {
		s.lanes[i].clear()
	}
	s.hold.bury()
	s.bootHangs = false
	s.seen.died()
}

// input begins the input of a step: an event of a kind, with the rest to be
// filled in.
func (s *server) input(kind node.EventKind) *node.Event {
	now := s.now()
	s.in = node.Input{Now: s.clock.now(now), Wall: s.clock.wall(now), Event: node.Event{Kind: kind}}
	return &s.in.Event
}

// step hands the input to the core and carries out what comes of it. Nothing in
// the carrying out calls step again: what follows comes as an event of its own.
func (s *server) step() {
	s.c.stepping = s
	if t := s.c.trace; t != nil {
		t.stepping(s, &s.in.Event)
	}
	out := s.core.Step(&s.in)
	s.c.stepping = nil
	if t := s.c.trace; t != nil {
		t.stepped(s, out)
	}
	for i := range out.Notes {
		s.c.note(s, &out.Notes[i])
	}
	s.carryOut(out)
}

// carryOut has every list of an output done, each in its order.
func (s *server) carryOut(out *node.Output) {
	for i := range out.Writes {
		s.write(&out.Writes[i])
	}
	for _, d := range out.Dials {
		s.dial(d)
	}
	for i := range out.Sends {
		s.send(out.Sends[i])
	}
	for _, id := range out.Closes {
		s.close(id)
	}
	for _, g := range out.Gates {
		s.gate(g)
	}
	for _, stage := range out.Turns {
		s.ask(stage)
	}
	for i := range out.Timers {
		s.arm(&out.Timers[i])
	}
	for _, d := range out.Draws {
		s.after(0, serverDrawn, uint8(d.Kind), s.coreDraws.Below(d.Below))
	}
	if out.Exit != nil {
		s.exit()
	}
}
