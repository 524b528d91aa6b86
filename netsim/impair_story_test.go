package netsim

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

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
