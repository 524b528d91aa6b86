package node_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// world is an ensemble of cores and everything that a driver owes them, granted
// in a fixed order and in no time at all: turns, then one disk operation of each
// lane, then what lies in the pipes, until nothing is left to do. Time passes
// only when a test says so. What is paused, held or cut stays where it is.
type world struct {
	t         failer
	now       time.Duration
	cfg       node.Config
	hosts     []*host
	links     []*link
	clients   []*client
	cuts      [][2]proto.ServerID
	show      map[string]bool
	lines     []string
	catch     bool // a violation is a line, not a panic
	liars     bool // somebody acknowledges what he does not have
	noExit    bool // no process may end of its own accord
	noFsync   bool // planted defect of the driver: fsync says that it is done, and is not
	trees     map[proto.Zxid]int64
	facts     map[string]int // how often each happened
	committed proto.Zxid
	nextID    node.ConnID
}

// failer is what a test, a fuzz target and a rapid check have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

const wallStart = 946_684_800_000 // the year 2000

func newWorld(t failer, servers int) *world {
	w := &world{t: t, show: map[string]bool{}, trees: map[proto.Zxid]int64{}, facts: map[string]int{}}
	w.cfg = node.Config{
		TickTime: 500 * time.Millisecond, InitLimit: 10, SyncLimit: 5,
		MinSessionTimeout: time.Second, MaxSessionTimeout: 10 * time.Second,
		SnapCount: 100000, CommitLogCount: 500, PreAllocSize: 4096, SessionSecret: []byte("secret"),
	}
	for i := range servers {
		id := proto.ServerID(i + 1)
		w.cfg.Servers = append(w.cfg.Servers, node.Server{ID: id,
			QuorumAddr: fmt.Sprintf("%v:2888", id), ElectionAddr: fmt.Sprintf("%v:3888", id)})
		w.hosts = append(w.hosts, &host{w: w, id: id, disk: disksim.New(), ends: map[node.ConnID]*end{}})
	}
	return w
}

func (w *world) host(id proto.ServerID) *host {
	w.t.Helper()
	if id < 1 || int(id) > len(w.hosts) {
		w.t.Fatalf("no server %d", int64(id))
	}
	return w.hosts[id-1]
}

func (w *world) log(topic, format string, args ...any) {
	if !w.show[topic] {
		return
	}
	line := fmt.Sprintf(format, args...)
	if w.show["time"] {
		line = fmt.Sprintf("%6dms %s", w.now.Milliseconds(), line)
	}
	w.lines = append(w.lines, line)
}

// host is one server: its disk, and its process when it runs.
type host struct {
	w      *world
	id     proto.ServerID
	disk   *disksim.Disk
	core   *node.Node // nil: down
	turns  []node.Stage
	draws  []node.Draw
	lanes  [node.NumLanes][]node.Write
	timers []timer
	ends   map[node.ConnID]*end
	paused []node.StageKind
	hold   func(store.Op) bool // the lane of such an operation stands still
	passes int                 // but so many of them are let through
	silent bool                // it lost power: nobody hears of it until it is back
}

type timer struct {
	id node.TimerID
	at time.Duration
}

// start brings a server up.
func (h *host) start() {
	if h.core != nil {
		h.w.t.Fatalf("%v runs already", h.id)
	}
	r, err := store.Recover(h.disk, h.w.cfg.CommitLogCount)
	if err != nil {
		h.w.log("core", "%v refuses to start: %v", h.id, err)
		return
	}
	if h.silent {
		h.silent = false
		h.w.reset(h)
	}
	cfg := h.w.cfg
	cfg.ID = h.id
	h.core = node.New(cfg, r)
	h.step(node.Event{Kind: node.EventStart})
}

// kill ends the process: its connections close, the disk keeps what was written.
func (h *host) kill() {
	h.bury()
	h.w.reset(h)
}

// crash cuts the power: nobody is told, and the disk keeps what power says.
func (h *host) crash(power disksim.Power) {
	h.bury()
	h.silent = true
	h.disk.Crash(power, nil)
}

func (h *host) bury() {
	h.core, h.turns, h.draws, h.timers, h.paused, h.hold, h.passes = nil, nil, nil, nil, nil, nil, 0
	h.lanes = [node.NumLanes][]node.Write{}
	clear(h.ends)
}

func (h *host) step(ev node.Event) {
	if h.core == nil {
		return
	}
	if h.w.catch {
		defer h.violated()
	}
	out := h.core.Step(&node.Input{Now: h.w.now, Wall: wallStart + h.w.now.Milliseconds(), Event: ev})
	for i := range out.Notes {
		h.note(&out.Notes[i])
	}
	for _, w := range out.Writes {
		h.lanes[w.Lane] = append(h.lanes[w.Lane], w)
	}
	for _, d := range out.Dials {
		h.w.dial(h, d)
	}
	for _, s := range out.Sends {
		h.send(s)
	}
	for _, id := range out.Closes {
		h.close(id)
	}
	for _, g := range out.Gates {
		if e := h.ends[g.Conn]; e != nil {
			e.shut = !g.Open
		}
	}
	h.turns = append(h.turns, out.Turns...)
	for _, t := range out.Timers {
		h.arm(t)
	}
	h.draws = append(h.draws, out.Draws...)
	if out.Exit != nil {
		h.w.log("core", "%v exits with %d: %s", h.id, out.Exit.Code, out.Exit.Reason)
		if h.w.noExit {
			h.w.t.Fatalf("exit: %v exits with %d: %s", h.id, out.Exit.Code, out.Exit.Reason)
		}
		h.kill()
	}
}

func (h *host) violated() {
	r := recover()
	if r == nil {
		return
	}
	v, ok := r.(*proto.Violation)
	if !ok {
		panic(r)
	}
	h.w.log("core", "violation of %v", v)
	h.kill()
}

func (h *host) arm(t node.Timer) {
	h.timers = slices.DeleteFunc(h.timers, func(o timer) bool { return o.id == t.ID })
	if t.Max > 0 {
		h.timers = append(h.timers, timer{t.ID, h.w.now + t.Min})
	}
}

// settle grants everything until nothing is left to do.
func (w *world) settle() {
	for range 100_000 {
		if !w.progress() {
			return
		}
	}
	w.t.Fatalf("the ensemble never comes to rest")
}

func (w *world) progress() bool {
	any := false
	for _, h := range w.hosts {
		any = h.grant() || any
	}
	for _, h := range w.hosts {
		for lane := range h.lanes {
			any = h.disks(node.Lane(lane)) || any
		}
	}
	for i := 0; i < len(w.links); i++ {
		any = w.links[i].carry() || any
	}
	w.prune()
	return any
}

// prune forgets connections that both ends have left.
func (w *world) prune() {
	w.links = slices.DeleteFunc(w.links, func(l *link) bool { return !l.ends[0].open && !l.ends[1].open })
}

// grant gives every stage that asked, and is not paused, its turn.
func (h *host) grant() bool {
	any := false
	for len(h.draws) > 0 {
		d := h.draws[0]
		h.draws = h.draws[1:]
		h.step(node.Event{Kind: node.EventDrawn, Draw: d.Kind})
		any = true
	}
	for i := 0; i < len(h.turns); {
		if h.room(h.turns[i]) > 0 {
			h.turn(i)
			any, i = true, 0
			continue
		}
		i++
	}
	return any
}

// turn grants the i-th turn that was asked for.
func (h *host) turn(i int) {
	s := h.turns[i]
	room := h.room(s)
	h.turns = slices.Delete(h.turns, i, i+1)
	h.step(node.Event{Kind: node.EventTurn, Stage: s, Room: room})
}

// room is how much a stage's turn may send, 1 for those that send nothing, and
// 0 when there can be no turn now.
func (h *host) room(s node.Stage) int {
	if slices.Contains(h.paused, s.Kind) {
		return 0
	}
	if s.Kind != node.StageSender {
		return 1
	}
	e := h.ends[s.Conn]
	if e == nil {
		return 1 // the core must cope with the turn of a stage that is gone
	}
	return pipeSize - len(e.peer.buf)
}

// disks carries out the first operation of a lane.
func (h *host) disks(l node.Lane) bool {
	if len(h.lanes[l]) == 0 {
		return false
	}
	if h.hold != nil && h.hold(h.lanes[l][0].Op) {
		if h.passes == 0 {
			return false
		}
		h.passes--
	}
	w := h.lanes[l][0]
	h.lanes[l] = h.lanes[l][1:]
	h.w.log("disk", "%v %v %v %s", h.id, w.Op.Class, w.Op.Kind, w.Op.Name)
	var r *store.Recovered
	var err error
	if !h.w.noFsync || w.Op.Kind != store.OpFsync && w.Op.Kind != store.OpSyncDir {
		if h.w.cfg.DiskCopies {
			w.Op.Data = slices.Clone(w.Op.Data)
		}
		r, err = store.Do(h.disk, w.Op)
	}
	if w.Notify || err != nil {
		h.step(node.Event{Kind: node.EventDiskDone, Write: w.ID, Lane: w.Lane, Err: err, Recovered: r})
	}
	return true
}

// run lets time pass.
func (w *world) run(d time.Duration) {
	end := w.now + d
	w.settle()
	for {
		h, i := w.nextTimer()
		if h == nil || h.timers[i].at > end {
			break
		}
		t := h.timers[i]
		h.timers = slices.Delete(h.timers, i, i+1)
		w.now = max(w.now, t.at)
		h.step(node.Event{Kind: node.EventTimer, Timer: t.id})
		w.settle()
	}
	w.now = end
}

func (w *world) nextTimer() (first *host, at int) {
	for _, h := range w.hosts {
		for i := range h.timers {
			if first == nil || h.timers[i].at < first.timers[at].at {
				first, at = h, i
			}
		}
	}
	return first, at
}

// durable is what a loss of power now would leave of a server.
func (h *host) durable() *store.Recovered {
	r, err := store.Recover(h.disk.Durable(), 0)
	if err != nil {
		h.w.t.Fatalf("%v would not start again: %v", h.id, err)
	}
	return r
}

// status says what a server is.
func (h *host) status() string {
	if h.core == nil {
		return fmt.Sprintf("%v down", h.id)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%v %v %v", h.id, h.core.Role(), h.core.Phase())
	if l := h.core.Leader(); l != 0 && l != h.id {
		fmt.Fprintf(&b, " of %v", l)
	}
	accepted, current := h.core.Epochs()
	fmt.Fprintf(&b, ", accepted %d, current %d, applied %v", accepted, current, h.core.Tree().LastProcessed())
	if h.core.Serving() {
		b.WriteString(", serving")
	}
	return b.String()
}
