// Package linearizability stands for simulated code.
//
// as: linearizability
package linearizability

import (
	"math"
	"time"
)

type ratio float64 // want float

func third(d time.Duration) time.Duration {
	s := d.Seconds() / 3           // want float
	x := ratio(s)                  // want float
	_ = math.Sqrt(2)               // want float
	_ = complex(1, 2)              // want float
	const tick = 2e9               // want float
	return time.Duration(x) + tick // want float
}

var _ = third
