package engine

import (
	"fmt"
	"iter"
	"runtime"
	"strings"
	"time"

	"github.com/zksim/zksim/sim/vtime"
)

// thread is one coroutine of a client's code. It runs only while resume waits
// for it, so that one thing happens at a time.
type thread struct {
	p      *programClient
	number int
	next   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	alarm  alarm
	queued bool // among those that are to go on
	done   bool
}

// stopped unwinds a thread at the end of a run.
type stopped struct{}

// String says what it is, should somebody print it. It ends the process if it
// unwinds a goroutine that the code has started itself.
func (stopped) String() string {
	return "the run is over: code of clients ends here (where this ends the process, a goroutine has called the service: begin it with client.Go, not with go)"
}

func newThread(p *programClient, number int, main func()) *thread {
	t := &thread{p: p, number: number}
	t.next, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		t.run(main)
	})
	return t
}

// run is the thread from its first to its last step.
func (t *thread) run(main func()) {
	defer func() {
		t.done = true
		switch r := recover(); r.(type) {
		case nil, stopped:
		default:
			t.p.panicked(r, panicLine())
		}
	}()
	main()
}

// resume lets the thread go on until it waits again, or ends.
func (t *thread) resume() {
	if t.done {
		return
	}
	p, c := t.p, t.p.st.c
	p.at, c.inCode = t, p
	if f := c.cfg.Program.Enter; f != nil {
		f(p.name)
	}
	t.next()
	if f := c.cfg.Program.Leave; f != nil {
		f()
	}
	p.at, c.inCode = nil, nil
}

// end stops the thread wherever it is; one that has not begun never does.
func (t *thread) end() {
	if t.done {
		return
	}
	t.p.st.c.inCode = t.p
	t.stop()
	t.p.st.c.inCode = nil
	t.done = true
}

// Park is part of client.Thread.
func (t *thread) Park() {
	if t.p.st.c.programsOver || !t.yield(struct{}{}) {
		t.p.refuse()
	}
}

// Wake is part of client.Thread.
func (t *thread) Wake() {
	if t.queued || t.done {
		return
	}
	t.queued = true
	t.p.ready = append(t.p.ready, t)
	t.p.Soon()
}

// WakeAfter is part of client.Thread.
func (t *thread) WakeAfter(span time.Duration) {
	if span <= 0 {
		t.alarm.cancel()
	} else if t.alarm.set(t.p.Now() + span) {
		t.schedule()
	}
}

func (t *thread) schedule() {
	t.p.st.c.clock.Schedule(t.alarm.wake, vtime.Event{Class: classClient, Kind: clientThread, Host: int32(t.p.st.host),
		A: int64(t.number), B: int64(t.alarm.gen)})
}

// rings handles an event of the alarm.
func (t *thread) rings(gen uint32) {
	rings, again := t.alarm.woken(gen, t.p.Now())
	if again {
		t.schedule()
	}
	if rings {
		t.Wake()
	}
}

// panicLine names the line of a person's code that panicked: the first one above
// the runtime on the stack of the panic.
func panicLine() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	panicking := false
	for {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "runtime.gopanic"), strings.HasPrefix(f.Function, "runtime.panic"), strings.HasPrefix(f.Function, "runtime.goPanic"):
			panicking = true
		case panicking && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf("%s:%d (%s)", f.File[strings.LastIndexByte(f.File, '/')+1:], f.Line, f.Function[strings.LastIndexByte(f.Function, '/')+1:])
		}
		if !more {
			return "an unknown line"
		}
	}
}
