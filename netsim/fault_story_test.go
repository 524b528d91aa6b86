package netsim

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/vtime"
)

// In these stories a link takes 10 ms each way, so that the first timeout of
// data comes after 220 ms; a connection of connected stands at 30 ms.

// at runs everything up to an instant and stops the clock there.
func (w *world) at(instant time.Duration) {
	w.sleep(instant - w.clock.Now())
	if w.clock.Now() != instant {
		panic("the clock is elsewhere")
	}
}

func TestACutEndsAtTheNextRetransmission(t *testing.T) {
	// Sent again 220 ms · (2^k - 1) after 30 ms: at 0.25, 0.69, 1.57, 3.33, 6.85, 13.89 s.
	for _, c := range []struct{ healed, arrives time.Duration }{
		{40 * time.Millisecond, 260 * time.Millisecond},
		{250 * time.Millisecond, 260 * time.Millisecond}, // at the very instant
		{251 * time.Millisecond, 700 * time.Millisecond},
		{1500 * time.Millisecond, 1580 * time.Millisecond},
		{5030 * time.Millisecond, 6860 * time.Millisecond},
		{6851 * time.Millisecond, 13900 * time.Millisecond},
		{300 * time.Second, 345100 * time.Millisecond}, // steps of 120 s by now
	} {
		w := newWorld(1, 2)
		d, a := w.connected(t)
		w.Blackhole(0, 1, true)
		w.Write(d, []byte("x"))
		w.at(c.healed)
		assert.Empty(t, w.take())
		w.Blackhole(0, 1, false)
		assert.Equal(t, c.arrives-link-c.healed, w.LongestBackoff())
		w.drain()
		assert.Equal(t, []string{c.arrives.String() + " 1 readable 3"}, w.take(), "healed at %v", c.healed)
		assert.Equal(t, "x", string(w.Read(a, 9)))
		assert.Zero(t, w.LongestBackoff())
		w.check(t)
	}
}

func TestACutCostsNoEventsWhileItLasts(t *testing.T) {
	w := newWorld(1, 2)
	d, _ := w.connected(t)
	w.Blackhole(0, 1, true)
	for range 100 {
		w.Write(d, []byte("x"))
	}
	assert.Zero(t, w.clock.Len())
}

func TestTheBacklogOfACutFollowsOneRoundTripLater(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Blackhole(0, 1, true)
	for i := range 30 {
		w.Write(d, []byte{byte(i)})
		w.sleep(100 * time.Millisecond)
	}
	w.at(3200 * time.Millisecond)
	w.Blackhole(0, 1, false)
	w.run(3330 * time.Millisecond)
	w.Write(d, []byte{30}) // a timeout ago: nothing new leaves before an answer is back
	w.at(3340 * time.Millisecond)
	assert.Equal(t, []string{"3.34s 1 readable 3"}, w.take())
	assert.Equal(t, []byte{0}, w.readAll(a, 99))
	w.drain()
	assert.Equal(t, []string{"3.36s 1 readable 3"}, w.take())
	assert.Len(t, w.readAll(a, 99), 30)
	w.check(t)
}

func TestWhatIsInFlightSurvivesACut(t *testing.T) {
	w := newWorld(1, 2)
	d, _ := w.connected(t)
	w.Write(d, []byte("x"))
	w.Blackhole(0, 1, true)
	w.drain()
	assert.Equal(t, []string{"40ms 1 readable 3"}, w.take())
}

func TestACutIsOneWay(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Blackhole(0, 1, true)
	w.Write(d, []byte("x"))
	w.Write(a, []byte("y"))
	w.drain()
	assert.Equal(t, []string{"40ms 0 readable 2"}, w.take())
}

func TestAGapIsRepairedSoonerWhenALaterPacketArrives(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Blackhole(0, 1, true)
	w.Write(d, []byte("a"))
	w.Blackhole(0, 1, false)
	w.Write(d, []byte("b"))
	w.at(32 * time.Millisecond)
	w.Write(d, []byte("c"))
	w.drain()
	// Sent at 30 ms, taken for lost 1¼ round trips later.
	assert.Equal(t, []string{"65ms 1 readable 3"}, w.take())
	assert.Equal(t, "abc", string(w.readAll(a, 9)))

	w.at(time.Second)
	w.Blackhole(0, 1, true)
	w.Write(d, []byte("d"))
	w.Blackhole(0, 1, false)
	w.at(1100 * time.Millisecond)
	w.Write(d, []byte("e"))
	w.drain()
	// The answer to e is back at 1.12 s.
	assert.Equal(t, []string{"1.13s 1 readable 3"}, w.take())

	w.Read(a, 9)
	w.at(2 * time.Second)
	w.Blackhole(0, 1, true)
	w.Write(d, []byte("f"))
	w.Blackhole(0, 1, false)
	w.Blackhole(1, 0, true) // no answer: the timer it is
	w.Write(d, []byte("g"))
	w.drain()
	assert.Equal(t, []string{"2.23s 1 readable 3"}, w.take())
}

func TestALossAfterAnAnswerBeginsTheBackOffAnew(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Blackhole(0, 1, true)
	w.Write(d, []byte("a"))
	w.Write(d, []byte("b"))
	w.at(600 * time.Millisecond)
	w.Blackhole(0, 1, false)
	w.at(695 * time.Millisecond) // a is sent again at 690 ms and answered at 710 ms
	w.Blackhole(0, 1, true)
	w.at(800 * time.Millisecond)
	assert.Equal(t, []string{"700ms 1 readable 3"}, w.take())
	assert.Equal(t, "a", string(w.Read(a, 9)))
	w.Blackhole(0, 1, false) // b was lost again at 710 ms
	w.drain()
	assert.Equal(t, []string{"940ms 1 readable 3"}, w.take())
	w.check(t)
}

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

func TestAFinIsRepeatedAndAResetIsNot(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Blackhole(0, 1, true)
	w.Write(d, []byte("last"))
	w.Close(d)
	w.at(400 * time.Millisecond)
	w.Blackhole(0, 1, false)
	w.drain()
	assert.Equal(t, []string{"700ms 1 readable 3"}, w.take())
	assert.Equal(t, "last", string(w.Read(a, 9)))
	w.drain()
	assert.Equal(t, []string{"720ms 1 closed 3 reset=false"}, w.take())
	assert.Nil(t, w.streams[1])

	d, a = w.connected(t)
	w.Write(a, []byte("never read"))
	w.drain()
	w.take()
	w.Blackhole(0, 1, true)
	w.Close(d)
	w.Blackhole(0, 1, false)
	w.drain()
	assert.Empty(t, w.take(), "half-open")
	w.Write(a, []byte("?"))
	w.drain()
	assert.Equal(t, []string{"780ms 1 closed 5 reset=true"}, w.take())
	w.check(t)
}

func TestAResetOvertakesWhatIsMissing(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.Write(a, []byte("never read"))
	w.drain()
	w.take()
	w.Blackhole(0, 1, true)
	w.Write(d, []byte("lost"))
	w.Blackhole(0, 1, false)
	w.Close(d)
	w.drain()
	assert.Equal(t, []string{"50ms 1 closed 3 reset=true"}, w.take())
	w.check(t)
}

func TestWhoeverCrashesRepeatsNothing(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		w := newWorld(1, 2)
		d, a := w.connected(t)
		w.Blackhole(0, 1, true)
		w.Write(d, []byte("lost"))
		w.Crash(0)
		if restarted {
			w.Start(0)
		}
		w.at(300 * time.Millisecond)
		assert.Zero(t, w.LongestBackoff())
		w.Blackhole(0, 1, false)
		w.drain()
		assert.Empty(t, w.take())
		assert.Equal(t, HostID(0), w.Peer(a), "half-open")
	}
}

func TestARestartDuringACutIsFoundOutByTheFirstRetransmission(t *testing.T) {
	w := newWorld(1, 2)
	d, _ := w.connected(t)
	w.Blackhole(0, 1, true)
	w.Write(d, []byte("x"))
	w.Crash(1)
	w.Start(1)
	w.at(300 * time.Millisecond)
	w.Blackhole(0, 1, false)
	w.drain()
	assert.Equal(t, []string{"710ms 0 closed 2 reset=true"}, w.take())
}

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

func TestOnAndOffAreCounted(t *testing.T) {
	w := newWorld(1, 2)
	p := w.path(0, 1)
	for name, set := range map[string]func(bool){
		"cut":     func(on bool) { w.Blackhole(0, 1, on) },
		"refuse":  func(on bool) { w.Refuse(0, 1, on) },
		"noreset": func(on bool) { w.NoReset(0, 1, on) },
		"clog":    func(on bool) { w.Clog(0, 1, on) },
	} {
		counts := func() [4]int { return [4]int{p.cuts, p.refusals, p.noResets, p.clogs} }
		set(false)
		assert.Equal(t, [4]int{}, counts(), "%s: the end of nothing", name)
		set(true)
		set(true)
		set(false)
		assert.NotEqual(t, [4]int{}, counts(), name)
		set(false)
		assert.Equal(t, [4]int{}, counts(), name)
		assert.False(t, p.faulty)
		set(true)
		w.Clear(0, 1)
		assert.Equal(t, [4]int{}, counts(), name)
		set(true)
		w.Heal()
		assert.Equal(t, [4]int{}, counts(), name)
		assert.False(t, p.faulty)
		assert.Zero(t, w.stalled)
	}
}

func TestDelayAndJitterAreAddedEachWay(t *testing.T) {
	w := newWorld(1, 2)
	d, a := w.connected(t)
	w.SetNetem(0, 1, Netem{Delay: 90 * time.Millisecond})
	w.Write(d, []byte("x"))
	w.Write(a, []byte("y"))
	w.drain()
	assert.Equal(t, []string{"40ms 0 readable 2", "130ms 1 readable 3"}, w.take())

	lo, hi := time.Hour, time.Duration(0)
	w.SetNetem(0, 1, Netem{Delay: 50 * time.Millisecond, Jitter: 100 * time.Millisecond})
	for range 2000 {
		w.readAll(a, 9)
		sent := w.clock.Now()
		w.Write(d, []byte("x"))
		w.drain()
		took := w.clock.Now() - sent - link
		lo, hi = min(lo, took), max(hi, took)
	}
	assert.Zero(t, lo, "below 0 counts as 0")
	assert.Greater(t, hi, 149*time.Millisecond)
	assert.LessOrEqual(t, hi, 150*time.Millisecond)
}

func TestTotalLossIsACut(t *testing.T) {
	w := newWorld(1, 2)
	d, _ := w.connected(t)
	w.SetNetem(0, 1, Netem{Loss: math.MaxUint32})
	w.Write(d, []byte("x"))
	w.drain()
	assert.Empty(t, w.take())
	w.at(time.Second)
	w.SetNetem(0, 1, Netem{})
	w.drain()
	assert.Equal(t, []string{"1.58s 1 readable 3"}, w.take())
}

func TestLongestBackoffIsOfTheHostsAskedFor(t *testing.T) {
	w := newWorld(1, 3)
	w.Listen(1, 1)
	w.Blackhole(0, 1, true)
	w.Dial(0, 1, 1)
	w.at(3500 * time.Millisecond)
	assert.Equal(t, 3500*time.Millisecond, w.LongestBackoff())
	assert.Equal(t, 3500*time.Millisecond, w.LongestBackoff(0, 1))
	assert.Zero(t, w.LongestBackoff(0, 2))
}

func TestMisuseOfFaultsSaysWhatIsWrong(t *testing.T) {
	w := newWorld(1, 2)
	assert.PanicsWithValue(t, "netsim: impairment with a delay of -1ns ± 0s", func() { w.SetNetem(0, 1, Netem{Delay: -1}) })
	assert.PanicsWithValue(t, "netsim: impairment with a delay of 0s ± -1ns", func() { w.SetNetem(0, 1, Netem{Jitter: -1}) })
	assert.PanicsWithValue(t, "netsim: a send buffer of -1 bytes", func() { w.SetSndbuf(0, 1, -1) })
}
