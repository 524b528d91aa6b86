package netsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestConnectionAttemptsAreRepeated(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to HostID
		cut      time.Duration
		healed   time.Duration
		want     []string
	}{
		{"syn", 0, 1, 0, 500 * time.Millisecond, []string{"1.02s 0 connected 2", "1.03s 1 accepted 3 at port 1 from 0"}},
		{"syn, later", 0, 1, 0, 1500 * time.Millisecond, []string{"3.02s 0 connected 2", "3.03s 1 accepted 3 at port 1 from 0"}},
		{"syn, much later", 0, 1, 0, 4 * time.Second, []string{"7.02s 0 connected 2", "7.03s 1 accepted 3 at port 1 from 0"}},
		{"syn-ack", 1, 0, 0, 2 * time.Second, []string{"3.02s 0 connected 2", "3.03s 1 accepted 3 at port 1 from 0"}},
		{"third", 0, 1, 15 * time.Millisecond, 30 * time.Millisecond, []string{"20ms 0 connected 2", "1.03s 1 accepted 3 at port 1 from 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(1, 2)
			w.Listen(1, 1)
			w.at(c.cut)
			if c.cut == 0 {
				w.Blackhole(c.from, c.to, true)
				w.Dial(0, 1, 1)
			} else {
				w = newWorld(1, 2)
				w.Listen(1, 1)
				w.Dial(0, 1, 1)
				w.at(c.cut)
				w.Blackhole(c.from, c.to, true)
			}
			w.at(c.healed)
			w.Blackhole(c.from, c.to, false)
			w.drain()
			assert.Equal(t, c.want, w.take())
			w.check(t)
		})
	}
}

func TestDataBehindALostThirdPacketEstablishesSooner(t *testing.T) {
	w := newWorld(1, 2)
	w.Listen(1, 1)
	d := w.Dial(0, 1, 1)
	w.at(15 * time.Millisecond)
	w.Blackhole(0, 1, true)
	w.at(25 * time.Millisecond)
	w.Blackhole(0, 1, false)
	w.at(30 * time.Millisecond)
	w.Write(d, []byte("x"))
	w.drain()
	assert.Equal(t, []string{"20ms 0 connected 2", "60ms 1 accepted 3 at port 1 from 0", "60ms 1 readable 3"}, w.take())
}

func TestADiallerThatGivesUpInACutLeavesNothing(t *testing.T) {
	w := newWorld(1, 2)
	w.Blackhole(0, 1, true)
	d := w.Dial(0, 1, 1)
	w.at(2 * time.Second)
	w.Close(d)
	assert.Len(t, w.spareRepairs, 1)
	assert.Zero(t, w.LongestBackoff())
	w.Blackhole(0, 1, false)
	w.drain()
	assert.Empty(t, w.take())
	assert.Nil(t, w.streams[1])
}

func TestALostRefusalIsAskedForAgain(t *testing.T) {
	w := newWorld(1, 2)
	w.Blackhole(1, 0, true)
	w.Dial(0, 1, 1)
	w.at(500 * time.Millisecond)
	w.Blackhole(1, 0, false)
	w.drain()
	assert.Equal(t, []string{"1.03s 0 refused 2"}, w.take())

	w.NoReset(1, 0, true)
	w.Dial(0, 1, 1)
	w.at(1500 * time.Millisecond)
	w.Listen(1, 1) // the repeated SYN finds somebody
	w.drain()
	assert.Equal(t, []string{"2.06s 0 connected 4", "2.07s 1 accepted 5 at port 1 from 0"}, w.take())
	w.check(t)
}

func TestTwoAnswersConnectOnce(t *testing.T) {
	w := newWorld(1, 2)
	w.SetDefaultLink(Link{})
	w.Listen(1, 1)
	w.Dial(0, 1, 1)
	w.step()
	w.NoReset(1, 0, true)
	w.Unlisten(1, 1) // the answer is in flight, at instant 0
	w.Listen(1, 1)
	w.drain()
	assert.Equal(t, []string{"0s 0 connected 2", "0s 1 accepted 3 at port 1 from 0"}, w.take())
	w.check(t)
}

func TestRefuseMeansNewConnections(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Refuse(0, 1, true)
	w.Dial(0, 1, 1)
	w.Write(d, []byte("x"))
	w.drain()
	assert.Equal(t, []string{"40ms 1 readable 3", "50ms 0 refused 4"}, w.take())
	assert.Equal(t, "x", string(w.Read(a, 1)))
	w.Refuse(0, 1, false)
	w.Dial(0, 1, 1)
	w.drain()
	assert.Len(t, w.take(), 2)
}

func TestMaxConnCountsPendingAndAcceptedStreamsOfAPort(t *testing.T) {
	w := newWorld(1, 2)
	w.Listen(1, 1)
	w.Listen(1, 2)
	w.MaxConn(1, 1, 2)
	w.MaxConn(1, 2, 0)
	w.MaxConn(1, 2, -1)
	first := w.Dial(0, 1, 1)
	for range 2 {
		w.Dial(0, 1, 1)
		w.Dial(0, 1, 2)
	}
	w.drain()
	assert.Equal(t, []string{
		"20ms 0 connected 2", "20ms 0 connected 4", "20ms 0 connected 6", "20ms 0 refused 8", "20ms 0 connected 10",
	}, w.take()[:5])
	w.Close(first)
	w.drain()
	w.Dial(0, 1, 1)
	w.Dial(0, 1, 1)
	w.drain()
	assert.Equal(t, []string{"60ms 0 connected 12", "60ms 0 refused 14"}, w.take()[1:3])
	w.MaxConn(1, 1, 0)
	w.Dial(0, 1, 1)
	w.drain()
	assert.Equal(t, []string{"90ms 0 refused 16"}, w.take())
	w.Heal()
	w.Dial(0, 1, 1)
	w.drain()
	assert.Len(t, w.take(), 2)
}

// The acceptor's process dies between two SYNs of one dialler, and its reset is
// lost. What the dialler writes to the process that came after it must arrive.
func TestARepeatedSynFindsANewProcess(t *testing.T) {
	w := newWorld(1, 2)
	w.Listen(1, 1)
	w.Blackhole(1, 0, true)
	d := w.Dial(0, 1, 1)
	w.at(100 * time.Millisecond)
	w.Kill(1)
	w.Listen(1, 1)
	w.at(500 * time.Millisecond)
	w.Blackhole(1, 0, false)
	w.at(1125 * time.Millisecond)
	assert.Equal(t, 5, w.Write(d, []byte("hello")))
	w.drain()
	assert.Contains(t, w.take(), "1.13s 1 accepted 3 at port 1 from 0")
	assert.Equal(t, "hello", string(w.Read(d+1, 10)))
	w.check(t)
}
