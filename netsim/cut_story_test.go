package netsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
	p := w.path(0, 1)
	assert.Len(t, p.asleep, 1)
	w.Heal()
	assert.Empty(t, p.asleep)
	assert.Equal(t, 1, w.clock.Len())
}

func TestRepairsAndProbesAreUsedAgain(t *testing.T) {
	w := newWorld(1, 2)
	for range 3 {
		d, a := w.connected(t)
		w.Write(a, []byte("acknowledged in vain"))
		w.drain()
		w.Blackhole(0, 1, true)
		w.Read(d, 99)
		w.Write(d, []byte("x"))
		w.Heal()
		w.Reset(0, 1)
		w.drain()
	}
	assert.Len(t, w.spare, 1)
	assert.Len(t, w.spareRepairs, 1)
	assert.Len(t, w.spareProbes, 1)
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
	w.Write(d, []byte{30}) // after a timeout nothing new leaves before an answer is back
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

func TestATimeoutForgetsWhatWasStillToBeHeard(t *testing.T) {
	w := newWorld(1, 2)
	d, _ := w.connected(t)
	w.Blackhole(0, 1, true)
	w.Write(d, []byte("a"))
	w.Blackhole(0, 1, false)
	assert.Equal(t, 220*time.Millisecond, w.LongestBackoff())
	w.at(240 * time.Millisecond)
	w.Write(d, []byte("b")) // answered at 260 ms
	assert.Equal(t, 10*time.Millisecond, w.LongestBackoff(), "the timer comes first")
	w.at(245 * time.Millisecond)
	w.Blackhole(0, 1, true)
	w.at(400 * time.Millisecond)
	w.Blackhole(0, 1, false)
	w.drain()
	assert.Equal(t, []string{"700ms 1 readable 3"}, w.take(), "the back-off goes on")
}

func TestATimerKeepsThePaceAtWhichItWasSet(t *testing.T) {
	w := newWorld(1, 2)
	w.SetRoom(10)
	d, a := w.connected(t)
	w.Write(d, make([]byte, 10))
	w.drain()
	w.Blackhole(1, 0, true)
	w.SetNetem(0, 1, Netem{Delay: time.Second})
	w.Read(a, 10)
	w.take()
	w.Blackhole(1, 0, false)
	w.at(100 * time.Millisecond) // runs out 1.22 s after 40 ms
	w.Heal()
	assert.Equal(t, 1160*time.Millisecond, w.LongestBackoff())
	w.at(1260 * time.Millisecond)
	assert.Zero(t, w.Room(d))
	w.drain()
	assert.Equal(t, 10, w.Room(d))

	w.at(2 * time.Second)
	w.Blackhole(1, 0, true)
	w.SetNetem(0, 1, Netem{Delay: time.Second})
	w.Write(a, []byte("x"))
	w.Blackhole(1, 0, false)
	w.at(2100 * time.Millisecond)
	w.Heal()
	assert.Equal(t, 1120*time.Millisecond, w.LongestBackoff())
	w.drain()
	assert.Equal(t, []string{"3.23s 0 readable 2"}, w.take())
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
	w.Write(d, []byte("forgotten"))
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
