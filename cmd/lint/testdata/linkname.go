// Package disksim stands for simulated code.
//
// as: disksim
package disksim

import _ "unsafe" // want import

//go:linkname nanotime runtime.nanotime // want linkname
func nanotime() int64

var _ = nanotime
