package engine

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// Inside is what a server was in full at the end of a run: what its core tells,
// and what only its driver knows. Instants are those of the run.
type Inside struct {
	ServerState
	Since   time.Duration     // when the process came to be what it is
	Core    *node.Description // nil while no process runs
	Fsynced proto.Zxid        // what a loss of power would leave of the history
	Faults  []string          // statements in effect that hit the server
	Streams []Stream          // in the order of Core.Conns
	Timers  []Timer           // by the instant at which they ring
	Turns   []Turn            // asked for and not granted, the oldest first
	Disk    []DiskWork        // by lane
	Waits   []Waiting         // who waits for what: those of Core, with the instant
}

// Stream is the driver's side of a connection.
type Stream struct {
	node.ConnInside
	Peer string // the host at the other end
	netsim.EndState
	Shut bool // the core does not want to read
}

// Timer is a timer that runs.
type Timer struct {
	node.TimerID
	At time.Duration
}

// Turn is a turn that a stage waits for.
type Turn struct {
	Stage node.StageKind
	Peer  string        // of a stage per connection
	Since time.Duration // when it asked
	Held  bool          // a fault has paused it
}

// DiskWork is the operation of a lane that is at work, and how many wait behind it.
type DiskWork struct {
	Lane   node.Lane
	Name   string // fsync
	File   string
	Bytes  int
	Since  time.Duration
	Hangs  bool // a fault keeps it
	Behind int
}

// Waiting is somebody who waits for something.
type Waiting struct {
	Who, For string
	Since    time.Duration
	Known    bool // Since is known
}

// logShown is how many of the last transactions of a server are listed.
const logShown = 12

// inspect looks into every server.
func (c *cluster) inspect() []Inside {
	if !c.cfg.Inspect {
		return nil
	}
	states := c.states()
	list := make([]Inside, len(c.servers))
	for i, s := range c.servers {
		list[i] = Inside{ServerState: states[i], Since: c.trace.book(s).since,
			Fsynced: c.replication.ghost(s).durable.tip(), Faults: c.faults.hitting(s)}
		if core, ok := s.core.(*node.Node); ok {
			s.inspect(&list[i], core.Describe(logShown))
		}
	}
	return list
}

func (s *server) inspect(in *Inside, d *node.Description) {
	in.Core = d
	for _, c := range d.Conns {
		in.Streams = append(in.Streams, s.streamInside(c))
	}
	for i := range s.timers {
		if t := &s.timers[i]; t.due != 0 {
			in.Timers = append(in.Timers, Timer{t.id, t.due})
		}
	}
	slices.SortStableFunc(in.Timers, func(a, b Timer) int { return cmp.Compare(a.At, b.At) })
	in.Turns, in.Disk = s.turnsAsked(), s.diskWork()
	s.sessionsInside(d.Sessions)
	for _, t := range in.Turns {
		if t.Held {
			in.Waits = append(in.Waits, Waiting{strings.TrimSpace("the stage " + t.Stage.String() + " " + t.Peer), "the end of a pause", t.Since, true})
		}
	}
	for i := range d.Waits {
		in.Waits = append(in.Waits, s.waiting(&d.Waits[i]))
	}
}

// sessionsInside puts the instants of sessions into those of the run, and adds
// when a leader has heard of them: that only its notes told.
func (s *server) sessionsInside(list []node.SessionInside) {
	for i := range list {
		x := &list[i]
		if t, ok := s.expiry.last[x.ID]; ok && s.seen.established != 0 {
			x.Heard = max(x.Heard, t.At)
		}
		if x.Heard != 0 {
			x.Heard = s.clock.when(x.Heard)
		}
		if x.Due != 0 {
			x.Due = s.clock.when(x.Due)
		}
	}
}

func (s *server) streamInside(c node.ConnInside) Stream {
	st := Stream{ConnInside: c}
	if cn := s.conns.of(c.ID); cn != nil {
		st.Shut = cn.shut
		st.EndState, _ = s.c.net.Inspect(cn.end)
		st.Peer = s.c.trace.peer(s, c.ID)
	}
	return st
}

func (s *server) turnsAsked() []Turn {
	var list []Turn
	asked := s.c.trace.book(s).asked
	for stage, since := range asked { // order-free: sorted below
		list = append(list, Turn{Stage: stage.Kind, Peer: s.c.trace.peer(s, stage.Conn), Since: since,
			Held: s.hold.whole.any() || s.stagePaused(stage.Kind, stage.Conn)})
	}
	slices.SortStableFunc(list, func(a, b Turn) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Peer, b.Peer))
	})
	return list
}

func (s *server) diskWork() []DiskWork {
	var list []DiskWork
	for i := range s.lanes {
		l := &s.lanes[i]
		if l.empty() {
			continue
		}
		op := &l.queue[l.head].Op
		list = append(list, DiskWork{Lane: node.Lane(i), Name: op.Kind.String(), File: fileOf(op), Bytes: len(op.Data),
			Since: s.c.trace.book(s).disk[i].since, Hangs: l.hangs, Behind: len(l.queue) - l.head - 1})
	}
	return list
}

// waiting finds out since when somebody waits.
func (s *server) waiting(w *node.Wait) Waiting {
	out := Waiting{Who: w.Who, For: w.For}
	switch {
	case w.Disk:
		d := s.c.trace.book(s).disk[w.Lane]
		out.Since, out.Known = d.since, d.on
	case w.Room:
		out.Who += " to " + s.c.trace.peer(s, w.Stage.Conn)
		out.Since, out.Known = s.c.trace.book(s).asked[w.Stage], true
	case w.Xid != 0:
		out.Since, out.Known = s.requested(w.Conn, w.Xid)
	case w.Since != 0:
		out.Since, out.Known = s.clock.when(w.Since), true
	}
	return out
}

// requested tells when a client sent a request on a connection of this server.
func (s *server) requested(id node.ConnID, xid int32) (time.Duration, bool) {
	cn := s.conns.of(id)
	if cn == nil {
		return 0, false
	}
	f := s.c.trace.flows.byEnd[otherEnd(cn.end)]
	if f == nil {
		return 0, false
	}
	at, ok := f.requests[xid]
	return at, ok
}

// hitting lists the statements in effect that hit a server.
func (f *faults) hitting(s *server) []string {
	var list []string
	for _, e := range f.effects {
		hit := slices.Contains(e.servers, s) || slices.Contains(e.hosts, s.host) ||
			slices.ContainsFunc(e.pairs, func(p pair) bool { return p.from == s.host || p.to == s.host })
		if hit {
			list = append(list, e.st.String())
		}
	}
	return list
}
