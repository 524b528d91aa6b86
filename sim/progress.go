package sim

import (
	"strings"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/vtime"
)

// The kinds of progress events.
const (
	progressHeal uint8 = iota // the safety phase is over
	progressLook              // has the ensemble come a step further?
	progressLeak              // see leak
	progressNothing
)

// The liveness phase goes through these in order.
type livenessPhase uint8

const (
	awaitLeader  livenessPhase = iota // somebody leads with a quorum
	awaitServing                      // every server serves clients
	awaitProbes                       // a fresh session at every server has written and read
	awaitSettled                      // every server has applied the same history
	livenessOver
)

// The bounds, in virtual time: the first two from the heal, the others from the
// beginning of their phase.
const (
	boundLeader  = 60 * time.Second
	boundServing = 120 * time.Second
	boundProbes  = 2 * sessionTimeout
	boundSettled = 20 * time.Second
	lookInterval = 10 * time.Millisecond
)

// progress is the liveness phase of a run: when the faults are undone, the
// ensemble must come to work again, in bounded time (L1).
type progress struct {
	c      *cluster
	phase  livenessPhase
	healed time.Duration
	began  time.Duration // of the phase
	probes []*probe
}

func (p *progress) schedule() {
	p.c.clock.Schedule(p.c.cfg.For, vtime.Event{Class: classProgress, Kind: progressHeal, Host: -1})
	if p.c.cfg.Nondeterminism {
		p.c.clock.Schedule(p.c.cfg.For/2, vtime.Event{Class: classProgress, Kind: progressLeak, Host: -1})
	}
}

// Handle runs the liveness phase.
func (p *progress) Handle(ev vtime.Event) uint64 {
	switch ev.Kind {
	case progressLeak:
		p.c.leak()
		return 0
	case progressNothing:
		return 0
	case progressHeal:
		p.healed = p.c.clock.Now()
		p.c.stopLoad()
		p.c.faults.heal()
	}
	p.look()
	return uint64(p.phase)
}

// look goes on to the next phase as long as there is nothing to wait for.
func (p *progress) look() {
	for p.phase != livenessOver && p.reached() {
		p.phase++
		p.began = p.c.clock.Now()
		if p.phase == awaitProbes {
			p.beginProbes()
		}
	}
	if p.phase == livenessOver {
		return
	}
	p.judge()
	p.c.kernel.after(lookInterval, vtime.Event{Class: classProgress, Kind: progressLook, Host: -1})
}

func (p *progress) reached() bool {
	switch p.phase {
	case awaitLeader:
		l := p.c.leader()
		return l != nil && l.seen.established > 0
	case awaitServing:
		return len(p.notServing()) == 0
	case awaitProbes:
		return p.probesDone()
	case awaitSettled:
		return p.c.settled()
	}
	return false
}

// judge reports a bound that has passed.
func (p *progress) judge() {
	now := p.c.clock.Now()
	waited, inPhase := now-p.healed, now-p.began
	switch {
	case p.phase == awaitLeader && waited > boundLeader:
		p.stuck("no-leader", "%v after the faults were undone no leader is established", boundLeader)
	case p.phase == awaitServing && waited > boundServing:
		p.stuck("not-serving", "%v after the faults were undone %s does not serve", boundServing, strings.Join(p.notServing(), ", "))
	case p.phase == awaitProbes && inPhase > boundProbes:
		p.stuck("request", "%v after a fresh session was asked for, no key was written and read back through %s",
			boundProbes, strings.Join(p.unanswered(), ", "))
	case p.phase == awaitSettled && inPhase > boundSettled:
		p.stuck("lag", "%v after the last request the servers have not applied the same history: %s",
			boundSettled, strings.Join(p.c.histories(), ", "))
	}
}

func (p *progress) stuck(place, format string, args ...any) {
	p.c.violate(proto.Progress, 0, place, format, args...)
}

func (p *progress) notServing() []string {
	var names []string
	for _, s := range p.c.servers {
		if !s.seen.serving {
			names = append(names, s.id.String())
		}
	}
	return names
}

// settled reports whether all servers have the same history. That their trees
// are then equal was judged when each of them told its digest.
func (c *cluster) settled() bool {
	for _, s := range c.servers {
		if !s.seen.serving || s.seen.history != c.servers[0].seen.history {
			return false
		}
	}
	return true
}

func (c *cluster) histories() []string {
	var list []string
	for _, s := range c.servers {
		list = append(list, s.id.String()+" "+both(s.seen.history))
	}
	return list
}
