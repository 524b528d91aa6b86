package netsim

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/vtime"
)

func TestConnectTakesThreePackets(t *testing.T) {
	w := newWorld(1, 2)
	w.Listen(1, 7)
	d := w.Dial(0, 1, 7)
	assert.Zero(t, w.Room(d), "no room before Connected")
	assert.Zero(t, w.Write(d, []byte("early")))
	w.drain()
	assert.Equal(t, []string{"20ms 0 connected 2", "30ms 1 accepted 3 at port 7 from 0"}, w.take())
	assert.Equal(t, HostID(1), w.Peer(d))
	assert.Equal(t, HostID(0), w.Peer(w.lastEnd))
	assert.Equal(t, Port(7), w.Port(d))
	assert.Equal(t, Port(7), w.Port(w.lastEnd))
	w.check(t)
}

func TestNobodyListensIsRefusedAfterARoundTrip(t *testing.T) {
	w := newWorld(1, 2)
	w.Listen(1, 7)
	w.Dial(0, 1, 8)
	w.drain()
	assert.Equal(t, []string{"20ms 0 refused 2"}, w.take())
	w.check(t)
	assert.Nil(t, w.streams[1], "nothing is left of it")
}

func TestDialToAHostThatIsDownIsSilence(t *testing.T) {
	w := newWorld(1, 2)
	w.Listen(1, 7)
	w.Crash(1)
	d := w.Dial(0, 1, 7)
	w.drain()
	assert.Empty(t, w.take())
	w.Start(1)
	w.drain()
	assert.Empty(t, w.take(), "no event, ever")
	w.Close(d)
	w.check(t)
	assert.Nil(t, w.streams[1])
}

func TestTheListenerGoesDuringTheHandshake(t *testing.T) {
	for _, c := range []struct {
		name string
		at   time.Duration
		do   func(w *world)
		want []string
	}{
		{"unlisten before the syn", 5 * time.Millisecond, func(w *world) { w.Unlisten(1, 7) }, []string{"20ms 0 refused 2"}},
		{"unlisten after the syn", 15 * time.Millisecond, func(w *world) { w.Unlisten(1, 7) },
			[]string{"20ms 0 connected 2", "25ms 0 closed 2 reset=true"}},
		{"kill after connected", 25 * time.Millisecond, func(w *world) { w.Kill(1) },
			[]string{"20ms 0 connected 2", "35ms 0 closed 2 reset=true"}},
		{"crash after connected: nobody is told", 25 * time.Millisecond, func(w *world) { w.Crash(1) },
			[]string{"20ms 0 connected 2"}},
		{"restart before the third packet: it finds nobody", 25 * time.Millisecond, func(w *world) { w.Crash(1); w.Start(1); w.Listen(1, 7) },
			[]string{"20ms 0 connected 2", "40ms 0 closed 2 reset=true"}},
		{"the dialler gives up before the answer", 15 * time.Millisecond, func(w *world) { w.Close(2) }, nil},
		{"the dialler crashes before the answer", 15 * time.Millisecond, func(w *world) { w.Crash(0) }, nil},
		{"the dialler crashes with the third packet on its way", 25 * time.Millisecond, func(w *world) { w.Crash(0) },
			[]string{"20ms 0 connected 2", "30ms 1 accepted 3 at port 7 from 0"}},
		{"the dialler closes with the third packet on its way", 25 * time.Millisecond, func(w *world) { w.Close(2) },
			[]string{"20ms 0 connected 2", "30ms 1 accepted 3 at port 7 from 0", "35ms 1 closed 3 reset=false"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(1, 2)
			w.Listen(1, 7)
			w.Dial(0, 1, 7)
			w.run(c.at)
			for w.clock.Now() < c.at { // let time pass
				w.sleep(c.at - w.clock.Now())
			}
			c.do(w)
			w.drain()
			assert.Equal(t, c.want, w.take())
			w.check(t)
		})
	}
}

func TestBytesArriveThenTheFin(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	require.Equal(t, 5, w.Write(d, []byte("hello")))
	require.Equal(t, 6, w.Write(d, []byte(" world")))
	w.Close(d)
	w.drain()
	assert.Equal(t, []string{"40ms 1 readable 3"}, w.take(), "the FIN waits behind unread bytes")
	assert.Equal(t, 11, w.Available(a))
	assert.Equal(t, "hell", string(w.Read(a, 4)))
	w.drain()
	assert.Empty(t, w.take())
	assert.Equal(t, "o world", string(w.Read(a, 100)))
	assert.Empty(t, w.take(), "told from within Handle only")
	w.drain()
	assert.Equal(t, []string{"40ms 1 closed 3 reset=false"}, w.take())
	assert.Zero(t, w.Write(a, []byte("x")))
	assert.Nil(t, w.Read(a, 1))
	assert.Equal(t, HostID(-1), w.Peer(a))
	assert.Equal(t, Port(-1), w.Port(a))
	w.Close(a)
	w.check(t)
}

func TestAFinWithNothingUnreadClosesAtOnce(t *testing.T) {
	w := newWorld(1, 2)
	d, _ := w.connected(t)
	w.Close(d)
	w.drain()
	assert.Equal(t, []string{"40ms 1 closed 3 reset=false"}, w.take())
}

func TestClosingBetweenTheLastReadAndItsNewsIsQuiet(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Write(d, []byte("x"))
	w.Close(d)
	w.drain()
	w.take()
	w.Read(a, 1)
	w.Close(a)
	w.drain()
	assert.Empty(t, w.take())
}

func TestClosingWithUnreadBytesResets(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Write(d, []byte("never read"))
	w.drain()
	w.take()
	w.Close(a)
	w.drain()
	assert.Equal(t, []string{"50ms 0 closed 2 reset=true"}, w.take())
}

func TestAKilledProcessClosesAsItsBytesLie(t *testing.T) {
	w := newWorld(1, 3)
	w.Listen(1, 1)
	quiet := w.Dial(0, 1, 1)
	w.drain()
	full := w.Dial(2, 1, 1)
	w.drain()
	a := w.lastEnd
	w.Write(a, []byte("last words"))
	w.Write(full, []byte("unread"))
	w.drain()
	w.take()
	w.Kill(1)
	assert.True(t, w.Up(1))
	again := w.Dial(0, 1, 1)
	w.drain()
	assert.Equal(t, []string{
		"80ms 0 closed 2 reset=false", "80ms 2 closed 4 reset=true", "90ms 0 refused 6",
	}, w.take())
	for _, id := range []EndID{quiet, full, again} {
		assert.Equal(t, HostID(-1), w.Peer(id))
	}
	w.check(t)
}

func TestBytesInFlightToAClosedEndDrawAReset(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Write(a, []byte("crosses the FIN"))
	w.Close(d)
	w.drain()
	assert.Equal(t, []string{"40ms 1 closed 3 reset=false"}, w.take(), "the FIN came first")

	d, a = w.connected(t)
	w.Write(d, []byte("unread, so the FIN must wait"))
	w.Close(d)
	w.Write(a, []byte("draws a reset"))
	w.drain()
	assert.Equal(t, []string{"90ms 1 readable 5", "100ms 1 closed 5 reset=true"}, w.take())
	w.check(t)
}

func TestACrashLeavesAHalfOpenEnd(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(1000)
	d, _ := w.connected(t)
	w.Crash(1)
	assert.False(t, w.Up(1))
	w.drain()
	assert.Empty(t, w.take(), "silence is not close")
	written := 0
	for range 20 {
		written += w.Write(d, make([]byte, 99))
		w.drain()
		w.check(t)
	}
	assert.Equal(t, 1000, written, "writes are taken until the room is gone")
	assert.Zero(t, w.Room(d))
	assert.Empty(t, w.take(), "never acknowledged, never writable")
	w.Close(d)
	w.drain()
	w.check(t)
	assert.Nil(t, w.streams[1])
}

func TestAHostThatIsBackResetsWhatItDoesNotKnow(t *testing.T) {
	w := newWorld(1, 2)
	d, _ := w.connected(t)
	w.Crash(1)
	w.Write(d, []byte("lost"))
	w.drain()
	w.Start(1)
	w.Listen(1, 1)
	w.drain()
	assert.Empty(t, w.take(), "the idle end learns nothing by itself")
	w.Write(d, []byte("who are you"))
	w.drain()
	assert.Equal(t, []string{"60ms 0 closed 2 reset=true"}, w.take())
	w.check(t)
}

func TestBytesWrittenBeforeACrashStillArrive(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Write(d, []byte("on the wire"))
	w.Crash(0)
	w.drain()
	assert.Equal(t, []string{"40ms 1 readable 3"}, w.take())
	assert.Equal(t, "on the wire", string(w.Read(a, 100)))
	w.Start(0)
	w.Write(a, []byte("?"))
	w.drain()
	assert.Equal(t, []string{"60ms 1 closed 3 reset=true"}, w.take())
	w.check(t)
}

func TestABlockedWriterIsWokenWhenTheAcknowledgementIsBack(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(100)
	d, a := w.connected(t)
	require.Equal(t, 100, w.Write(d, make([]byte, 150)))
	assert.Zero(t, w.Write(d, []byte("x")))
	w.drain()
	assert.Equal(t, []string{"40ms 1 readable 3"}, w.take())
	w.Read(a, 30)
	assert.Zero(t, w.Room(d), "the acknowledgement is on its way")
	w.drain()
	assert.Equal(t, []string{"50ms 0 writable 2"}, w.take())
	assert.Equal(t, 30, w.Room(d))
	require.Equal(t, 30, w.Write(d, make([]byte, 30)))
	w.Read(a, 10)
	w.drain()
	assert.Equal(t, []string(nil), w.take(), "a Write that was taken whole leaves nobody waiting")
	w.check(t)
}

func TestEachReadFreesItsRoomOneDelayLater(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(100)
	d, a := w.connected(t)
	w.Write(d, make([]byte, 100))
	w.drain()
	w.Read(a, 30)
	w.sleep(5 * time.Millisecond)
	w.Read(a, 10)
	w.Read(a, 1)
	w.sleep(4 * time.Millisecond)
	assert.Equal(t, 0, w.Room(d))
	w.sleep(time.Millisecond)
	assert.Equal(t, 30, w.Room(d))
	w.sleep(5 * time.Millisecond)
	assert.Equal(t, 41, w.Room(d))
}

func TestAWriterThatUsesTheRoomBeforeItIsToldWaitsAgain(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(100)
	d, a := w.connected(t)
	w.Write(d, make([]byte, 150))
	w.drain()
	w.take()
	w.clock.Schedule(50*time.Millisecond, vtime.Event{Class: Class}) // before the news of room
	w.Read(a, 30)
	w.step()
	require.Equal(t, 50*time.Millisecond, w.clock.Now())
	assert.Equal(t, 30, w.Write(d, make([]byte, 31)), "the acknowledgement is there")
	w.Read(a, 10)
	w.drain()
	assert.Equal(t, []string{"60ms 0 writable 2"}, w.take())
	assert.Equal(t, 10, w.Room(d))
	w.check(t)
}

func TestAWriterThatClosesIsNotWoken(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(100)
	d, a := w.connected(t)
	w.Write(d, make([]byte, 150))
	w.drain()
	w.Read(a, 100)
	w.take()
	w.Close(d)
	w.drain()
	assert.Equal(t, []string{"50ms 1 closed 3 reset=false"}, w.take())
}

func TestTheDefaultLinkChangesForStreamsThatExist(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.SetLink(1, 0, Link{time.Second, time.Second})
	w.SetDefaultLink(Link{0, 0})
	w.Write(d, []byte("x"))
	w.Write(a, []byte("y"))
	w.drain()
	assert.Equal(t, []string{"30ms 1 readable 3", "1.03s 0 readable 2"}, w.take())
}

func TestReadableAgainOnlyAfterEverythingWasTaken(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Write(d, []byte("one"))
	w.drain()
	w.Read(a, 2)
	w.Write(d, []byte("two"))
	w.drain()
	assert.Equal(t, []string{"40ms 1 readable 3"}, w.take())
	assert.Equal(t, "etwo", string(w.readAll(a, 3)))
	w.Write(d, []byte("three"))
	w.drain()
	assert.Equal(t, []string{"60ms 1 readable 3"}, w.take())
}

func TestLinksArePerDirection(t *testing.T) {
	w := newWorld(1, 2)
	w.SetLink(0, 1, Link{time.Second, time.Second})
	w.Listen(1, 1)
	w.Dial(0, 1, 1)
	w.drain()
	assert.Equal(t, []string{"1.01s 0 connected 2", "2.01s 1 accepted 3 at port 1 from 0"}, w.take())
}

func TestNothingOvertakesOnAStream(t *testing.T) {
	w := newWorld(3, 2)
	w.SetDefaultLink(Link{0, time.Second})
	d, a := w.connected(t)
	for i := range 200 {
		w.Write(d, []byte{byte(i)})
	}
	w.drain()
	got := w.readAll(a, 1000)
	require.Len(t, got, 200)
	assert.True(t, bytes.Equal(got[:3], []byte{0, 1, 2}))
	for i, b := range got {
		require.Equal(t, byte(i), b)
	}
}

func TestStaleIdsAreHarmless(t *testing.T) {
	w := newWorld(1, 2)
	for _, id := range []EndID{-5, 0, 1, 2, 3, 1 << 40} {
		assert.Zero(t, w.Write(id, []byte("x")))
		assert.Nil(t, w.Read(id, 10))
		assert.Zero(t, w.Room(id))
		assert.Zero(t, w.Available(id))
		assert.Equal(t, HostID(-1), w.Peer(id))
		w.Close(id)
	}
	d, a := w.connected(t)
	assert.Nil(t, w.Read(a, 0))
	assert.Nil(t, w.Read(a, -1))
	assert.Zero(t, w.Write(d, nil))
	w.drain()
	assert.Empty(t, w.take())
}

func TestMoreBytesThanWereSentAreADefect(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Write(d, []byte("abc"))
	w.clock.Schedule(w.clock.Now(), vtime.Event{Class: Class, Kind: packetData, A: int64(a), B: 4})
	assert.PanicsWithValue(t, "netsim: 4 bytes arrive at end 3, 3 are on their way", w.drain)
}

func TestMisuseSaysWhatIsWrong(t *testing.T) {
	w := newWorld(1, 2)
	w.Crash(0)
	assert.PanicsWithValue(t, "netsim: host 0 is down and cannot dial", func() { w.Dial(0, 1, 1) })
	assert.PanicsWithValue(t, "netsim: host 0 is down and cannot listen", func() { w.Listen(0, 1) })
	assert.PanicsWithValue(t, "netsim: room for 0 bytes", func() { w.SetRoom(0) })
	assert.PanicsWithValue(t, "netsim: link with a delay between 2ns and 1ns", func() { w.SetLink(0, 1, Link{2, 1}) })
	assert.PanicsWithValue(t, "netsim: link with a delay between -1ns and 1ns", func() { w.SetDefaultLink(Link{-1, 1}) })
}
