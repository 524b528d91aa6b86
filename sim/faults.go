package sim

import (
	"time"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/rng"
	"github.com/zksim/zksim/sim/vtime"
)

// The kinds of fault events; A is the place of the statement.
const (
	faultBegins uint8 = iota
	faultEnds
	faultFailover // is there a new leader? B: how many faults there had been
)

// A leader that dies alone, with no other fault around it for so many ticks,
// has a successor in time.
const (
	failoverQuiet = 15
	failoverTicks = syncLimit + 3
)

// faults carries out the fault statements of a run.
type faults struct {
	c     *cluster
	draws rng.Stream // which nodes random words select
	hit   [][]*server
	over  bool // healed: nothing takes effect any more

	begun     int64         // how many have taken effect
	lastBegan time.Duration // when the last one did
	reigns    uint64        // how many leaders there had been when a leader died
}

// schedule puts every statement on the queue.
func (f *faults) schedule() {
	f.draws = f.c.src.Stream(rng.Key{Host: -1, Purpose: rng.PurposeFault})
	f.hit = make([][]*server, len(f.c.cfg.Faults))
	for i, s := range f.c.cfg.Faults {
		f.c.clock.Schedule(s.At, vtime.Event{Class: classFault, Kind: faultBegins, Host: -1, A: int64(i)})
	}
}

// Handle begins or ends a fault.
func (f *faults) Handle(ev vtime.Event) uint64 {
	if f.over {
		return 0
	}
	s := &f.c.cfg.Faults[ev.A]
	switch ev.Kind {
	case faultBegins:
		f.begin(int(ev.A), s)
	case faultEnds:
		f.tell(FactUndone, s, f.hit[ev.A])
		for _, victim := range f.hit[ev.A] {
			victim.start(0)
		}
	case faultFailover:
		f.checkFailover(s, ev.B)
	}
	return f.c.takeDigest()
}

// begin selects the nodes, who stay the same until the fault is undone.
func (f *faults) begin(i int, s *fault.Statement) {
	f.hit[i] = f.selects(s)
	if len(f.hit[i]) == 0 {
		f.c.counts.FaultsOnNobody++
	}
	f.tell(FactFault, s, f.hit[i])
	f.expectFailover(i, s)
	f.begun, f.lastBegan = f.begun+1, f.c.clock.Now()
	for _, victim := range f.hit[i] {
		f.c.digest.fold(uint64(victim.id))
		f.carryOut(s, victim)
	}
	if s.For > 0 {
		f.c.kernel.after(s.For, vtime.Event{Class: classFault, Kind: faultEnds, Host: -1, A: int64(i)})
	}
}

// tell records for the story what a statement does, and to whom.
func (f *faults) tell(kind FactKind, s *fault.Statement, hit []*server) {
	fact := Fact{Kind: kind, Text: s.String()}
	for _, victim := range hit {
		fact.Servers.Add(victim.id)
	}
	f.c.tell(fact)
}

// expectFailover schedules a look at what comes of a leader's death, if nothing
// else disturbs the ensemble and a quorum is left.
func (f *faults) expectFailover(i int, s *fault.Statement) {
	now := f.c.clock.Now()
	if s.Action == fault.ActionStart || len(f.hit[i]) != 1 || f.hit[i][0].seen.established == 0 ||
		f.begun > 0 && now-f.lastBegan < f.c.ticks(failoverQuiet) || !f.c.quorumWithout(f.hit[i][0]) {
		return
	}
	f.reigns = f.c.leaders
	f.c.kernel.after(f.c.ticks(failoverTicks), vtime.Event{Class: classFault, Kind: faultFailover,
		Host: -1, A: int64(i), B: f.begun + 1})
}

func (f *faults) checkFailover(s *fault.Statement, begun int64) {
	if f.begun == begun && f.c.leaders == f.reigns {
		f.c.violate(proto.Progress, 0, "failover", "%v after %q no other leader is established", f.c.ticks(failoverTicks), s)
	}
}

// quorumWithout reports whether the running servers but one are a majority.
func (c *cluster) quorumWithout(one *server) bool {
	running := 0
	for _, s := range c.servers {
		if s != one && s.state == processUp {
			running++
		}
	}
	return 2*running > len(c.servers)
}

func (f *faults) carryOut(s *fault.Statement, victim *server) {
	switch s.Action {
	case fault.ActionCrash:
		f.c.counts.Crashes++
		victim.crash(f.power(s.Power))
	case fault.ActionKill:
		f.c.counts.Kills++
		victim.kill()
	case fault.ActionStart:
		victim.start(0)
	}
}

// selects finds the servers that a statement hits at this moment.
func (f *faults) selects(s *fault.Statement) []*server {
	if s.Random() && s.Nodes[0] == fault.NodeLeader {
		if l := f.c.leader(); l != nil {
			return []*server{l}
		}
		return nil
	}
	if s.Random() {
		return []*server{f.c.servers[f.draws.Below(int64(len(f.c.servers)))]}
	}
	var named []*server
	for _, name := range s.Nodes {
		named = append(named, f.c.servers[fault.ServerNumber(name)-1])
	}
	return named
}

// leader is the server that leads the highest epoch: with a quorum, or else on
// the way to it. A leader that was deposed may not know yet.
func (c *cluster) leader() *server {
	var best *server
	for _, s := range c.servers {
		if !s.seen.leads() {
			continue
		}
		if best == nil || s.seen.established > best.seen.established ||
			s.seen.established == best.seen.established && s.seen.currentEpoch > best.seen.currentEpoch {
			best = s
		}
	}
	return best
}

// power is what a crash leaves; without a word, all that was not synced is lost,
// or a drawn part of it.
func (f *faults) power(p fault.Power) disksim.Power {
	switch p {
	case fault.PowerLoseUnsynced:
		return disksim.LoseUnsynced
	case fault.PowerKeepAll:
		return disksim.KeepAll
	case fault.PowerSubset:
		return disksim.Subset
	}
	if f.draws.Chance(1, 2) {
		return disksim.Subset
	}
	return disksim.LoseUnsynced
}

// heal undoes every fault, whether or not it would have ended: all servers run.
func (f *faults) heal() {
	f.over = true
	f.c.tell(Fact{Kind: FactHeal})
	for _, s := range f.c.servers {
		s.start(0)
	}
}
