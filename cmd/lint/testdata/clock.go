// Package sim stands for simulated code.
//
// as: sim/engine
package sim

import (
	"time"
	. "time"
)

func wait(at time.Time) string {
	start := time.Now()          // want clock
	time.Sleep(time.Millisecond) // want clock
	_ = time.Since(start)        // want clock
	_ = time.Until(start)        // want clock
	f := time.AfterFunc          // want clock
	_ = f
	_ = Now()                                                    // want clock
	_ = time.NewTimer(1)                                         // want clock
	_ = at.After(start)                                          // the method compares two instants
	_ = time.Unix(1, 0)                                          // want clock
	return at.In(time.Local).Format(time.RFC3339) + UTC.String() // want clock
}

var _ = wait
