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
	percentLeast   = 20
	percentMost    = 400
	liveHeapMetric = "/gc/heap/live:bytes"
)

// percentStarting counts while a history is read back: nearly everything that is
// allocated then lives on, and looking through it again and again would take
// longer than reading.
const percentStarting = 200

// isTuned reports whether the environment leaves the use of memory to us.
func isTuned() bool { return os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" }

// beginStart is for the time until endStart.
func beginStart() {
	if isTuned() {
		debug.SetGCPercent(percentStarting)
	}
}

// tuneMemory keeps to the bounds from now on, collection by collection.
func tuneMemory() {
	if isTuned() {
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

// startLarge is a start after which the memory that it needed is given back at
// once: the system would get it in minutes only.
const startLarge = 64 << 20

// endStart gives back what a start has left behind. That takes a collection, so
// the server runs meanwhile.
func endStart() {
	tuneMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapSys > startLarge {
		go debug.FreeOSMemory()
	}
}
