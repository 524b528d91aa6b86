package netsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestALostAcknowledgementDelaysRoomAlone(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(100)
	d, a := w.connected(t)
	w.Write(d, make([]byte, 150))
	w.drain()
	w.Blackhole(1, 0, true)
	w.Read(a, 60) // at 40 ms: asked for again at 260, 700 ms, ...
	w.take()
	w.at(300 * time.Millisecond)
	assert.Zero(t, w.Room(d))
	w.check(t)
	w.Blackhole(1, 0, false)
	assert.Equal(t, 400*time.Millisecond, w.LongestBackoff())
	w.drain()
	assert.Equal(t, []string{"720ms 0 writable 2"}, w.take())
	assert.Equal(t, 60, w.Room(d))
	w.check(t)
}

func TestTheNextAcknowledgementSpeaksForTheLostOnes(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(100)
	d, a := w.connected(t)
	w.Write(d, make([]byte, 150))
	w.drain()
	w.Blackhole(1, 0, true)
	w.Read(a, 60)
	w.Read(a, 10)
	w.Blackhole(1, 0, false)
	w.at(50 * time.Millisecond)
	w.Read(a, 1)
	w.check(t)
	w.at(60 * time.Millisecond)
	assert.Equal(t, 71, w.Room(d))
	w.drain()
	w.check(t)
}

func TestAProbeNeedsBothDirections(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(100)
	d, a := w.connected(t)
	w.Write(d, make([]byte, 100))
	w.drain()
	w.Blackhole(1, 0, true)
	w.Read(a, 60) // at 40 ms
	w.Blackhole(0, 1, true)
	w.at(200 * time.Millisecond)
	w.Blackhole(1, 0, false)
	w.at(300 * time.Millisecond)
	w.Blackhole(0, 1, false)
	assert.Equal(t, 1, w.clock.Len())
	w.at(719 * time.Millisecond)
	assert.Zero(t, w.Room(d))
	w.at(720 * time.Millisecond)
	assert.Equal(t, 60, w.Room(d))
}

func TestAProbeFindsOutWhoIsGone(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Write(d, make([]byte, 100))
	w.drain()
	w.take()
	w.Blackhole(1, 0, true)
	w.Read(a, 60)
	w.Close(a) // unread bytes: a reset, once
	w.at(200 * time.Millisecond)
	w.Blackhole(1, 0, false)
	w.drain()
	assert.Equal(t, []string{"280ms 0 closed 2 reset=true"}, w.take())

	d, a = w.connected(t)
	w.Write(d, make([]byte, 100))
	w.drain()
	w.take()
	w.Blackhole(1, 0, true)
	w.Read(a, 60)
	w.Crash(0)
	w.Blackhole(1, 0, false)
	w.drain()
	assert.Empty(t, w.take(), "a host that has crashed asks for nothing")

	w.Start(0)
	d, a = w.connected(t)
	w.Write(d, make([]byte, 100))
	w.drain()
	w.take()
	w.Blackhole(1, 0, true)
	w.Read(a, 60)
	w.Crash(1)
	w.Blackhole(1, 0, false)
	w.drain()
	assert.Empty(t, w.take(), "a host that is down answers nothing, and is asked once")
	assert.Nil(t, w.end(d).out().probe)
}

func TestASendBufferShrinksAndGrows(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(100)
	d, a := w.connected(t)
	w.Write(d, make([]byte, 60))
	w.SetSndbuf(0, 1, 40)
	assert.Zero(t, w.Room(d))
	assert.Equal(t, 100, w.Room(a), "the other direction")
	assert.Zero(t, w.Write(d, []byte("x")))
	w.drain()
	w.Read(a, 30)
	w.drain()
	assert.Equal(t, 10, w.Room(d))
	assert.Equal(t, []string{"40ms 1 readable 3", "50ms 0 writable 2"}, w.take())
	assert.Equal(t, 10, w.Write(d, make([]byte, 99)))
	w.SetSndbuf(0, 1, 0)
	w.step()
	assert.Equal(t, []string{"50ms 0 writable 2"}, w.take())
	assert.Equal(t, 60, w.Room(d))
	w.drain()
	w.SetSndbuf(0, 1, 7)
	e := w.Dial(0, 1, 1)
	w.drain()
	assert.Equal(t, 7, w.Room(e), "streams to come")
	w.Clear(0, 1)
	assert.Equal(t, 100, w.Room(e))
}

func TestAWriterIsToldOfRoomThatASmallerBufferDelayed(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(100)
	d, a := w.connected(t)
	w.Write(d, make([]byte, 150))
	w.SetSndbuf(0, 1, 40)
	w.drain()
	w.take()
	w.Read(a, 50)
	w.sleep(5 * time.Millisecond)
	w.Read(a, 20)
	w.drain()
	assert.Equal(t, []string{"55ms 0 writable 2"}, w.take())
	assert.Equal(t, 10, w.Room(d))
}
