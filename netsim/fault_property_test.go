package netsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/sim/vtime"
)

const percent = 42949673 // of Netem.Loss, nearly

// The longest delays that the random faults below come to.
const (
	anyLink  = 20 * time.Millisecond
	anyNetem = 300 * time.Millisecond
)

// anyFault sets or ends some fault between two hosts.
func anyFault(t *rapid.T, w *world, from, to HostID) {
	on := rapid.IntRange(0, 2).Draw(t, "on") > 0
	switch rapid.IntRange(0, 9).Draw(t, "fault") {
	case 0, 1:
		w.Blackhole(from, to, on)
	case 2, 3:
		w.SetNetem(from, to, Netem{
			Delay:  time.Duration(rapid.Int64Range(0, int64(anyNetem/2)).Draw(t, "delay")),
			Jitter: time.Duration(rapid.Int64Range(0, int64(anyNetem/2)).Draw(t, "jitter")),
			Loss:   rapid.SampledFrom([]uint32{0, 5 * percent, 35 * percent, 80 * percent}).Draw(t, "loss"),
		})
	case 4:
		w.Clog(from, to, on)
	case 5:
		w.NoReset(from, to, on)
	case 6:
		w.SetSndbuf(from, to, rapid.IntRange(0, 50).Draw(t, "sndbuf"))
	case 7:
		w.Refuse(from, to, on)
		w.MaxConn(to, 1, rapid.IntRange(-1, 3).Draw(t, "maxconn"))
	case 8:
		w.Clear(from, to)
	case 9:
		if rapid.IntRange(0, 3).Draw(t, "all") == 0 {
			w.Heal()
		} else if rapid.IntRange(0, 3).Draw(t, "reset") == 0 {
			w.Reset(from, to)
		}
	}
}

// TestNoFaultChangesTheBytes draws any schedule of faults but resets around one
// stream. What is read is a prefix of what was written; after Heal all of it
// arrives, and all room is back, within the longest back-off and a few delays.
func TestNoFaultChangesTheBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(rapid.Uint64().Draw(t, "seed"), 2)
		const room = 60
		w.SetRoom(room)
		w.SetDefaultLink(Link{0, anyLink})
		d, a := w.connected(t)
		w.quiet = true
		ends := [2]EndID{d, a}
		var refs [2]reference
		next := byte(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			i := rapid.IntRange(0, 1).Draw(t, "who")
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1:
				next = refs[i].write(t, w, ends[i], rapid.IntRange(1, 30).Draw(t, "size"), next)
			case 2:
				refs[1-i].read(t, w, ends[i], rapid.IntRange(1, room).Draw(t, "limit"))
			case 3:
				w.sleep(time.Duration(rapid.Int64Range(0, 1<<rapid.IntRange(1, 37).Draw(t, "magnitude")).Draw(t, "sleep")))
			case 4:
				if f := HostID(i); rapid.Bool().Draw(t, "both ways") {
					w.Blackhole(f, 1-f, true)
					w.Blackhole(1-f, f, true)
				} else {
					anyLossless(t, w, f)
				}
			}
			w.check(t)
		}
		w.Heal()
		demandDelivery(t, w, ends, &refs)
	})
}

// demandDelivery is what must hold of a healed network.
func demandDelivery(t require.TestingT, w *world, ends [2]EndID, refs *[2]reference) {
	w.settle(w.LongestBackoff())
	for i := range refs {
		refs[i].read(t, w, ends[1-i], w.Available(ends[1-i]))
		require.Equal(t, len(refs[i].sent), refs[i].got, "all has arrived")
	}
	w.settle(w.LongestBackoff())
	for i := range refs {
		require.Equal(t, w.room, w.Room(ends[i]), "all room is back")
	}
	require.Zero(t, w.LongestBackoff())
	w.check(t)
}

// anyLossless is anyFault without resets, which end streams.
func anyLossless(t *rapid.T, w *world, from HostID) {
	before := len(w.streams)
	anyFault(t, w, from, 1-from)
	for ev, ok := w.clock.Peek(); ok && ev == w.clock.Now(); ev, ok = w.clock.Peek() {
		w.step()
	}
	if before != len(w.streams) || w.streams[1] == nil || w.streams[1].ends[0].state != open || w.streams[1].ends[1].state != open {
		t.SkipNow()
	}
}

func (r *reference) write(t *rapid.T, w *world, end EndID, size int, next byte) byte {
	p := make([]byte, size)
	for k := range p {
		p[k], next = next, next+1
	}
	free := w.Room(end)
	took := w.Write(end, p)
	require.Equal(t, min(free, size), took)
	out := w.end(end).out()
	require.True(t, took == 0 || out.used <= out.room)
	r.sent = append(r.sent, p[:took]...)
	return next
}

// settle waits for a back-off and the few delays that its repair takes.
func (w *world) settle(longest time.Duration) {
	w.sleep(longest + anyNetem + 6*anyLink)
}

// TestTheDemandsCanFail plants a defect of each kind.
func TestTheDemandsCanFail(t *testing.T) {
	for name, plant := range map[string]func(w *world, out *pipe){
		"none":             func(*world, *pipe) {},
		"no timer":         func(_ *world, out *pipe) { out.repair = nil },
		"never woken":      func(_ *world, out *pipe) { out.repair.asleep = false },
		"lost packet":      func(_ *world, out *pipe) { out.repair.packets.pop(1) },
		"wrong byte":       func(_ *world, out *pipe) { out.data.items[0]++ },
		"wrong order":      func(_ *world, out *pipe) { out.data.items[0], out.data.items[1] = 2, 1 },
		"lost room":        func(_ *world, out *pipe) { out.used++ },
		"no probe":         func(_ *world, out *pipe) { out.probe = nil },
		"back-off unknown": func(_ *world, out *pipe) { out.repair.boots++ },
	} {
		w := newWorld(1, 2)
		d, a := w.connected(t)
		refs := [2]reference{{sent: []byte{0, 1, 2}}, {}}
		w.Write(d, []byte{0})
		w.drain()
		w.Blackhole(1, 0, true)
		refs[0].read(t, w, a, 1)
		w.Blackhole(0, 1, true)
		w.Write(d, []byte{1})
		w.Write(d, []byte{2})
		w.at(4 * time.Second)
		plant(w, w.end(d).out())
		w.Heal()
		var mock recorder
		func() {
			defer func() { _ = recover() }()
			demandDelivery(&mock, w, [2]EndID{d, a}, &refs)
		}()
		assert.Equal(t, name != "none", mock.failed, name)
	}
}

// TestLossIsWhatItSays sends single packets and counts how often each was sent.
func TestLossIsWhatItSays(t *testing.T) {
	w := newWorld(1, 2)
	w.quiet = true
	d, a := w.connected(t)
	w.SetNetem(0, 1, Netem{Loss: 1503238553}) // 35 %
	const packets = 20000
	var repeated [20]int
	for range packets {
		sent := w.clock.Now()
		w.Write(d, []byte("x"))
		for w.Available(a) == 0 {
			w.step()
		}
		k := 0
		for took := w.clock.Now() - sent - link; took > 0; k++ {
			took -= min(220*time.Millisecond<<k, timeoutMax)
			require.GreaterOrEqual(t, took, time.Duration(0), "only whole timeouts")
		}
		repeated[k]++
		w.Read(a, 1)
	}
	assert.InDelta(t, packets*65/100, repeated[0], 300)
	assert.InDelta(t, packets*35*65/100/100, repeated[1], 250)
	atLeast5 := 0
	for _, c := range repeated[5:] {
		atLeast5 += c
	}
	assert.InDelta(t, packets/190, atLeast5, 45, "1 packet in 190")
}

func TestLossHitsAtItsEdges(t *testing.T) {
	w := newWorld(1, 2)
	p := w.path(0, 1)
	w.SetNetem(0, 1, Netem{Loss: 0, Delay: 1})
	for range 100 {
		require.False(t, w.lost(p, packetLane))
	}
	assert.Zero(t, p.fate.loss[packetLane].Drawn())
	w.SetNetem(0, 1, Netem{Loss: 1 << 31})
	hits := 0
	for range 10000 {
		if w.lost(p, packetLane) {
			hits++
		}
	}
	assert.InDelta(t, 5000, hits, 200)
	assert.Zero(t, p.fate.loss[ackLane].Drawn(), "packets and acknowledgements have draws of their own")
}

// storm is chatter with faults.
func storm(seed uint64) uint64 {
	return chatter(seed, func(w *world) {
		w.SetNetem(0, 1, Netem{Delay: 5 * time.Millisecond, Jitter: 3 * time.Millisecond, Loss: 30 * percent})
		w.SetNetem(1, 0, Netem{Loss: 30 * percent})
		w.Blackhole(2, 3, true)
		w.Blackhole(2, 3, false)
		w.Clog(3, 1, true)
		w.SetSndbuf(3, 0, 3)
		w.Reset(0, 2)
		w.Blackhole(1, 3, true)
		w.clock.Schedule(w.clock.Now()+40*time.Millisecond, vtime.Event{Class: Class})
		w.onEvent = func() {
			if w.stalled > 0 && w.clock.Now() > 160*time.Millisecond {
				w.Heal()
			}
		}
	})
}

func TestFaultsAreDeterministic(t *testing.T) {
	assert.Equal(t, storm(5), storm(5))
	assert.NotEqual(t, storm(5), storm(6))
	assert.NotEqual(t, storm(5), chatter(5, nil))
}

// TestGoldenDigestOfFaults pins faults on every architecture, as
// TestGoldenDigest does a run without them.
func TestGoldenDigestOfFaults(t *testing.T) {
	assert.Equal(t, uint64(goldenStorm), storm(5))
}

const goldenStorm = 0x384f01e19866d93c

func TestAFaultMovesNoDrawElsewhere(t *testing.T) {
	arrivals := func(fault bool) (at []time.Duration) {
		w := newWorld(9, 4)
		w.SetDefaultLink(Link{0, 100 * time.Millisecond})
		w.Listen(3, 1)
		other := w.Dial(2, 3, 1)
		w.drain()
		d, _ := w.connected(t)
		if fault {
			w.SetNetem(0, 1, Netem{Delay: 3, Jitter: 2, Loss: 50 * percent})
			w.SetNetem(1, 0, Netem{Loss: 50 * percent})
		}
		for i := range 50 {
			w.at(time.Duration(i+1) * time.Second)
			w.Write(d, []byte("x"))
			w.Write(other, []byte("y"))
			for w.Available(other+1) == 0 {
				w.step()
			}
			at = append(at, w.clock.Now())
			w.Read(other+1, 1)
			w.Read(d+1, 10)
		}
		return at
	}
	assert.Equal(t, arrivals(false), arrivals(true))
}

// TestLossAllocatesNothing: repairs and probes are used over and over.
func TestLossAllocatesNothing(t *testing.T) {
	r, clock, ends := crowd()
	for from := range HostID(25) {
		for to := range HostID(25) {
			r.SetNetem(from, to, Netem{Delay: time.Millisecond, Jitter: time.Millisecond, Loss: 20 * percent})
		}
	}
	p := make([]byte, 100)
	round := func() {
		r.Blackhole(0, 1, true)
		r.Clog(1, 2, true)
		for _, id := range ends {
			r.Write(id, p)
		}
		for range 200 {
			ev, _ := clock.Next()
			r.Handle(ev)
		}
		r.Blackhole(0, 1, false)
		r.Clog(1, 2, false)
		runAll(r.Network, clock)
	}
	for range 300 {
		round()
	}
	assert.LessOrEqual(t, testing.AllocsPerRun(50, round), 0.1)
	assert.Equal(t, (300+51)*100*len(ends), r.bytes, "everything arrived")
}
