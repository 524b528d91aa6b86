package engine

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// recovered makes a panic the verdict of the run: a violation that the core has
// found itself, or a defect, of which the function tells the place.
func (c *cluster) recovered() {
	r := recover()
	if r == nil {
		return
	}
	v, ok := r.(*proto.Violation)
	if !ok {
		v = found(proto.Panic, panicPlace(), "%s", panicText(r))
	}
	if c.stepping != nil {
		v.Server = c.stepping.id
	}
	c.violation = nil // a panic is the end, whatever was found in the same step
	c.blame(v)
}

// panicText is the panic's message without addresses, which differ from run to run.
func panicText(r any) string {
	if err, ok := r.(error); ok {
		return err.Error()
	}
	return fmt.Sprint(r)
}

// panicPlace names the function of ours that panicked: the first one above the
// runtime on the stack of the panic.
func panicPlace() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	panicking := false
	for {
		f, more := frames.Next()
		if f.Function == "runtime.gopanic" || f.Function == "runtime.panicmem" {
			panicking = true
		} else if panicking && !strings.HasPrefix(f.Function, "runtime.") {
			return f.Function[strings.LastIndexByte(f.Function, '/')+1:]
		}
		if !more {
			return "unknown"
		}
	}
}
