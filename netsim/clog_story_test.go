package netsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/vtime"
)

func TestAClogDeliversEverythingAtOnceInOrder(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.SetRoom(10)
	e := w.Dial(1, 0, 1)
	w.Listen(0, 1)
	w.drain()
	w.take()
	require.Equal(t, 10, w.Write(e, make([]byte, 11))) // 1 -> 0, at 60 ms
	w.drain()
	w.Read(w.lastEnd, 10) // its acknowledgement goes 0 -> 1, there at 80 ms
	w.take()
	w.Write(d, []byte("in flight"))
	w.Clog(0, 1, true)
	w.Write(d, []byte(", later"))
	w.Write(a, []byte("the other direction"))
	w.at(time.Second)
	assert.Equal(t, []string{"80ms 0 readable 2"}, w.take())
	assert.Zero(t, w.Room(e), "acknowledgements are clogged too")
	assert.Zero(t, w.LongestBackoff(), "nothing is lost")
	w.Clog(0, 1, false)
	assert.Empty(t, w.take())
	w.drain()
	assert.Equal(t, []string{"1s 1 writable 4", "1s 1 readable 3"}, w.take())
	assert.Equal(t, "in flight, later", string(w.readAll(a, 99)))
	assert.Zero(t, w.stalled)
	w.check(t)
}

func TestAPacketOfTheSameInstantDoesNotOvertakeTheBacklog(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Clog(0, 1, true)
	w.Write(d, []byte("first "))
	w.at(50 * time.Millisecond)
	w.Write(d, []byte("second ")) // there at 60 ms
	w.clock.Schedule(60*time.Millisecond, vtime.Event{Class: Class})
	for w.clock.Now() < 60*time.Millisecond {
		w.step()
		if w.clock.Now() == 60*time.Millisecond {
			break
		}
	}
	w.Write(d, []byte("third"))
	w.Clog(0, 1, false)
	w.Clog(0, 1, true) // once more within the instant
	w.Clog(0, 1, false)
	w.drain()
	assert.Equal(t, "first second third", string(w.readAll(a, 99)))
	assert.Zero(t, w.stalled)
}

func TestAPathCloggedAgainKeepsWhatIsLeft(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Clog(0, 1, true)
	w.Write(d, []byte("a"))
	w.Write(d, []byte("b"))
	w.drain()
	w.Clog(0, 1, false)
	w.step()
	w.Clog(0, 1, true)
	w.drain()
	assert.Equal(t, 1, w.Available(a))
	w.Clog(0, 1, false)
	w.drain()
	assert.Equal(t, 2, w.Available(a))
}

func TestRoomThatWasFreeBeforeAClogStaysFree(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(10)
	d, a := w.connected(t)
	w.Write(d, make([]byte, 10))
	w.drain()
	w.Read(a, 4)
	w.sleep(time.Second)
	w.Read(a, 6)
	w.Clog(1, 0, true)
	w.sleep(time.Second)
	assert.Equal(t, 4, w.Room(d))
	assert.Equal(t, 4, w.Write(d, make([]byte, 9)))
	w.sleep(time.Second)
	w.take()
	w.Clog(1, 0, false)
	w.drain()
	assert.Equal(t, []string{"3.04s 0 writable 2"}, w.take())
	assert.Equal(t, 6, w.Room(d))
}
