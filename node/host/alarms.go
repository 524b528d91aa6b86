package host

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"github.com/zksim/zksim/node"
)

// alarm is a timer of the core. It may be put off without being moved: then it
// rings once at its old instant, and nothing comes of it.
type alarm struct {
	id     node.TimerID
	at     time.Duration // when it is due; 0: cancelled
	queued time.Duration // where it stands in the queue
	place  int
}

// alarms are the timers of the core, by id and by instant.
type alarms struct {
	byID  map[node.TimerID]*alarm
	queue alarmQueue
}

func newAlarms() alarms { return alarms{byID: map[node.TimerID]*alarm{}} }

// set sets a timer anew, or cancels it.
func (a *alarms) set(t *node.Timer, now time.Duration) {
	al := a.byID[t.ID]
	if t.Max == 0 {
		if al != nil {
			al.at = 0
		}
		return
	}
	at := now + between(t.Min, t.Max)
	if al == nil {
		al = &alarm{id: t.ID, at: at, queued: at}
		a.byID[t.ID] = al
		heap.Push(&a.queue, al)
		return
	}
	al.at = at
	if at < al.queued {
		al.queued = at
		heap.Fix(&a.queue, al.place)
	}
}

// between draws a span; spreading servers apart is all that it is for.
func between(lo, hi time.Duration) time.Duration {
	if hi <= lo {
		return lo
	}
	return lo + rand.N(hi-lo+1)
}

// due takes one timer that rings at now or before.
func (a *alarms) due(now time.Duration) (node.TimerID, bool) {
	for len(a.queue) > 0 && a.queue[0].queued <= now {
		al := a.queue[0]
		switch {
		case al.at > now:
			al.queued = al.at
			heap.Fix(&a.queue, 0)
			continue
		case al.at == 0:
			a.drop(al)
			continue
		}
		a.drop(al)
		return al.id, true
	}
	return node.TimerID{}, false
}

func (a *alarms) drop(al *alarm) {
	heap.Pop(&a.queue)
	delete(a.byID, al.id)
}

// next is the instant at which the queue should be looked at again.
func (a *alarms) next() (time.Duration, bool) {
	if len(a.queue) == 0 {
		return 0, false
	}
	return a.queue[0].queued, true
}

// alarmQueue is a container/heap by instant.
type alarmQueue []*alarm

// Len is part of heap.Interface.
func (q alarmQueue) Len() int { return len(q) }

// Less is part of heap.Interface.
func (q alarmQueue) Less(i, j int) bool { return q[i].queued < q[j].queued }

// Swap is part of heap.Interface.
func (q alarmQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push is part of heap.Interface.
func (q *alarmQueue) Push(x any) {
	al := x.(*alarm)
	al.place = len(*q)
	*q = append(*q, al)
}

// Pop is part of heap.Interface.
func (q *alarmQueue) Pop() any {
	old := *q
	al := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return al
}
