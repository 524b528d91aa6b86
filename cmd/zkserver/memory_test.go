package main

import (
	"runtime"
	"runtime/debug"
	rtmetrics "runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func runtimePercent() int {
	sample := []rtmetrics.Sample{{Name: "/gc/gogc:percent"}}
	rtmetrics.Read(sample)
	return int(sample[0].Value.Uint64())
}

func TestPercentFor(t *testing.T) {
	assert.Equal(t, percentMost, percentFor(0))
	assert.Equal(t, percentMost, percentFor(1<<20))
	assert.Equal(t, 100, percentFor(garbageBytes))
	assert.Equal(t, 50, percentFor(2*garbageBytes))
	assert.Equal(t, percentLeast, percentFor(1<<40))
}

// The percentage follows what lives, collection by collection.
func TestMemoryIsTunedAgain(t *testing.T) {
	defer debug.SetGCPercent(100)
	tuneMemory()
	kept := make([]byte, 4*garbageBytes)
	for deadline := time.Now().Add(20 * time.Second); runtimePercent() > percentFor(4*garbageBytes); {
		if !assert.True(t, time.Now().Before(deadline), "the percentage stays at %d", runtimePercent()) {
			break
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	runtime.KeepAlive(kept)
}
