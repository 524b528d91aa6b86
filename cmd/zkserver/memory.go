package main

import (
	"os"
	"runtime"
	"runtime/debug"
	rtmetrics "runtime/metrics"
)

// How much may be allocated before the next collection: so many bytes, as long
// as little lives, and a part of what lives when that is more. A tree that fills
// the memory must not double it for garbage, while a small one must not be
// looked through all the time.
const (
	garbageBytes   = 64 << 20
	percentLeast   = 30
	percentMost    = 400
	liveHeapMetric = "/gc/heap/live:bytes"
)

// tuneMemory keeps to these from now on, unless the environment says what is
// wanted.
func tuneMemory() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		(&tuner{sample: []rtmetrics.Sample{{Name: liveHeapMetric}}}).tune()
	}
}

// tuner sets the percentage after each collection.
type tuner struct {
	sample  []rtmetrics.Sample
	percent int // as set last
}

// beacon is collected at the next collection; it has a pointer, and a size, so
// that it is no part of another object.
type beacon struct {
	_ *byte
	_ [64]byte
}

func (t *tuner) tune() {
	rtmetrics.Read(t.sample)
	// A stop of the world for a change that nobody notices is not worth it.
	if p := percentFor(t.sample[0].Value.Uint64()); p > t.percent+t.percent/16 || p < t.percent-t.percent/16 {
		debug.SetGCPercent(p)
		t.percent = p
	}
	runtime.AddCleanup(&beacon{}, (*tuner).tune, t)
}

// percentFor is the percentage for a heap of which so many bytes live.
func percentFor(live uint64) int {
	if live == 0 {
		return percentMost
	}
	return int(min(max(garbageBytes*100/live, percentLeast), percentMost))
}

// recoveredLarge is a start after which the memory that it needed is given back
// at once: the system would get it in minutes only.
const recoveredLarge = 64 << 20

// releaseMemory gives back what a start has left behind. It takes a collection,
// so the server runs meanwhile.
func releaseMemory() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapSys > recoveredLarge {
		go debug.FreeOSMemory()
	}
}
