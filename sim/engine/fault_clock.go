package engine

import (
	"time"

	"github.com/zksim/zksim/sim/fault"
)

// clockFaults is what is wrong with the clocks of a server.
type clockFaults struct {
	offsets layers[time.Duration] // the latest counts
	steps   layers[time.Duration] // they add up
	drifts  layers[int64]         // the latest counts
}

// disturbClock makes clocks of servers go wrong.
func (f *faults) disturbClock(e *effect) {
	if e.st.Clock.Kind == fault.ClockStrobe {
		f.turn(e)
		return
	}
	for _, s := range e.servers {
		switch e.st.Clock.Kind {
		case fault.ClockOffset:
			s.clockFaults.offsets.put(e.id, e.st.Clock.By)
		case fault.ClockStep:
			s.clockFaults.steps.put(e.id, e.st.Clock.By)
		case fault.ClockDrift:
			s.clockFaults.drifts.put(e.id, e.st.Clock.PPM)
		case fault.ClockReset:
			s.clockFaults.clear()
		}
		s.setClock()
	}
}

// strobe has the wall clock jump forth and back.
func (f *faults) strobe(e *effect) {
	for _, s := range e.servers {
		if e.turns%2 == 0 {
			s.clockFaults.steps.put(e.id, e.st.Clock.By)
		} else {
			s.clockFaults.steps.drop(e.id)
		}
		s.setClock()
	}
	f.after(e.st.Clock.Period, faultTurns, int64(e.id), 0)
}

func (f *faults) undoClock(e *effect) {
	for _, s := range e.servers {
		s.clockFaults.drop(e.id)
		s.setClock()
	}
}

func (c *clockFaults) drop(id effectID) {
	c.offsets.drop(id)
	c.steps.drop(id)
	c.drifts.drop(id)
}

func (c *clockFaults) clear() {
	c.offsets.clear()
	c.steps.clear()
	c.drifts.clear()
}

// setClock makes the clocks of a server what the faults in effect say.
func (s *server) setClock() {
	offset, _ := s.clockFaults.offsets.top()
	for _, step := range s.clockFaults.steps.list {
		offset += step.value
	}
	s.clock.offset = offset
	if drift, _ := s.clockFaults.drifts.top(); drift != s.clock.drift {
		s.setDrift(drift)
	}
}
