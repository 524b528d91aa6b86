package engine

import (
	"time"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/rng"
	"github.com/zksim/zksim/sim/vtime"
)

// The kinds of a client's events.
const (
	clientTimer  uint8 = iota // A: timer kind; B: generation of its alarm
	clientWakeup              // the user of the client wanted to be woken; B: generation
	clientLost                // A: a connection that has lost something
	clientTurn                // code of a program goes on
	clientThread              // A: a thread of it that wanted to be woken; B: generation
)

// anyServer says that a client is not pinned to one.
const anyServer = -1

// user is whoever uses the client of a station.
type user interface {
	// wake is called when the alarm that the user has set rings.
	wake()
}

// tap stands in the place of a station's client and speaks for itself: bytes on
// connections that it has dialled through the station.
type tap interface {
	Connected(c client.Conn)
	Received(c client.Conn, data []byte)
	Writable(c client.Conn)
	Closed(c client.Conn)
}

// ears is who hears of the station's connections.
func (st *station) ears() tap {
	if st.tap != nil {
		return st.tap
	}
	return st.core
}

// station is a client on a host of its own. It is the client's Env.
type station struct {
	c      *cluster
	host   netsim.HostID
	pinned int // the only server it goes to, or anyServer
	core   *client.Client
	tap    tap // nil: the client itself hears of its connections
	user   user
	alarms [client.NumTimers]alarm
	wakeup alarm
	draws  [2]rng.Stream // by client.DrawKind
	in     []byte

	faults  clientFaults
	watched bool // a statement waits for a request
}

// addStation makes a client on a new host. The caller sets its user.
func (c *cluster) addStation(name string, pinned int, cfg client.Config) *station {
	st := &station{c: c, host: c.addHost(name), pinned: pinned}
	cfg.Servers = len(c.servers)
	if pinned >= 0 {
		cfg.Servers = 1
	}
	for kind := range st.draws {
		st.draws[kind] = c.src.Stream(rng.Key{Host: int32(st.host), Purpose: rng.PurposeClient, Kind: uint16(kind)})
	}
	st.core = client.New(cfg, st)
	c.stations = append(c.stations, st)
	return st
}

// handle carries out an event of this client.
func (st *station) handle(ev vtime.Event) {
	switch ev.Kind {
	case clientTimer:
		kind := client.TimerKind(ev.A)
		a := &st.alarms[kind]
		rings, again := a.woken(uint32(ev.B), st.Now())
		if again {
			st.schedule(clientTimer, int64(kind), a)
		}
		if rings {
			st.core.Fired(kind)
		}
	case clientWakeup:
		rings, again := st.wakeup.woken(uint32(ev.B), st.Now())
		if again {
			st.schedule(clientWakeup, 0, &st.wakeup)
		}
		if rings {
			st.user.wake()
		}
	case clientTurn, clientThread:
		st.user.(*programClient).handle(ev)
	case clientLost:
		st.lose(client.Conn(ev.A))
	}
}

func (st *station) schedule(kind uint8, a int64, al *alarm) {
	st.c.clock.Schedule(al.wake, vtime.Event{Class: classClient, Kind: kind, Host: int32(st.host), A: a, B: int64(al.gen)})
}

const portClient = netsim.Port(node.PortClient)

// wakeAfter has the user woken after a span; it replaces an earlier request.
func (st *station) wakeAfter(delay time.Duration) {
	if st.wakeup.set(st.Now() + delay) {
		st.schedule(clientWakeup, 0, &st.wakeup)
	}
}

// Now is part of client.Env.
func (st *station) Now() time.Duration { return st.c.clock.Now() }

// Dial is part of client.Env. The name of the end does as that of the connection.
func (st *station) Dial(server int) client.Conn {
	if st.pinned >= 0 {
		server = st.pinned
	}
	return client.Conn(st.c.net.Dial(st.host, netsim.HostID(server), portClient))
}

// Write is part of client.Env.
func (st *station) Write(c client.Conn, p []byte) int {
	st.c.counts.Messages++
	st.c.counts.Bytes += uint64(len(p))
	if st.swallow(c) {
		return len(p)
	}
	took := st.c.net.Write(netsim.EndID(c), p)
	if t := st.c.trace; t != nil {
		t.clientSent(st, netsim.EndID(c), p[:took])
	}
	return took
}

// Close is part of client.Env.
func (st *station) Close(c client.Conn) { st.c.net.Close(netsim.EndID(c)) }

// Arm is part of client.Env.
func (st *station) Arm(t client.TimerKind, after time.Duration) {
	a := &st.alarms[t]
	if after <= 0 {
		a.cancel()
	} else if a.set(st.Now() + after) {
		st.schedule(clientTimer, int64(t), a)
	}
}

// Draw is part of client.Env.
func (st *station) Draw(kind client.DrawKind, below int64) int64 { return st.draws[kind].Below(below) }

// What the network tells of the client's ends. The client itself knows which of
// them it still cares for.

func (st *station) connected(end netsim.EndID) { st.ears().Connected(client.Conn(end)) }

func (st *station) ended(end netsim.EndID) { st.ears().Closed(client.Conn(end)) }

func (st *station) drained(end netsim.EndID) { st.ears().Writable(client.Conn(end)) }

// arrived hands over what has come. The client may write while it looks at the
// bytes, so they are copied out of the network's buffer.
func (st *station) arrived(end netsim.EndID) {
	if st.intercept(end) {
		return
	}
	for {
		data := st.c.net.Read(end, readMax)
		if len(data) == 0 {
			return
		}
		st.in = append(st.in[:0], data...)
		if t := st.c.trace; t != nil {
			t.received(end, t.c.hostNames[st.host], len(data))
		}
		st.ears().Received(client.Conn(end), st.in)
	}
}
