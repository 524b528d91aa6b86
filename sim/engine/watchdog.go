package engine

import (
	"fmt"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// watchdogTicks is how long an actor of a living process may stand still with
// work before it.
const watchdogTicks = 10

// watchdog looks once a tick whether every stage of every living process, and
// every lane of its disk, gets on with its work (ActorDeath).
type watchdog struct {
	next    time.Duration
	servers []kennel
}

// kennel is what is remembered of one server's actors.
type kennel struct {
	life   int64
	stages [node.NumStages]standstill
	lanes  [node.NumLanes]standstill
}

// standstill is an actor that has work. It gets on when its mark changes.
type standstill struct {
	waits   bool
	excused bool // a fault explained it at some time
	mark    uint64
	since   time.Duration
}

// look takes in the state of an actor and gives for how long it has stood still
// without excuse.
func (st *standstill) look(now time.Duration, waits bool, mark uint64, excused bool) time.Duration {
	if !waits || !st.waits || st.mark != mark {
		*st = standstill{waits: waits, mark: mark, since: now}
	}
	st.excused = st.excused || excused
	if !st.waits || st.excused {
		return 0
	}
	return now - st.since
}

// backlogger is a core that tells of the queues of its stages.
type backlogger interface {
	Backlog(k node.StageKind) (waiting int, taken uint64)
}

// watch is called before each event of a server.
func (c *cluster) watch() {
	now := c.clock.Now()
	if now < c.watchdog.next {
		return
	}
	c.watchdog.next = now + c.ticks(1)
	if c.watchdog.servers == nil {
		c.watchdog.servers = make([]kennel, len(c.servers))
	}
	for i, s := range c.servers {
		c.judge(s, c.watchdog.servers[i].look(s, now))
	}
}

func (k *kennel) look(s *server, now time.Duration) *proto.Violation {
	if s.state != processUp || k.life != s.life {
		*k = kennel{life: s.life}
	}
	if s.state != processUp {
		return nil
	}
	if v := k.lookAtLanes(s, now); v != nil {
		return v
	}
	core, ok := s.core.(backlogger)
	if !ok {
		return nil
	}
	limit := s.c.ticks(watchdogTicks)
	for i := range k.stages {
		stage := node.StageKind(i)
		waiting, taken := core.Backlog(stage)
		if k.stages[i].look(now, waiting > 0, taken, s.hold.active()) > limit {
			return found(proto.ActorDeath, place(s, stage.String()), "the %v stage of %v has taken nothing of the %d items before it for %v",
				stage, s.id, waiting, limit)
		}
	}
	return nil
}

func (k *kennel) lookAtLanes(s *server, now time.Duration) *proto.Violation {
	limit := s.c.ticks(watchdogTicks)
	excused := s.diskFaults.any() || now < s.slowUntil || s.hold.active()
	for i := range k.lanes {
		l := &s.lanes[i]
		var mark uint64
		if !l.empty() {
			mark = uint64(l.queue[l.head].ID)
		}
		if k.lanes[i].look(now, !l.empty(), mark, excused) > limit {
			op := &l.queue[l.head].Op
			return found(proto.ActorDeath, place(s, "disk"), "%v of %s on the disk of %v has not ended for %v", op.Kind, op.Name, s.id, limit)
		}
	}
	return nil
}

// place names role and stage.
func place(s *server, stage string) string { return fmt.Sprintf("%v/%s", s.seen.role, stage) }
