package client

import (
	"strconv"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zksim/zksim/node/proto"
)

// Thread is one coroutine of the code that uses a simulated connection.
type Thread interface {
	// Park stops the thread, which must be the one at work, until it is woken.
	// It may come back without a reason.
	Park()
	// Wake has the thread go on, soon and once.
	Wake()
	// WakeAfter has it go on after a span above 0; asking again replaces it, and
	// 0 cancels.
	WakeAfter(span time.Duration)
}

// Driver is what a simulated connection needs of whoever runs it.
type Driver interface {
	// Now is the time since the run began.
	Now() time.Duration
	// Do makes a request of the client.
	Do(op *proto.Op, done Completion)
	// At is the thread at work. It panics with a sentence about what was called
	// where there is none: outside of the code of this client.
	At(call string) Thread
	// Go begins another thread.
	Go(main func())
	// Soon asks for one call of Settle, at this instant but later.
	Soon()
	// Bits draws 64 random bits.
	Bits() uint64
	// Called is told of a callback of the person's that has run.
	Called()
}

// Simulated is a connection of a simulated client, to be used by the threads of
// its driver alone. It is the Watcher of its client.
type Simulated struct {
	core   *Client
	driver Driver

	watches   watchers
	events    chan zk.Event
	onSession []func(zk.Event)
	waiting   []Thread // threads that wait for any event
	logger    zk.Logger
	renew     bool // the session is over: Settle begins another
	closed    bool // by Close: there is none after it
}

// eventsKept is how many session events wait for whoever reads them; further
// ones are lost, as with the real connection.
const eventsKept = 6

// NewSimulated returns a connection that waits for Attach.
func NewSimulated(driver Driver) *Simulated {
	return &Simulated{driver: driver, events: make(chan zk.Event, eventsKept)}
}

// Attach gives the connection its client, which is not started yet.
func (s *Simulated) Attach(core *Client) { s.core = core }

// Settle does what could not be done while the client told of something.
func (s *Simulated) Settle() {
	if s.renew && !s.closed {
		s.core.Start()
	}
	s.renew = false
}

// State is part of API.
func (s *Simulated) State() zk.State {
	switch {
	case s.core.State() == Connected:
		return zk.StateHasSession
	case s.closed:
		return zk.StateDisconnected
	}
	return zk.StateConnecting
}

// SessionID is part of API.
func (s *Simulated) SessionID() int64 { return int64(s.core.Session()) }

// Server is part of API.
func (s *Simulated) Server() string {
	if n := s.core.Server(); n >= 0 {
		return "zk" + strconv.Itoa(n+1) + ":" + strconv.Itoa(zk.DefaultPort)
	}
	return ""
}

// SetLogger is part of API.
func (s *Simulated) SetLogger(l zk.Logger) { s.logger = l }

func (s *Simulated) logf(format string, args ...any) {
	if s.logger != nil {
		s.logger.Printf(format, args...)
	}
}

// closeTimeout is how long Close waits for an answer.
const closeTimeout = time.Second

// Close is part of API.
func (s *Simulated) Close() {
	if s.closed {
		return
	}
	t := s.driver.At("Close")
	s.closed = true
	over := false
	s.driver.Do(&proto.Op{Type: proto.OpCloseSession}, Func(func(*Outcome) { over = true; t.Wake() }))
	for until := s.driver.Now() + closeTimeout; !over && s.driver.Now() < until; {
		t.WakeAfter(until - s.driver.Now())
		t.Park()
	}
	t.WakeAfter(0)
	s.core.Die()
	s.watches.invalidate(zk.ErrClosing)
	s.wake()
}

// SessionChanged is told by the client.
func (s *Simulated) SessionChanged(to State) {
	switch to {
	case Connected:
		s.logf("connected to %s, session 0x%x", s.Server(), s.SessionID())
		s.tell(zk.StateConnected)
		s.tell(zk.StateHasSession)
	case Disconnected:
		s.logf("the connection to %s is lost", s.Server())
		s.tell(zk.StateDisconnected)
		s.tell(zk.StateConnecting)
	case Expired:
		s.logf("session 0x%x has expired", s.SessionID())
		s.watches.invalidate(zk.ErrSessionExpired)
		s.renew = true
		s.driver.Soon()
		s.tell(zk.StateExpired)
	case Closed:
		s.tell(zk.StateDisconnected)
	}
}

// tell passes a session event on: to callbacks at once, and to whoever reads.
func (s *Simulated) tell(state zk.State) {
	e := zk.Event{Type: zk.EventSession, State: state, Server: s.Server()}
	if len(s.events) < cap(s.events) {
		s.events <- e
	}
	for _, f := range s.onSession {
		f(e)
		s.driver.Called()
	}
	s.wake()
}

// Watched is told by the client.
func (s *Simulated) Watched(e proto.WatcherEvent) {
	s.watches.fired(zk.Event{Type: zk.EventType(e.Type), State: zk.StateSyncConnected, Path: e.Path})
	s.wake()
}

// wake has the threads that wait for any event look again.
func (s *Simulated) wake() {
	for _, t := range s.waiting {
		t.Wake()
	}
	s.waiting = s.waiting[:0]
}

// refusedCost is how long a call takes that fails at once, so that code which
// tries again without a pause does not stop the time of the run.
const refusedCost = time.Millisecond

// request makes a request and waits for its end. told is called when the
// outcome is known, before anything that follows it on the connection.
func (s *Simulated) request(op *proto.Op, told func(o *Outcome)) (proto.Result, error) {
	t := s.driver.At(op.Type.String())
	if s.closed {
		s.pause(t, refusedCost)
		return proto.Result{}, zk.ErrConnectionClosed
	}
	connected := s.core.State() == Connected
	began := s.driver.Now()
	var out Outcome
	over := false
	s.driver.Do(op, Func(func(o *Outcome) {
		out, over = *o, true
		if told != nil {
			told(o)
		}
		t.Wake()
	}))
	for !over {
		t.Park()
	}
	if s.driver.Now() == began {
		s.pause(t, refusedCost)
	}
	return out.Result, errorOf(&out, connected)
}

// pause lets a span above 0 pass.
func (s *Simulated) pause(t Thread, span time.Duration) {
	for until := s.driver.Now() + span; s.driver.Now() < until; {
		t.WakeAfter(until - s.driver.Now())
		t.Park()
	}
}
