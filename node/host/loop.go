package host

import (
	"math/rand/v2"
	"runtime/debug"
	"slices"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// stepper is the core as the driver uses it.
type stepper interface {
	Step(in *node.Input) *node.Output
}

// turns are the stages that have asked for a turn, in the order of asking.
// Senders come after all others, so that one write takes all that was queued.
type turns struct {
	work, senders []node.Stage
	spare         []node.Stage
}

func (t *turns) ask(s node.Stage) {
	if s.Kind == node.StageSender {
		t.senders = append(t.senders, s)
	} else {
		t.work = append(t.work, s)
	}
}

// swap takes a list and leaves an empty one in its place.
func (t *turns) swap(list *[]node.Stage) []node.Stage {
	taken := *list
	*list = t.spare[:0]
	t.spare = nil
	return taken
}

// senderAsks reports whether the sender of a connection wants a turn.
func (t *turns) senderAsks(id node.ConnID) bool {
	return slices.Contains(t.senders, node.Stage{Kind: node.StageSender, Conn: id})
}

func (t *turns) done(taken []node.Stage) { t.spare = taken[:0] }

// run is the goroutine that owns the core.
func (h *Host) run() {
	defer close(h.done)
	err := h.serve()
	h.shutdown(err)
}

// serve steps the core until something ends it. A broken invariant is an error
// that says where it broke.
func (h *Host) serve() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r, debug.Stack())
		}
	}()
	h.tick()
	h.step(node.Event{Kind: node.EventStart})
	var batch []message
	for h.ending == nil {
		batch = h.inbox.take(batch)
		h.tick()
		for i := range batch {
			h.handle(&batch[i])
		}
		h.ring()
		h.work()
		h.draw()
		h.release()
		if len(batch) == 0 && h.idle() {
			h.wait()
		} else {
			h.stats.batches.Add(1)
		}
	}
	return h.ending
}

// idle reports whether nothing is to be done before a message comes or a timer
// rings.
func (h *Host) idle() bool {
	return len(h.turns.work)+len(h.turns.senders)+len(h.draws)+len(h.freed) == 0 && h.ending == nil
}

// tick looks at the clocks, once for all that happens until it looks again.
func (h *Host) tick() {
	now := h.cfg.Clock()
	h.now, h.wall = now.Sub(h.began), now.UnixMilli()
	h.refused.flush(h.now)
	h.closed.flush(h.now)
}

// ring lets the timers that are due ring.
func (h *Host) ring() {
	for h.ending == nil {
		id, ok := h.alarms.due(h.now)
		if !ok {
			return
		}
		h.step(node.Event{Kind: node.EventTimer, Timer: id})
	}
}

// work grants turns until no stage but senders has any work, and then one to
// each sender.
func (h *Host) work() {
	for len(h.turns.work) > 0 && h.ending == nil {
		taken := h.turns.swap(&h.turns.work)
		for _, s := range taken {
			h.step(node.Event{Kind: node.EventTurn, Stage: s})
		}
		h.turns.done(taken)
	}
	taken := h.turns.swap(&h.turns.senders)
	for _, s := range taken {
		h.grantSender(s)
	}
	h.turns.done(taken)
}

// grantSender gives a sender its turn, or has it wait for its stream.
func (h *Host) grantSender(stage node.Stage) {
	s := h.streams[stage.Conn]
	switch {
	case s == nil || h.ending != nil:
	case s.writing || s.sock == nil:
		s.asked = true
	default:
		h.step(node.Event{Kind: node.EventTurn, Stage: stage, Room: sendRoom})
	}
}

// wait sleeps until something comes or a timer is due. The sleeper may be set for
// an instant at which nothing is due any more: that costs one look.
func (h *Host) wait() {
	if at, ok := h.alarms.next(); ok && (h.wakeAt <= h.now || at < h.wakeAt) {
		h.wakeAt = at
		h.sleeper.Reset(max(at-h.now, 0))
	}
	<-h.inbox.wake
}

// handle hands one message to the core.
func (h *Host) handle(m *message) {
	if h.ending != nil {
		m.discard()
		return
	}
	switch m.kind {
	case msgArrived, msgEnded:
		h.fromStream(m)
	case msgDrained:
		h.drained(m.stream)
	case msgAccepted:
		h.accepted(m.port, m.sock)
	case msgDialled:
		h.dialled(m.stream, m.sock)
	case msgUndialled:
		h.undialled(m.stream)
	case msgDisk:
		h.diskDone(&m.done)
	case msgAsk:
		m.ask(h.node)
	case msgFailed, msgStop:
		h.ending = m.failed
	}
}

func (h *Host) diskDone(d *diskDone) {
	h.step(node.Event{Kind: node.EventDiskDone, Write: d.id, Lane: d.lane, Err: d.err, Recovered: d.recovered})
	if d.err != nil && h.ending == nil {
		h.lanes[d.lane].resume()
	}
}

// step hands an event to the core and carries out what comes of it. Nothing in
// the carrying out calls step again: what follows comes as an event of its own.
func (h *Host) step(ev node.Event) {
	h.stats.steps.Add(1)
	h.in = node.Input{Now: h.now, Wall: h.wall, Event: ev}
	h.carryOut(h.core.Step(&h.in))
}

// draw tells the core the numbers that it wanted.
func (h *Host) draw() {
	for len(h.draws) > 0 && h.ending == nil {
		d := h.draws[0]
		h.draws = h.draws[1:]
		h.step(node.Event{Kind: node.EventDrawn, Draw: d.Kind, Value: rand.Int64N(d.Below)})
	}
}

// carryOut has every list of an output done, each in its order.
func (h *Host) carryOut(out *node.Output) {
	for i := range out.Notes {
		h.tell(&out.Notes[i])
	}
	for i := range out.Writes {
		h.lanes[out.Writes[i].Lane].put(&out.Writes[i])
	}
	for _, d := range out.Dials {
		h.dial(d)
	}
	for i := range out.Sends {
		if s := h.streams[out.Sends[i].Conn]; s != nil {
			s.send(out.Sends[i].Data)
		}
	}
	for _, id := range out.Closes {
		if s := h.streams[id]; s != nil {
			s.close()
		}
	}
	for _, g := range out.Gates {
		h.gate(g)
	}
	for _, stage := range out.Turns {
		h.turns.ask(stage)
	}
	for i := range out.Timers {
		h.alarms.set(&out.Timers[i], h.now)
	}
	h.draws = append(h.draws, out.Draws...)
	if out.Exit != nil {
		h.ending = &ExitError{Code: out.Exit.Code, Reason: out.Exit.Reason}
	}
}

// fromStream delivers what a reader has told, unless the core does not want to
// read now. An end is told after what came before it.
func (h *Host) fromStream(m *message) {
	s := m.stream
	switch {
	case s.gone && m.kind == msgEnded:
		s.end()
	case s.gone:
		s.consumed(m.buf)
	case len(s.held) > 0 || s.shut && m.kind == msgArrived:
		s.held = append(s.held, *m)
	default:
		h.deliver(m)
	}
}

func (h *Host) deliver(m *message) {
	s := m.stream
	if m.kind == msgEnded {
		h.ended(s)
		return
	}
	h.step(node.Event{Kind: node.EventReceived, Conn: s.id, Data: m.buf.data})
	s.consumed(m.buf)
}

// ended: the peer has closed its side. What a client has asked for before is
// still written, for one that sends a four-letter word may do so at once: as long
// as the kernel does not take it all, the end waits.
func (h *Host) ended(s *stream) {
	s.ended = true
	if s.port == node.PortClient {
		h.work()
		for !s.gone && h.turns.senderAsks(s.id) {
			h.work()
		}
	}
	switch {
	case s.writing && s.port == node.PortClient: // drained comes back to this
	case s.gone:
		s.end()
	default:
		s.leave()
		s.end()
		h.step(node.Event{Kind: node.EventClosed, Conn: s.id})
	}
}

// gate stops or resumes reading. What was held back comes as messages of its
// own, before anything newer.
func (h *Host) gate(g node.ReadGate) {
	s := h.streams[g.Conn]
	if s == nil {
		return
	}
	s.shut = !g.Open
	if g.Open && len(s.held) > 0 {
		h.freed = append(h.freed, s)
	}
}

// release delivers what opened gates have held back.
func (h *Host) release() {
	for len(h.freed) > 0 {
		s := h.freed[0]
		h.freed = h.freed[1:]
		for !s.gone && len(s.held) > 0 && !(s.shut && s.held[0].kind == msgArrived) {
			m := s.held[0]
			s.held = s.held[1:]
			h.deliver(&m)
		}
	}
}

// violationCode is the exit code of a process whose core broke an invariant.
const violationCode = 1

func panicked(r any, stack []byte) error {
	if v, ok := r.(*proto.Violation); ok {
		return &ExitError{Code: violationCode, Reason: v.Error(), Violation: v, Stack: stack}
	}
	return &ExitError{Code: violationCode, Reason: "the server broke down", Panic: r, Stack: stack}
}
