package engine

import (
	"time"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/fault"
)

// A leader that dies alone, with no other fault around it for so many ticks,
// has a successor in time.
const (
	failoverQuiet = 15
	failoverTicks = syncLimit + 3
)

// takeDown ends processes. What holds a server down is noted: it starts again
// when the last of them is undone, or when a statement says so.
func (f *faults) takeDown(e *effect) {
	for _, s := range e.servers {
		f.c.ending(s, e.st.Action)
		s.downs.put(e.id, struct{}{})
		switch e.st.Action {
		case fault.ActionCrash:
			f.c.counts.Crashes++
			s.crash(e.power())
		case fault.ActionKill:
			f.c.counts.Kills++
			s.kill()
		default:
			f.c.counts.Stops++
			s.stop()
		}
	}
}

func (f *faults) undoTakeDown(e *effect) {
	for _, s := range e.servers {
		if s.downs.drop(e.id) && !s.downs.any() {
			s.start(0)
		}
	}
}

func (f *faults) bringUp(e *effect) {
	for _, s := range e.servers {
		s.downs.clear()
		s.start(0)
	}
}

// power is what a crash leaves; without a word, all that was not synced is lost,
// or a drawn part of it.
func (e *effect) power() disksim.Power {
	switch e.st.Power {
	case fault.PowerLoseUnsynced:
		return disksim.LoseUnsynced
	case fault.PowerKeepAll:
		return disksim.KeepAll
	case fault.PowerSubset:
		return disksim.Subset
	}
	if e.draws.Chance(1, 2) {
		e.leaves(fault.PowerSubset)
		return disksim.Subset
	}
	e.leaves(fault.PowerLoseUnsynced)
	return disksim.LoseUnsynced
}

// leaves notes the word for what was drawn; no word is both.
func (e *effect) leaves(p fault.Power) {
	if len(e.servers) == 1 {
		e.left = p
	}
}

// joining reports whether a server is on its way into an epoch.
func (v *view) joining() bool {
	return v.phase == node.PhaseDiscovery || v.phase == node.PhaseSynchronization
}

// stop ends the process cleanly: what it has asked its disk for is still done,
// unless the disk is in trouble, and its streams close.
func (s *server) stop() {
	if t := s.c.trace; t != nil {
		t.ending(s, "stopped")
	}
	for i := range s.lanes {
		for l := &s.lanes[i]; !l.empty() && !s.diskFaults.any(); {
			w := l.pop()
			_, err := s.carryOutDisk(l, &w.Op)
			if t := s.c.trace; t != nil {
				t.diskDone(s, laneID(i), &w, err)
			}
			if err != nil {
				break
			}
		}
	}
	s.kill()
}

// expectFailover schedules a look at what comes of a leader's death, if nothing
// else disturbs the ensemble and a quorum is left that will hear of it in time.
func (f *faults) expectFailover(i int, e *effect) {
	if e.st.Action != fault.ActionCrash && e.st.Action != fault.ActionKill ||
		len(e.servers) != 1 || e.servers[0].seen.established == 0 || !f.quiet() || !f.c.quorumWithout(e.servers[0]) {
		return
	}
	f.reigns = f.c.leaders
	f.after(f.c.ticks(failoverTicks), faultFailover, int64(i), f.disturbances+1)
}

// quiet reports whether nothing is in effect but the absence of servers, and
// nothing has changed for a while.
func (f *faults) quiet() bool {
	for _, e := range f.effects {
		if a := e.st.Action; a != fault.ActionCrash && a != fault.ActionKill && a != fault.ActionStop {
			return false
		}
	}
	return f.disturbances == 0 || f.c.clock.Now()-f.lastDisturbed >= f.c.ticks(failoverQuiet)
}

func (f *faults) checkFailover(s *fault.Statement, disturbances int64) {
	if f.disturbances == disturbances && f.c.leaders == f.reigns {
		f.c.violate(proto.Progress, 0, "failover", "%v after %q no other leader is established", f.c.ticks(failoverTicks), s.String())
	}
}

// quorumWithout reports whether the running servers but one are a majority. One
// that follows and does not serve yet is not counted: the leader may have died
// without a word while it brought that server up to date, which then waits for
// initLimit, longer than a failover may take.
func (c *cluster) quorumWithout(one *server) bool {
	running := 0
	for _, s := range c.servers {
		if s != one && s.state == processUp && (s.seen.role != node.RoleFollowing || s.seen.serving) {
			running++
		}
	}
	return 2*running > len(c.servers)
}

// A supervisor starts a process again that has ended by itself. One that ends
// soon after its start, as it does while its disk fails, has to wait longer each
// time, up to a bound.
const (
	backOffMax  = 3                // doublings
	backOffLife = 10 * time.Second // a process that lives so long has come up well
)

// restartDelay gives how long the supervisor waits.
func (s *server) restartDelay() time.Duration {
	if s.now()-s.booted > backOffLife {
		s.failures = 0
	}
	delay := s.bootDelays.Duration(s.c.drawn.restartMin, s.c.drawn.restartMax) << min(s.failures, backOffMax)
	s.failures++
	return delay
}
