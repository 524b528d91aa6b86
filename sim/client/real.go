package client

import (
	"math/rand/v2"
	"reflect"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// This file is about real connections. It runs outside of any simulation, and
// may do what simulated code must not.

// began is when the process did, for Now.
var began = time.Now()

// bare waits for a *zk.Conn of which nothing else is known.
type bare struct{}

// Connection is a real connection with the events of its session.
type Connection struct {
	*zk.Conn
	bare
	events chan zk.Event

	mu        sync.Mutex
	onSession []func(zk.Event)
}

// Real makes of a connection and its events, both as zk.Connect returned them,
// what every function of this package works with. The events belong to it from
// then on.
func Real(conn *zk.Conn, events <-chan zk.Event) *Connection {
	c := &Connection{Conn: conn, events: make(chan zk.Event, eventsKept)}
	go c.pass(events)
	return c
}

// pass tells of events until the connection is closed.
func (c *Connection) pass(events <-chan zk.Event) {
	defer close(c.events)
	for e := range events {
		if e.Type != zk.EventSession {
			continue
		}
		select {
		case c.events <- e:
		default:
		}
		c.mu.Lock()
		callbacks := append([]func(zk.Event){}, c.onSession...)
		c.mu.Unlock()
		for _, f := range callbacks {
			f(e)
		}
	}
}

// Events is part of Waiter.
func (c *Connection) Events() <-chan zk.Event { return c.events }

// OnSession is part of Waiter.
func (c *Connection) OnSession(f func(zk.Event)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onSession = append(c.onSession, f)
}

// AwaitAny is part of Waiter.
func (bare) AwaitAny(timeout time.Duration, channels ...<-chan zk.Event) (zk.Event, int) {
	if e, which := look(channels); which >= 0 || timeout == 0 {
		return e, which
	}
	cases := make([]reflect.SelectCase, 0, len(channels)+1)
	for _, ch := range channels {
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ch)})
	}
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(timer.C)})
	}
	i, v, _ := reflect.Select(cases)
	if i == len(channels) {
		return zk.Event{}, -1
	}
	return v.Interface().(zk.Event), i
}

// Sleep is part of Waiter.
func (bare) Sleep(span time.Duration) { time.Sleep(span) }

// Now is part of Waiter.
func (bare) Now() time.Duration { return time.Since(began) }

// Draw is part of Waiter.
func (bare) Draw(below int64) int64 { return rand.Int64N(below) }

// Events is part of Waiter.
func (bare) Events() <-chan zk.Event { return nil }

// OnSession is part of Waiter.
func (bare) OnSession(func(zk.Event)) {}

// Go is part of Waiter.
func (bare) Go(f func()) { go f() }
