package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// measure runs the seeds one after another and prints the median wall time of a
// run and the memory that the process took from the system. The first run,
// which warms up, is not counted when there are several.
func measure(o *options, stdout, stderr io.Writer, simulate simulation) (bool, error) {
	var walls []time.Duration
	events := uint64(0)
	allOK := true
	for _, seed := range o.seeds {
		cfg := o.cfg
		cfg.Seed = seed
		started := time.Now()
		rep, err := simulate(cfg)
		if err != nil {
			return false, err
		}
		walls = append(walls, time.Since(started))
		events += rep.Counts.Events
		if rep.Verdict != "ok" {
			complain(stderr, rep)
			allOK = false
		}
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	_, err := fmt.Fprintf(stdout, "median_us %d\nevents %d\nmemory_mib %d\n",
		median(walls).Microseconds(), events/uint64(len(o.seeds)), mem.Sys>>20)
	return allOK, err
}

// median of the times after the first, or of the only one.
func median(walls []time.Duration) time.Duration {
	if len(walls) > 1 {
		walls = walls[1:]
	}
	return slices.Sorted(slices.Values(walls))[len(walls)/2]
}
