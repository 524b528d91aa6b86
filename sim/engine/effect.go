package engine

import (
	"time"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/sim/fault"
)

// Effect is one time that a statement has taken effect.
type Effect struct {
	Statement int // its place in Report.Schedule, from 0
	At        time.Duration
	Step      uint64 // in which it did

	// Fault is what was done, to whom: the statement with names in place of the
	// words that select nodes, at that instant, without what it waited for.
	Fault fault.Statement
}

// effectsKept bounds how many effects a report holds.
const effectsKept = 4096

// note keeps an effect for the report.
func (f *faults) note(e *effect) {
	if len(f.happened) < effectsKept {
		f.happened = append(f.happened, Effect{e.plan, f.c.clock.Now(), f.c.kernel.step, f.resolved(e)})
	}
}

// resolved is the statement of an effect as it was carried out.
func (f *faults) resolved(e *effect) fault.Statement {
	s := *e.st
	s.When, s.At, s.Every, s.P, s.On = fault.WhenAt, f.c.clock.Now(), 0, fault.Ratio{}, fault.Event{}
	if fault.IsGroup(s.Nodes) {
		s.Nodes = f.names(e.victims())
	}
	if fault.IsGroup(s.Peers) {
		s.Peers = f.names(e.peers)
	}
	if s.Shape != fault.ShapeGroups {
		s.Shape = fault.ShapeGroups
		for _, g := range e.groups {
			s.Groups = append(s.Groups, f.names(g))
		}
	}
	if s.Action == fault.ActionCrash && s.Power == fault.PowerDrawn {
		s.Power = e.left
	}
	return s
}

// victims are the hosts that the nodes of the statement have come to be.
func (e *effect) victims() []netsim.HostID {
	switch {
	case e.from != nil:
		return e.from
	case e.servers == nil:
		return e.hosts
	}
	hosts := make([]netsim.HostID, len(e.servers))
	for i, s := range e.servers {
		hosts[i] = s.host
	}
	return hosts
}

func (f *faults) names(hosts []netsim.HostID) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = f.c.hostNames[h]
	}
	return names
}
