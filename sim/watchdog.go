package sim

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// watchInterval is how often the watchdog looks, in real time. Its findings end a
// test that would hang; no verdict hangs on them.
const watchInterval = time.Second / 2

// What the watchdog bears, in looks.
const (
	blockedLooks = 3   // code that waits outside of the simulation
	busyLooks    = 120 // code that runs without coming back
)

// watchdog sees code of a client that does not come back to the simulation: it
// waits for something that the simulation does not know, or runs for ever.
type watchdog struct {
	name   atomic.Pointer[string] // of the client at work
	visits atomic.Uint64

	last  uint64
	looks int // in which the same code was at work
}

func (w *watchdog) enter(name string) {
	w.visits.Add(1)
	w.name.Store(&name)
}

func (w *watchdog) leave() { w.name.Store(nil) }

// look returns an error if the code at work has not come back for too long.
func (w *watchdog) look() error {
	name, visits := w.name.Load(), w.visits.Load()
	if name == nil || visits != w.last {
		w.last, w.looks = visits, 0
		return nil
	}
	w.looks++
	if w.looks < blockedLooks {
		return nil
	}
	number, state, line := blockedCode(stacks())
	switch {
	case state != "":
		lost.Store(number, true)
		return lostf("the code of client %s waits outside of the simulation (%s) at %s: it has one thread, "+
			"so nothing can come of that. Wait with client.Await, client.AwaitAny or client.Sleep, and share state without channels and locks", *name, state, line)
	case w.looks >= busyLooks:
		lost.Store(number, true)
		return lostf("the code of client %s has run for %v without calling the service, at %s: a loop that never ends?",
			*name, busyLooks*watchInterval, line)
	}
	return nil
}

// ErrLost is the kind of the error of a run in which code of a client did not come
// back to the simulation: no other run of the process should be trusted.
var ErrLost = errors.New("sim: code of a client is lost")

// lostError is such an error, in words.
type lostError string

// Error gives the words.
func (e lostError) Error() string { return string(e) }

// Is says of which kind it is.
func (lostError) Is(kind error) bool { return kind == ErrLost }

func lostf(format string, args ...any) error { return lostError(fmt.Sprintf(format, args...)) }

func stacks() string {
	for size := 1 << 20; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size || size >= 64<<20 {
			return string(buf[:n])
		}
	}
}

// coroutineFrame is on the stack of every coroutine of a client.
const coroutineFrame = "sim/engine.(*thread).run("

// blockedCode finds the coroutine that is at work in a dump of all stacks, and
// tells what it waits for, empty if it runs, and the line of its code.
// Code that an earlier run has lost may still wait: that is passed over.
func blockedCode(dump string) (number, state, line string) {
	for stack := range strings.SplitSeq(dump, "\n\n") {
		head, frames, _ := strings.Cut(stack, "\n")
		if !strings.Contains(frames, coroutineFrame) {
			continue
		}
		number, state := goroutine(head)
		if _, gone := lost.Load(number); gone || state == "coroutine" {
			continue
		}
		if !waits(state) {
			state = ""
		}
		return number, state, codeLine(frames)
	}
	return "", "", "an unknown line"
}

// lost are the goroutines of code that did not come back.
var lost sync.Map

// goroutine reads the line above a stack: "goroutine 7 [chan receive, 2 minutes]:".
func goroutine(head string) (number, state string) {
	number, after, _ := strings.Cut(strings.TrimPrefix(head, "goroutine "), " ")
	state, _, _ = strings.Cut(strings.Trim(after, "[]:"), ",")
	return number, state
}

// waits reports whether a goroutine in this state waits for another one, or for
// time to pass.
func waits(state string) bool {
	return slices.ContainsFunc([]string{"chan ", "select", "sync.", "semacquire", "sleep"},
		func(prefix string) bool { return strings.HasPrefix(state, prefix) })
}

// codeLine is the first line on a stack that is not of the runtime or the
// standard library's waiting.
func codeLine(frames string) string {
	lines := strings.Split(frames, "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		f := lines[i]
		if strings.HasPrefix(f, "runtime.") || strings.HasPrefix(f, "sync.") || strings.HasPrefix(f, "internal/") || strings.HasPrefix(f, "time.") {
			continue
		}
		where, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " ")
		return where[strings.LastIndexByte(where, '/')+1:]
	}
	return "an unknown line"
}
