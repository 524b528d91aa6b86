package engine

import (
	"strconv"
	"time"

	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/rng"
)

// The profile swarm: a seed first draws which classes of faults are on, each with
// an even chance, so that runs differ in kind and no class drowns the others.
// Then it draws faults of those classes, one about every five seconds. They are
// statements like those that a person writes: they print, replay and shrink.

// swarmGapMax is twice the mean time between two drawn faults.
const swarmGapMax = 10 * time.Second

// The streams of a swarm.
const (
	swarmClasses uint16 = iota // which classes are on
	swarmFault                 // the n-th fault; the peer is n
)

// scheduleOf gives the statements of the run: those of a schedule, or drawn ones,
// and those that were asked for on top.
func (c *cluster) scheduleOf() []fault.Statement {
	list := c.cfg.Schedule
	if list == nil && c.cfg.Profile == ProfileSwarm {
		list = c.drawSwarm()
	}
	return append(append([]fault.Statement(nil), list...), c.cfg.Faults...)
}

// drawSwarm draws the faults of a run.
func (c *cluster) drawSwarm() []fault.Statement {
	classes := c.src.Stream(rng.Key{Host: swarmHost, Purpose: rng.PurposeFault, Kind: swarmClasses})
	var on []swarmClass
	for _, class := range swarmTable {
		if classes.Chance(1, 2) && len(c.servers) >= class.servers && c.clientNames() >= class.clients {
			on = append(on, class)
		}
	}
	list := []fault.Statement{}
	if len(on) == 0 {
		return list
	}
	at := time.Duration(0)
	for n := int32(0); ; n++ {
		d := drawer{c.src.Stream(rng.Key{Host: swarmHost, Purpose: rng.PurposeFault, Kind: swarmFault, Peer: n}), c, 0}
		at += d.span(100*time.Millisecond, swarmGapMax)
		if at >= c.cfg.For {
			return list
		}
		d.at = at
		for _, s := range on[d.Below(int64(len(on)))].draw(&d) {
			if s.At < c.cfg.For {
				list = append(list, s)
			}
		}
	}
}

// swarmClass draws faults of one class, for ensembles and loads of some size.
type swarmClass struct {
	servers, clients int
	draw             func(*drawer) []fault.Statement
}

// swarmTable lists every class that can be on. Its order is part of the meaning
// of a seed.
var swarmTable = [...]swarmClass{
	{1, 0, func(d *drawer) []fault.Statement { return d.down(fault.ActionCrash) }},
	{1, 0, func(d *drawer) []fault.Statement { return d.down(fault.ActionKill) }},
	{1, 0, func(d *drawer) []fault.Statement { return d.down(fault.ActionStop) }},
	{1, 0, (*drawer).crashAt},
	{2, 0, (*drawer).partition},
	{2, 0, func(d *drawer) []fault.Statement { return d.net(fault.Net{Kind: fault.NetBlackhole}) }},
	{2, 0, (*drawer).halfOpen},
	{2, 0, (*drawer).slow},
	{2, 0, (*drawer).lossy},
	{2, 0, (*drawer).clogged},
	{2, 0, (*drawer).flapping},
	{2, 0, func(d *drawer) []fault.Statement {
		return d.net(fault.Net{Kind: fault.NetRefuse, Both: d.Chance(1, 2)})
	}},
	{2, 0, (*drawer).resets},
	{2, 0, func(d *drawer) []fault.Statement {
		return d.net(fault.Net{Kind: fault.NetNoReset, Both: d.Chance(1, 2)})
	}},
	{2, 0, (*drawer).smallBuffers},
	{1, 1, (*drawer).fewConns},
	{1, 0, (*drawer).diskStall},
	{1, 0, (*drawer).diskError},
	{1, 0, func(d *drawer) []fault.Statement { return d.paused(fault.Stage{}) }},
	{1, 0, func(d *drawer) []fault.Statement { return d.paused(d.stage()) }},
	{1, 0, (*drawer).clockJump},
	{1, 0, (*drawer).clockDrift},
	{1, 1, func(d *drawer) []fault.Statement { return d.client(fault.ClientExpire) }},
	{1, 1, func(d *drawer) []fault.Statement { return d.client(fault.ClientCut) }},
	{1, 1, func(d *drawer) []fault.Statement { return d.client(fault.ClientDropReply) }},
	{1, 1, func(d *drawer) []fault.Statement { return d.client(fault.ClientDropRequest) }},
}

// drawer draws one fault of a swarm, for an instant.
type drawer struct {
	rng.Stream
	c  *cluster
	at time.Duration
}

// swarmGrain makes drawn times read well.
const swarmGrain = 100 * time.Millisecond

func (d *drawer) span(lo, hi time.Duration) time.Duration {
	return d.Duration(lo/swarmGrain, hi/swarmGrain) * swarmGrain
}

// lasting gives how long a fault lasts: now and then longer than what servers bear.
func (d *drawer) lasting() time.Duration {
	if d.Chance(1, 4) {
		return d.span(10*time.Second, 30*time.Second)
	}
	return d.span(swarmGrain, 8*time.Second)
}

// until gives a fault that begins now and is undone after a while.
func (d *drawer) until(s fault.Statement) fault.Statement {
	s.At, s.For = d.at, d.lasting()
	return s
}

// pick draws one of some words.
func (d *drawer) pick(words ...string) []string {
	return []string{words[d.Below(int64(len(words)))]}
}

// nodes draws whom a fault hits; few more often than many.
func (d *drawer) nodes() []string {
	return d.pick(fault.NodeOne, fault.NodeOne, fault.NodeOne, fault.NodeLeader, fault.NodeLeader, fault.NodeFollowers,
		fault.NodeMinority, fault.NodeMajority, fault.NodePrimaries)
}

func (d *drawer) server() string {
	return "zk" + strconv.FormatInt(d.Between(1, int64(len(d.c.servers))), 10)
}

func (d *drawer) clientName() string {
	return "c" + strconv.FormatInt(d.Between(1, int64(d.c.clientNames())), 10)
}

func (d *drawer) power() fault.Power {
	return fault.Power(d.Below(int64(fault.PowerSubset) + 1))
}
