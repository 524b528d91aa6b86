package engine

import (
	"strings"
	"time"

	"github.com/zksim/zksim/netsim"
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
	awaitLeader   livenessPhase = iota // somebody leads with a quorum
	awaitServing                       // every server serves clients
	awaitProbes                        // a fresh session at every server has written and read
	awaitSessions                      // the sessions of all clients, who are silent now, are closed
	awaitSettled                       // every server has applied the same history
	livenessOver
)

// The bounds, in virtual time: the first two from the heal, and further by what
// retransmission still waits for then, and by what delayed operations of disks still
// take; the others from the beginning of their phase, or from the last moment at
// which not all servers served, but never before that.
const (
	boundLeader  = 60 * time.Second
	boundServing = 120 * time.Second
	boundProbes  = 2 * sessionTimeout
	boundSettled = 20 * time.Second
	lookInterval = 10 * time.Millisecond

	sessionTicks         = 4 // over its timeout, in which a silent session is closed
	sessionsLookInterval = 100 * time.Millisecond
)

// progress is the liveness phase of a run: when the faults are undone, the
// ensemble must come to work again, in bounded time (L1).
type progress struct {
	c       *cluster
	phase   livenessPhase
	healed  time.Duration
	backoff time.Duration // how long, at the heal, streams may still wait to send again, or disks work at what was delayed
	began   time.Duration // of the phase, or when it could begin to go on
	unheard time.Duration // how long what dead clients have sent may still be under way, when they fall silent
	probes  []*probe
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
		p.backoff = max(p.c.net.LongestBackoff(p.c.healedHosts()...), p.c.slowestDisk())
	}
	p.look()
	return uint64(p.phase)
}

// look goes on to the next phase as long as there is nothing to wait for.
func (p *progress) look() {
	for p.phase != livenessOver && p.reached() {
		p.phase++
		p.began = p.c.clock.Now()
		switch p.phase {
		case awaitProbes:
			p.beginProbes()
		case awaitSessions:
			p.silence()
		}
	}
	if p.phase == livenessOver {
		return
	}
	if p.phase > awaitServing && !p.working() {
		p.began = p.c.clock.Now()
	}
	p.judge()
	p.c.kernel.after(p.interval(), vtime.Event{Class: classProgress, Kind: progressLook, Host: -1})
}

func (p *progress) interval() time.Duration {
	if p.phase == awaitSessions {
		return sessionsLookInterval
	}
	return lookInterval
}

func (p *progress) reached() bool {
	switch p.phase {
	case awaitLeader:
		return p.c.established() != nil
	case awaitServing:
		return p.working()
	case awaitProbes:
		return p.probesDone() && p.c.programAwaits() == nil
	case awaitSessions:
		return p.sessionsClosed()
	case awaitSettled:
		return p.c.settled()
	}
	return false
}

// working reports whether there is a leader, and every healed server serves.
func (p *progress) working() bool { return p.c.established() != nil && len(p.notServing()) == 0 }

// established is the healed server that leads the highest epoch with a quorum, if
// nobody leads a higher one.
func (c *cluster) established() *server {
	if l := c.leader(); l != nil && l.seen.established > 0 && l.fate == fateHealed {
		return l
	}
	return nil
}

// slowestDisk is how long disks of the healed servers still work at what a fault has
// delayed: undoing it makes the next operations fast.
func (c *cluster) slowestDisk() (longest time.Duration) {
	for _, s := range c.healed() {
		longest = max(longest, s.slowUntil-c.clock.Now())
	}
	return longest
}

func (c *cluster) healedHosts() []netsim.HostID {
	var hosts []netsim.HostID
	for _, s := range c.healed() {
		hosts = append(hosts, s.host)
	}
	return hosts
}

// judge reports a bound that has passed.
func (p *progress) judge() {
	now := p.c.clock.Now()
	waited := now - p.healed - p.backoff
	inPhase := now - max(p.began, p.healed+p.backoff)
	switch {
	case p.phase == awaitLeader && waited > boundLeader:
		p.stuck("no-leader", "%v after the faults were undone no leader is established", boundLeader)
	case p.phase >= awaitServing && !p.working() && waited > boundServing:
		p.stuck("not-serving", "%v after the faults were undone %s does not serve", boundServing, strings.Join(p.notServing(), ", "))
	case p.phase == awaitProbes && len(p.unanswered()) == 0 && p.c.programAwaits() != nil:
		p.judgeProgram(inPhase)
	case p.phase == awaitProbes && inPhase > boundProbes:
		p.stuck("request", "%v after a fresh session was asked for, no key was written and read back through %s",
			boundProbes, strings.Join(p.unanswered(), ", "))
	case p.phase == awaitSessions && inPhase > p.boundSessions():
		p.stuck("session-close", "%v after all clients fell silent not every session is closed: %s",
			p.boundSessions(), strings.Join(p.openSessions(), ", "))
	case p.phase == awaitSettled && inPhase > boundSettled:
		p.stuck("lag", "%v after the last request the servers have not applied the same history: %s",
			boundSettled, strings.Join(p.c.histories(), ", "))
	}
}

// boundSessions is how long it may take until silent sessions are closed. What a
// client had sent before it died may come later still: its host goes on sending
// it again, and then it is heard once more.
func (p *progress) boundSessions() time.Duration {
	longest := time.Duration(sessionTimeout)
	for _, s := range p.c.programs {
		longest = max(longest, s.st.core.Timeout())
	}
	return longest + p.c.ticks(sessionTicks) + p.unheard
}

// judgeProgram reports what the program has waited for too long.
func (p *progress) judgeProgram(waited time.Duration) {
	v := p.c.programAwaits()
	if v != nil && waited > p.c.cfg.Program.Within {
		p.c.blame(v)
	}
}

func (p *progress) stuck(place, format string, args ...any) {
	p.c.violate(proto.Progress, 0, place, format, args...)
}

func (p *progress) notServing() []string {
	var names []string
	lead := p.c.established()
	for _, s := range p.c.healed() {
		if !s.seen.serving || lead != nil && s.seen.servingEpoch != lead.seen.established {
			names = append(names, s.id.String())
		}
	}
	return names
}

// settled reports whether all healed servers have the same history. That their trees
// are then equal was judged when each of them told its digest.
func (c *cluster) settled() bool {
	healed := c.healed()
	for _, s := range healed {
		if !s.seen.serving || s.seen.history != healed[0].seen.history {
			return false
		}
	}
	return true
}

func (c *cluster) histories() []string {
	var list []string
	for _, s := range c.healed() {
		list = append(list, s.id.String()+" "+both(s.seen.history))
	}
	return list
}
