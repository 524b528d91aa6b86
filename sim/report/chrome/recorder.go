package chrome

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/sim/engine"
)

// Recorder is an engine.Tracer that keeps what happens until Write. Make it with
// New.
type Recorder struct {
	events  []event
	faults  lanes
	clients *machine
	servers []*machine // by number, from 1
	byName  map[string]*machine
	flows   map[uint64]flow // of messages that nobody has taken yet
	open    map[uint64]bool // calls that have not ended
	last    time.Duration
}

// machine is a process of the file, with what goes on there.
type machine struct {
	process
	turn  turn
	role  role
	taken []taken
}

// turn is the slice of the last turn, to which messages belong.
type turn struct {
	track  *track
	place  int // among the events
	step   uint64
	within time.Duration
	names  []string
}

// flow is the beginning of a flow.
type flow struct {
	pid, tid int32
	at       time.Duration
}

// taken is a message that a turn has taken.
type taken struct {
	flow uint64
	name string
}

// New makes a recorder of a run of so many servers.
func New(servers int) *Recorder {
	r := &Recorder{byName: map[string]*machine{}, flows: map[uint64]flow{}, open: map[uint64]bool{}}
	r.faults.process = process{pid: pidFaults, name: "faults"}
	r.clients = &machine{process: process{pid: pidClients, name: "clients"}}
	for i := 1; i <= servers; i++ {
		m := &machine{process: process{pid: pidServers + int32(i), name: "zk" + strconv.Itoa(i)}}
		m.stages()
		r.servers = append(r.servers, m)
		r.byName[m.name] = m
	}
	return r
}

// Trace is part of engine.Tracer.
func (r *Recorder) Trace(e *engine.TraceEvent) {
	r.last = max(r.last, e.At)
	switch e.Kind {
	case engine.TraceSent:
		r.sent(e)
	case engine.TraceReceived:
		r.received(e)
	case engine.TraceCall:
		r.called(e)
	case engine.TraceReturn:
		r.returned(e)
	case engine.TraceFault:
		r.faultBegins(e)
	case engine.TraceUndone:
		r.faultEnds(e.Flow, e.At)
	case engine.TraceFact:
		r.fact(e)
	case engine.TraceViolation:
		v := e.Violation
		r.everywhere(e.At, "VIOLATED "+string(v.Property), object("place", v.Place, "detail", v.Detail))
	default:
		if m := r.byName[e.Host]; m != nil {
			r.server(m, e)
		}
	}
}

// server takes in what happens at one server.
func (r *Recorder) server(m *machine, e *engine.TraceEvent) {
	switch e.Kind {
	case engine.TraceProcess, engine.TraceNote:
		r.live(m, e)
	case engine.TraceTurn:
		r.turned(m, e)
	case engine.TraceTimer:
		t := m.track("timers")
		place, _ := r.slice(t, e.At, e.At, e.Name)
		r.events[place].args = object("step", e.Step)
	case engine.TraceConn:
		r.instant(m.track("connections"), e.At, fmt.Sprintf("%s %s", e.Name, e.Peer), object("step", e.Step, "port", portNames[e.Port]))
	case engine.TraceDisk, engine.TraceDiskLost:
		r.disk(m, e)
	case engine.TraceLoad:
		r.load(m, e)
	}
}

var portNames = [...]string{"client", "quorum", "election"}

// turned puts a turn on the thread of its stage, and ends the flows of what it
// has taken.
func (r *Recorder) turned(m *machine, e *engine.TraceEvent) {
	name := e.Stage.String()
	t := m.track(strings.TrimSpace(name + " " + e.Peer))
	place, within := r.slice(t, e.Since, e.At, name)
	m.turn = turn{track: t, place: place, step: e.Step, within: within}
	r.events[place].args = object("step", e.Step, "did", deeds(e.Output))
	for _, k := range m.taken {
		r.ends(&m.turn, k)
	}
	m.taken = m.taken[:0]
}

// named gives the slice of a turn the names of its messages.
func (r *Recorder) named(t *turn, name string) {
	const most = 3
	t.names = append(t.names, name)
	label := strings.Join(t.names[:min(len(t.names), most)], ", ")
	if more := len(t.names) - most; more > 0 {
		label += ", +" + strconv.Itoa(more)
	}
	r.events[t.place].name = label
}

// sent begins a flow, within the turn that sends.
func (r *Recorder) sent(e *engine.TraceEvent) {
	t := r.turnOf(e)
	name := message(e)
	r.named(t, name)
	r.flows[e.Flow] = flow{t.track.pid, t.track.tid, t.within}
}

// received ends a flow: at a server when the turn is told that takes it.
func (r *Recorder) received(e *engine.TraceEvent) {
	k := taken{e.Flow, message(e)}
	if m := r.byName[e.Host]; m != nil {
		m.taken = append(m.taken, k)
		return
	}
	r.ends(r.turnOf(e), k)
}

// ends writes a whole flow down.
func (r *Recorder) ends(t *turn, k taken) {
	from, ok := r.flows[k.flow]
	if !ok {
		return
	}
	delete(r.flows, k.flow)
	r.named(t, k.name)
	r.events = append(r.events,
		event{phase: 's', pid: from.pid, tid: from.tid, at: from.at, id: k.flow, cat: "message", name: k.name},
		event{phase: 'f', pid: t.track.pid, tid: t.track.tid, at: max(t.within, from.at), id: k.flow, cat: "message", name: k.name})
}

// turnOf is the turn of a server that goes on, or of a client, which has none, a
// slice for the purpose.
func (r *Recorder) turnOf(e *engine.TraceEvent) *turn {
	if m := r.byName[e.Host]; m != nil {
		return &m.turn
	}
	t := r.clients.track(e.Host)
	if c := &r.clients.turn; c.track == t && c.step == e.Step {
		return c
	}
	place, within := r.slice(t, e.At, e.At, "")
	r.clients.turn = turn{track: t, place: place, step: e.Step, within: within}
	r.events[place].args = object("step", e.Step)
	return &r.clients.turn
}

// message names a message with what tells it from others.
func message(e *engine.TraceEvent) string {
	switch {
	case e.Zxid > 0:
		return e.Name + " " + e.Zxid.String()
	case e.Xid > 0:
		return e.Name + " #" + strconv.Itoa(int(e.Xid))
	}
	return e.Name
}

// disk puts an operation on the thread of its lane.
func (r *Recorder) disk(m *machine, e *engine.TraceEvent) {
	args := object("step", e.Step, "bytes", e.Bytes)
	switch {
	case e.Kind == engine.TraceDiskLost:
		args = object("step", e.Step, "bytes", e.Bytes, "end", "the process ended before")
	case e.Err != nil:
		args = object("step", e.Step, "bytes", e.Bytes, "error", e.Err.Error())
	}
	r.lasting(m.track(laneNames[e.Lane]), e.Since, e.At, e.Name+" "+e.Text, args)
}

var laneNames = [...]string{"disk log", "disk snapshot", "disk main"}

// load writes counters.
func (r *Recorder) load(m *machine, e *engine.TraceEvent) {
	l := e.Load
	r.counter(m, e.At, "queues", object("election", l.Queues[0], "prep", l.Queues[1], "propose", l.Queues[2],
		"log", l.Queues[3], "commit", l.Queues[4], "final", l.Queues[5]))
	r.counter(m, e.At, "unsent bytes", object("bytes", l.Unsent))
	r.counter(m, e.At, "epoch", object("of the last transaction applied", int64(l.Applied.Epoch())))
	r.counter(m, e.At, "zxid", object("on disk", l.OnDisk.Counter(), "applied", l.Applied.Counter(), "committed", l.Commits.Counter()))
}

func (r *Recorder) counter(m *machine, at time.Duration, name, args string) {
	r.events = append(r.events, event{phase: 'C', pid: m.pid, at: at, name: name, args: args})
}
