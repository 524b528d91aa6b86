package netsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestWithoutResetsAnEndStaysHalfOpen(t *testing.T) {
	w := newWorld(1, 2)
	d, _ := w.connected(t)
	w.Crash(1)
	w.Start(1)
	w.NoReset(1, 0, true)
	w.Write(d, []byte("x"))
	w.drain()
	assert.Empty(t, w.take())
	assert.Equal(t, HostID(1), w.Peer(d))
	w.NoReset(1, 0, false)
	w.Write(d, []byte("y"))
	w.drain()
	assert.Equal(t, []string{"60ms 0 closed 2 reset=true"}, w.take())
}

func TestASuppressedResetAfterAnAnswerLeavesAHalfOpenEnd(t *testing.T) {
	w := newWorld(1, 2)
	w.Listen(1, 1)
	d := w.Dial(0, 1, 1)
	w.at(15 * time.Millisecond)
	w.NoReset(1, 0, true)
	w.Unlisten(1, 1)
	w.Listen(1, 1)
	w.drain()
	assert.Equal(t, []string{"20ms 0 connected 2"}, w.take(), "nobody asks again")
	w.NoReset(1, 0, false)
	w.Write(d, []byte("x"))
	w.drain()
	assert.Equal(t, []string{"50ms 0 closed 2 reset=true"}, w.take())
}

func TestResetTakesBothEnds(t *testing.T) {
	w := newWorld(1, 3)
	d, _ := w.connected(t)
	w.Listen(0, 1)
	w.Listen(2, 1)
	w.Dial(1, 0, 1)
	w.Dial(0, 2, 1)
	w.drain()
	w.take()
	w.Write(d, []byte("x"))
	w.Reset(0, 1)
	assert.Empty(t, w.take(), "told from within Handle alone")
	w.drain()
	assert.Equal(t, []string{
		"60ms 0 closed 2 reset=true", "60ms 0 closed 5 reset=true",
		"70ms 1 readable 3", "70ms 1 closed 3 reset=true", "70ms 1 closed 4 reset=true",
	}, w.take())
	assert.NotNil(t, w.streams[3], "the stream to another host stays")
	w.check(t)
}

func TestResetOfAnAttempt(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to HostID
		at       time.Duration
		want     []string
	}{
		{"syn in flight, near", 0, 1, 5 * time.Millisecond, []string{"5ms 0 refused 2"}},
		{"syn in flight, far", 1, 0, 5 * time.Millisecond, []string{"20ms 0 connected 2", "30ms 1 accepted 3 at port 1 from 0"}},
		{"pending, near", 0, 1, 15 * time.Millisecond, []string{"15ms 0 refused 2"}},
		{"pending, far", 1, 0, 15 * time.Millisecond, []string{"20ms 0 connected 2", "25ms 0 closed 2 reset=true"}},
		{"connected, near", 0, 1, 25 * time.Millisecond, []string{"20ms 0 connected 2", "25ms 0 closed 2 reset=true", "30ms 1 accepted 3 at port 1 from 0", "35ms 1 closed 3 reset=true"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(1, 2)
			w.Listen(1, 1)
			w.Dial(0, 1, 1)
			w.at(c.at)
			w.Reset(c.from, c.to)
			w.drain()
			assert.Equal(t, c.want, w.take())
			w.check(t)
		})
	}
}

func TestResetReachesHalfOpenEndsOnlyIfItArrives(t *testing.T) {
	w := newWorld(1, 2)
	w.connected(t)
	w.Crash(1)
	w.Reset(1, 0)
	w.drain()
	assert.Equal(t, []string{"40ms 0 closed 2 reset=true"}, w.take())

	w.Start(1)
	w.connected(t)
	w.NoReset(0, 1, true)
	w.Reset(0, 1)
	w.drain()
	assert.Equal(t, []string{"70ms 0 closed 4 reset=true"}, w.take(), "the other end is half-open now")
	w.check(t)
}
