package engine

import (
	"time"

	"github.com/zksim/zksim/node"
)

// arm sets a timer anew, or cancels it.
func (s *server) arm(t *node.Timer) {
	i := s.timerPlace(t.ID)
	if t.Max == 0 {
		s.timers[i].cancel()
		return
	}
	delay := t.Min
	if t.Max > t.Min {
		delay = s.timerDelays[t.ID.Kind].Duration(t.Min, t.Max)
	}
	if s.timers[i].set(s.clock.when(s.clock.now(s.now()) + delay)) {
		s.awake(i)
	}
}

// timerPlace finds the place of a timer, or a free one for it.
func (s *server) timerPlace(id node.TimerID) int {
	free := -1
	for i := range s.timers {
		if s.timers[i].id == id {
			return i
		}
		if free < 0 && s.timers[i].free() {
			free = i
		}
	}
	if free < 0 {
		free = len(s.timers)
		s.timers = append(s.timers, timer{})
	}
	s.timers[free].id = id
	return free
}

func (s *server) awake(i int) {
	t := &s.timers[i]
	s.after(t.wake-s.now(), serverTimer, uint8(t.id.Kind), int64(i)<<32|int64(t.gen))
}

// ring is the event of a timer: it may have been put off meanwhile.
func (s *server) ring(i int, gen uint32) {
	t := &s.timers[i]
	rings, again := t.woken(gen, s.now())
	if again {
		s.awake(i)
	}
	if rings {
		s.input(node.EventTimer).Timer = t.id
		s.step()
	}
}

// ticks gives a span in whole ticks of the ensemble.
func (c *cluster) ticks(n int) time.Duration { return time.Duration(n) * c.drawn.tick }
