package engine

import (
	"slices"
	"time"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/rng"
	"github.com/zksim/zksim/sim/vtime"
)

// The kinds of fault events. A is the place of the plan for faultBegins, else
// the effect.
const (
	faultBegins   uint8 = iota // A: the plan
	faultEnds                  // A: the effect
	faultFailover              // is there a new leader? A: the plan; B: the disturbances there had been
	faultTurns                 // of a fault that changes by itself; A: the effect
)

// faults carries out the fault statements of a run. Each time that one takes
// effect is an effect of its own: it knows whom it hit, and undoing it undoes
// what it did and nothing else, whatever else is in effect.
type faults struct {
	c        *cluster
	schedule []fault.Statement
	plans    []plan
	effects  []*effect // those that last, by rising id
	last     effectID
	triggers triggers
	links    links
	over     bool // healed: nothing takes effect any more
	calm     bool // what has not begun never does
	happened []Effect

	disturbances  int64         // how often something began, was undone, or a process ended by itself
	lastDisturbed time.Duration // when it last did
	reigns        uint64        // how many leaders there had been when a leader died
}

// plan is a statement with what it needs to take effect, again and again.
type plan struct {
	st    *fault.Statement
	draws rng.Stream
	met   int64 // WhenOn: how often the event has happened
}

// effect is one time that a statement has taken effect.
type effect struct {
	id      effectID
	plan    int
	st      *fault.Statement
	draws   *rng.Stream
	servers []*server
	hosts   []netsim.HostID // of flap and swizzle
	from    []netsim.HostID // of net: one side
	peers   []netsim.HostID // of net and of the cut of a client: the other side
	groups  [][]netsim.HostID
	left    fault.Power     // drawn, by the crash of one server
	pairs   []pair          // of the network
	turns   int64           // of a fault that changes by itself
	order   []netsim.HostID // of a swizzle: in which they are unclogged
}

// The hosts of the streams of faults, which keep them apart.
const (
	faultHost = -1 // what random words of statements select
	swarmHost = -2 // which statements a seed draws
	healHost  = -3 // what is healed
)

// begin puts every statement on the queue.
func (f *faults) begin(schedule []fault.Statement) {
	f.schedule = schedule
	f.plans = make([]plan, len(schedule))
	twins := map[string]uint16{}
	for i := range schedule {
		st := &schedule[i]
		text := st.String()
		f.plans[i] = plan{st: st, draws: f.c.src.Stream(rng.Key{Host: faultHost, Purpose: rng.PurposeFault,
			Peer: int32(uint32(hashOf([]byte(text)))), Kind: twins[text]})}
		twins[text]++
		switch st.When {
		case fault.WhenAt:
			f.at(st.At, faultBegins, int64(i), 0)
		case fault.WhenEvery:
			f.at(st.Every, faultBegins, int64(i), 0)
		case fault.WhenOn:
			f.triggers.add(f.c, st, i)
		}
	}
}

func (f *faults) at(at time.Duration, kind uint8, a, b int64) {
	f.c.clock.Schedule(at, vtime.Event{Class: classFault, Kind: kind, Host: -1, A: a, B: b})
}

func (f *faults) after(delay time.Duration, kind uint8, a, b int64) {
	f.at(f.c.clock.Now()+delay, kind, a, b)
}

// Handle begins, turns or ends a fault.
func (f *faults) Handle(ev vtime.Event) uint64 {
	if f.over {
		return 0
	}
	switch ev.Kind {
	case faultBegins:
		f.due(int(ev.A))
	case faultEnds:
		if e := f.effect(effectID(ev.A)); e != nil {
			f.end(e)
		}
	case faultTurns:
		if e := f.effect(effectID(ev.A)); e != nil {
			f.turn(e)
		}
	case faultFailover:
		f.checkFailover(f.plans[ev.A].st, ev.B)
	}
	return f.c.takeDigest()
}

// due has a statement take effect at its time, and comes back to one that does so again and again.
func (f *faults) due(i int) {
	p := &f.plans[i]
	if p.st.When == fault.WhenEvery {
		f.after(p.st.Every, faultBegins, int64(i), 0)
		if p.st.P.Said() && !p.draws.Chance(p.st.P.Num, p.st.P.Den) {
			return
		}
	}
	f.takeEffect(i)
}

// takeEffect carries a statement out.
func (f *faults) takeEffect(i int) {
	if f.calm {
		return
	}
	p := &f.plans[i]
	f.last++
	e := &effect{id: f.last, plan: i, st: p.st, draws: &p.draws}
	f.selectVictims(e)
	if f.hitsNobody(e) {
		f.c.counts.FaultsOnNobody++
		f.tell(FactFault, e)
		return
	}
	f.c.counts.Faults[p.st.Class()]++
	f.tell(FactFault, e)
	f.expectFailover(i, e)
	f.disturbed()
	if f.lasts(e) {
		f.supersede(e)
		f.effects = append(f.effects, e)
	}
	f.foldVictims(e)
	f.carryOut(e)
	f.note(e)
	if p.st.For > 0 {
		f.after(p.st.For, faultEnds, int64(e.id), 0)
	}
}

func (f *faults) foldVictims(e *effect) {
	for _, s := range e.servers {
		f.c.digest.fold(uint64(s.id))
	}
	for _, p := range e.pairs {
		f.c.digest.fold(uint64(p.from)<<32 | uint64(p.to))
	}
}

// selectVictims finds whom a statement hits; it stays the same until it is undone.
func (f *faults) selectVictims(e *effect) {
	switch e.st.Action {
	case fault.ActionHeal:
	case fault.ActionPartition:
		e.pairs = f.partition(e)
	case fault.ActionNet:
		e.pairs = f.pairsBetween(e)
	case fault.ActionFlap, fault.ActionSwizzle:
		e.hosts = f.hosts(e.st.Nodes, e.draws, nil)
	case fault.ActionClient:
		e.hosts = f.hosts(e.st.Nodes, e.draws, nil)
		e.pairs = f.pairsOfClient(e)
	default:
		for _, h := range f.hosts(e.st.Nodes, e.draws, nil) {
			e.servers = append(e.servers, f.c.servers[h])
		}
	}
}

func (f *faults) hitsNobody(e *effect) bool {
	return e.st.Action != fault.ActionHeal && len(e.servers)+len(e.hosts)+len(e.pairs) == 0
}

// carryOut does what a statement says, to those whom it hits.
func (f *faults) carryOut(e *effect) {
	switch e.st.Action {
	case fault.ActionCrash, fault.ActionKill, fault.ActionStop:
		f.takeDown(e)
	case fault.ActionStart:
		f.bringUp(e)
	case fault.ActionPause:
		f.pause(e)
	case fault.ActionResume:
		f.resume(e)
	case fault.ActionNet:
		f.impair(e)
	case fault.ActionFlap, fault.ActionSwizzle:
		f.turn(e)
	case fault.ActionPartition:
		f.links.put(linkCut, e)
	case fault.ActionMaxConn:
		f.limitConns(e)
	case fault.ActionHeal:
		f.healNetwork()
	case fault.ActionClock:
		f.disturbClock(e)
	case fault.ActionDisk:
		f.disturbDisk(e)
	case fault.ActionClient:
		f.disturbClient(e)
	}
}

// end undoes an effect.
func (f *faults) end(e *effect) {
	f.forget(e)
	f.disturbed()
	f.tell(FactUndone, e)
	switch e.st.Action {
	case fault.ActionCrash, fault.ActionKill, fault.ActionStop:
		f.undoTakeDown(e)
	case fault.ActionPause:
		f.undoPause(e)
	case fault.ActionNet, fault.ActionFlap, fault.ActionSwizzle, fault.ActionPartition, fault.ActionClient:
		f.links.drop(e.id)
	case fault.ActionMaxConn:
		f.links.dropLimit(e.id)
	case fault.ActionClock:
		f.undoClock(e)
	case fault.ActionDisk:
		f.undoDisk(e)
	}
}

// turn goes on with a fault that changes by itself.
func (f *faults) turn(e *effect) {
	switch e.st.Action {
	case fault.ActionFlap:
		f.flap(e)
	case fault.ActionSwizzle:
		f.swizzle(e)
	case fault.ActionClock:
		f.strobe(e)
	}
	e.turns++
}

// lasts reports whether an effect goes on after the moment at which it begins.
func (f *faults) lasts(e *effect) bool {
	switch e.st.Action {
	case fault.ActionCrash, fault.ActionKill, fault.ActionStop:
		return e.st.For > 0
	}
	return e.st.Lasts() || e.st.Client == fault.ClientExpire
}

// supersede ends what e begins anew: a fault that changes by itself and takes effect
// again and again on the same nodes would otherwise turn more often each time.
func (f *faults) supersede(e *effect) {
	if e.st.Action != fault.ActionFlap && e.st.Action != fault.ActionSwizzle && e.st.Clock.Kind != fault.ClockStrobe {
		return
	}
	for _, x := range f.effects {
		if x.plan == e.plan && slices.Equal(x.struck(), e.struck()) {
			f.end(x)
			return // there was no other, for the same reason
		}
	}
}

// struck are the nodes of an effect in the order of their hosts, however they were drawn.
func (e *effect) struck() []netsim.HostID {
	hosts := slices.Clone(e.hosts)
	for _, s := range e.servers {
		hosts = append(hosts, s.host)
	}
	slices.Sort(hosts)
	return hosts
}

// effect finds one that is in effect; nil if it was undone.
func (f *faults) effect(id effectID) *effect {
	for _, e := range f.effects {
		if e.id == id {
			return e
		}
	}
	return nil
}

func (f *faults) forget(e *effect) {
	f.effects = slices.DeleteFunc(f.effects, func(x *effect) bool { return x == e })
}

// disturbed notes that the ensemble was disturbed at this moment.
func (f *faults) disturbed() {
	f.disturbances++
	f.lastDisturbed = f.c.clock.Now()
}

// tell records for the story what a statement does, and to whom.
func (f *faults) tell(kind FactKind, e *effect) {
	fact := Fact{Kind: kind, Text: e.st.String()}
	for _, victim := range e.servers {
		fact.Servers.Add(victim.id)
	}
	for _, h := range e.hosts {
		if f.c.isServer(h) {
			fact.Servers.Add(f.c.servers[h].id)
		}
	}
	if t := f.c.trace; t != nil {
		t.fault(fact, e.id, kind == FactFault && !f.hitsNobody(e) && f.lasts(e))
	}
	f.c.tell(fact)
}
