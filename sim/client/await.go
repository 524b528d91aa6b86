package client

import (
	"slices"
	"time"

	"github.com/go-zookeeper/zk"
)

// Waiter is what a connection offers beside API to code that must wait. A
// simulated connection has it, and so has what [Real] makes of a *zk.Conn; the
// functions of this package use it. A type that wraps an API and wants to be
// passed to them has a method Unwrap() API.
type Waiter interface {
	// AwaitAny waits for an event on one of the channels, see the function.
	AwaitAny(timeout time.Duration, channels ...<-chan zk.Event) (e zk.Event, which int)
	// Sleep waits for a span.
	Sleep(span time.Duration)
	// Now is a clock that never goes back.
	Now() time.Duration
	// Draw returns a random number in [0, below).
	Draw(below int64) int64
	// Events gives the events of the session.
	Events() <-chan zk.Event
	// OnSession has f called at every event of the session.
	OnSession(f func(zk.Event))
	// Go has f run beside the caller.
	Go(f func())
}

// Await waits for an event on a channel that a watch or [Events] has given. The
// event of a channel that is closed and empty is the zero one.
func Await(c API, channel <-chan zk.Event) zk.Event {
	e, _ := AwaitAny(c, -1, channel)
	return e
}

// AwaitAny waits until one of the channels has an event, or the time is over:
// which is the place of the channel among them, or -1. Of several channels the
// first has precedence. Nil channels have no events. A timeout of 0 only looks;
// below 0 there is none.
func AwaitAny(c API, timeout time.Duration, channels ...<-chan zk.Event) (e zk.Event, which int) {
	return waiter(c).AwaitAny(timeout, channels...)
}

// Sleep waits for a span: of virtual time on a simulated connection.
func Sleep(c API, span time.Duration) { waiter(c).Sleep(span) }

// Now is the time since the run began, or of a real connection since the
// process did.
func Now(c API) time.Duration { return waiter(c).Now() }

// Draw returns a random number in [0, below), for waits that should differ
// between clients: drawn from the seed of the run on a simulated connection. It
// panics unless below > 0.
func Draw(c API, below int64) int64 { return waiter(c).Draw(below) }

// Events gives the events of the session, of which up to 6 wait for a reader;
// further ones are lost. A bare *zk.Conn has nil here, on which nothing ever
// comes: the channel that zk.Connect returned belongs to [Real].
func Events(c API) <-chan zk.Event { return waiter(c).Events() }

// OnSession has f called at every event of the session, at once, whatever the
// code of the client waits for. f must not block: on a simulated connection it
// may only look at the State, and change what is its own. On a real one it runs
// in a goroutine beside the code, and never for a bare *zk.Conn, see [Real].
func OnSession(c API, f func(zk.Event)) { waiter(c).OnSession(f) }

// Go has f run beside the caller: as a coroutine of the same client on a
// simulated connection, which ends with the run at the latest, or as a goroutine.
func Go(c API, f func()) { waiter(c).Go(f) }

// waiter finds who can wait for a connection.
func waiter(c API) Waiter {
	for {
		switch x := c.(type) {
		case Waiter:
			return x
		case interface{ Unwrap() API }:
			c = x.Unwrap()
		default:
			return bare{}
		}
	}
}

// AwaitAny is part of Waiter.
func (s *Simulated) AwaitAny(timeout time.Duration, channels ...<-chan zk.Event) (zk.Event, int) {
	t := s.driver.At("AwaitAny")
	if timeout == 0 {
		s.pause(t, lookCost)
	}
	until := s.driver.Now() + timeout
	for {
		if e, which := look(channels); which >= 0 {
			t.WakeAfter(0)
			return e, which
		}
		if timeout >= 0 && s.driver.Now() >= until {
			return zk.Event{}, -1
		}
		if !slices.Contains(s.waiting, t) { // a time that was over has left it there
			s.waiting = append(s.waiting, t)
		}
		if timeout >= 0 {
			t.WakeAfter(until - s.driver.Now())
		}
		t.Park()
	}
}

// lookCost is how long it takes to look without waiting, so that code which does
// nothing else does not stop the time of the run.
const lookCost = time.Microsecond

// look takes an event off the first channel that has one or is closed.
func look(channels []<-chan zk.Event) (zk.Event, int) {
	for i, ch := range channels {
		select {
		case e := <-ch:
			return e, i
		default:
		}
	}
	return zk.Event{}, -1
}

// Sleep is part of Waiter.
func (s *Simulated) Sleep(span time.Duration) { s.pause(s.driver.At("Sleep"), max(span, lookCost)) }

// Now is part of Waiter.
func (s *Simulated) Now() time.Duration { return s.driver.Now() }

// Draw is part of Waiter.
func (s *Simulated) Draw(below int64) int64 {
	if below <= 0 {
		panic("client: a number below 0 or less")
	}
	return int64(s.driver.Bits() % uint64(below))
}

// Events is part of Waiter.
func (s *Simulated) Events() <-chan zk.Event { return s.events }

// OnSession is part of Waiter.
func (s *Simulated) OnSession(f func(zk.Event)) { s.onSession = append(s.onSession, f) }

// Go is part of Waiter.
func (s *Simulated) Go(f func()) { s.driver.Go(f) }
