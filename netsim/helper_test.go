package netsim

import (
	"bytes"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/rng"
	"github.com/zksim/zksim/sim/vtime"
)

// world is a network with a listener that writes down what it is told.
type world struct {
	*Network
	clock   *vtime.Clock
	log     []string
	lastEnd EndID // of the latest Accepted
	digest  uint64
	quiet   bool // keep no log

	onEvent    func() // after each event
	onWritable func(EndID)
}

const link = 10 * time.Millisecond // each way, in tests without jitter

func newWorld(seed uint64, hosts int) *world {
	w := &world{clock: new(vtime.Clock)}
	w.Network = New(w.clock, rng.New(seed), w)
	w.SetDefaultLink(Link{link, link})
	for range hosts {
		w.AddHost()
	}
	return w
}

func (w *world) note(format string, args ...any) {
	if !w.quiet {
		w.log = append(w.log, fmt.Sprintf("%v ", w.clock.Now())+fmt.Sprintf(format, args...))
	}
}

func (w *world) Accepted(host HostID, port Port, end EndID, peer HostID) {
	w.lastEnd = end
	w.note("%d accepted %d at port %d from %d", host, end, port, peer)
}
func (w *world) Connected(host HostID, end EndID)     { w.note("%d connected %d", host, end) }
func (w *world) ConnectFailed(host HostID, end EndID) { w.note("%d refused %d", host, end) }
func (w *world) Readable(host HostID, end EndID)      { w.note("%d readable %d", host, end) }
func (w *world) Writable(host HostID, end EndID) {
	w.note("%d writable %d", host, end)
	if w.onWritable != nil {
		w.onWritable(end)
	}
}
func (w *world) Closed(host HostID, end EndID, reset bool) {
	w.note("%d closed %d reset=%v", host, end, reset)
}

// step runs one event; false when nothing is left.
func (w *world) step() bool {
	ev, ok := w.clock.Next()
	if !ok {
		return false
	}
	w.digest = w.digest*31 ^ w.Handle(ev) ^ uint64(ev.At)
	if w.onEvent != nil {
		w.onEvent()
	}
	return true
}

// run runs all events up to and including the given instant.
func (w *world) run(until time.Duration) {
	for {
		at, ok := w.clock.Peek()
		if !ok || at > until {
			return
		}
		w.step()
	}
}

// drain runs all events, of which there must be an end.
func (w *world) drain() {
	for range 200_000 {
		if !w.step() {
			return
		}
	}
	panic(fmt.Sprintf("%d events are still to come at %v", w.clock.Len(), w.clock.Now()))
}

// take returns the log and empties it.
func (w *world) take() []string {
	out := w.log
	w.log = nil
	return out
}

// connected returns an established stream from host 0 to port 1 of host 1.
func (w *world) connected(t require.TestingT) (dialled, accepted EndID) {
	w.Listen(1, 1)
	dialled = w.Dial(0, 1, 1)
	w.drain()
	require.Equal(t, dialled+1, w.lastEnd)
	w.take()
	return dialled, w.lastEnd
}

// readAll takes everything that waits at an end, in pieces of at most limit bytes.
func (w *world) readAll(end EndID, limit int) []byte {
	var out bytes.Buffer
	for w.Available(end) > 0 {
		out.Write(w.Read(end, limit))
	}
	return out.Bytes()
}

// check holds the books of all streams against one another.
func (w *world) check(t require.TestingT) {
	for _, s := range w.streams {
		if s == nil {
			continue
		}
		for i := range s.pipes {
			checkPipe(t, s, i)
		}
		require.False(t, s.ends[0].state == gone && s.ends[1].state == gone, "stream %d is not recycled", s.number)
	}
	w.checkLists(t)
}

func checkPipe(t require.TestingT, s *stream, i int) {
	p, acked := &s.pipes[i], 0
	for k := range p.acks.len() {
		acked += p.acks.from(k, 1)[0].bytes
	}
	require.GreaterOrEqual(t, p.waiting(), 0)
	require.GreaterOrEqual(t, p.inFlight, 0)
	if p.probe != nil {
		acked += p.probe.bytes
	}
	require.LessOrEqual(t, p.used, s.room, "room exceeded")
	if !p.deaf && s.ends[i].state != gone { // else nobody counts any more
		require.Equal(t, p.used, p.data.len()+acked, "used bytes are somewhere")
	}
}

// checkLists demands that the hosts' lists hold exactly the ends there are.
func (w *world) checkLists(t require.TestingT) {
	listed := 0
	for id := range w.hosts {
		prev := EndID(0)
		for at := w.hosts[id].first; at != 0; at = w.end(at).end().next {
			e := w.end(at)
			require.True(t, e.known())
			require.Equal(t, prev, e.end().prev)
			require.NotEqual(t, gone, e.end().state)
			require.Equal(t, HostID(id), e.end().host)
			prev = at
			listed++
		}
		require.Equal(t, prev, w.hosts[id].last)
	}
	for _, s := range w.streams {
		if s != nil {
			for i := range s.ends {
				if s.ends[i].state != gone {
					listed--
				}
			}
		}
	}
	require.Zero(t, listed)
}

// sleep lets time pass when no packet is due.
func (w *world) sleep(d time.Duration) {
	w.clock.Schedule(w.clock.Now()+d, vtime.Event{Class: Class})
	w.run(w.clock.Now() + d)
}
