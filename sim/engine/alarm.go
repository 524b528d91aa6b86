package engine

import "time"

// alarm is one timer that is often set anew before it is due. It keeps at most
// one event of interest on the queue: setting it later leaves that event alone,
// which then finds out that it came too early and is scheduled again.
type alarm struct {
	due  time.Duration // when it is to ring; 0 is not at all
	wake time.Duration // when its event comes; 0 is none
	gen  uint32        // of that event; earlier ones are stale
}

// set makes the alarm ring at the instant due, which is not in the past. It
// reports whether an event of the present generation must be scheduled for due.
func (a *alarm) set(due time.Duration) bool {
	a.due = max(due, 1)
	if a.wake != 0 && a.wake <= a.due {
		return false
	}
	return a.wait()
}

func (a *alarm) wait() bool {
	a.gen++
	a.wake = a.due
	return true
}

func (a *alarm) cancel() { a.due = 0 }

// free reports whether the alarm neither rings nor has an event on the queue.
func (a *alarm) free() bool { return a.due == 0 && a.wake == 0 }

// woken handles an event: does the alarm ring, or must another event be
// scheduled for due? An event of an older generation does neither.
func (a *alarm) woken(gen uint32, now time.Duration) (rings, again bool) {
	if gen != a.gen || a.wake == 0 {
		return false, false
	}
	a.wake = 0
	switch {
	case a.due == 0:
		return false, false
	case now < a.due:
		return false, a.wait()
	}
	a.due = 0
	return true, false
}
