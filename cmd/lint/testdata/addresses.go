// Package sim stands for simulated code.
//
// as: sim/engine
package sim

import "fmt"

func name(x *int) string { return fmt.Sprintf("%p", x) } // want address

var _ = name
