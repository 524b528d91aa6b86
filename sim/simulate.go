package sim

import (
	"fmt"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/report"
)

// Input is what decides a run beside its declaration.
type Input struct {
	Seed     uint64
	Schedule []fault.Statement // every fault; nil: as declared and drawn
	For      time.Duration     // 0: as declared

	config *engine.Config // that a bundle or somebody else asks for; nil: as declared
}

// Outcome is what came of a run.
type Outcome struct {
	*engine.Report
	Input Input
	Log   []string // what the code wrote with Logf

	clients int // of the declaration, in all
}

// Failed reports whether a property was violated.
func (o *Outcome) Failed() bool { return o.Verdict == engine.VerdictViolated }

// declare has a property declare a run.
func declare(property func(*Cluster), seed uint64) (c *Cluster, err error) {
	c = newCluster(seed)
	defer func() {
		if r := recover(); r != nil {
			if _, ours := r.(failedNow); !ours {
				panic(r)
			}
			err = c.err
		}
	}()
	property(c)
	if c.err == nil && len(c.clients) == 0 && c.cfg.Clients == engine.NoClients && c.cfg.Profile == "" && len(c.cfg.Faults) == 0 {
		c.err = errNothing
	}
	return c, c.err
}

// names is how many clients bear names in fault statements.
func (c *Cluster) names() int { return max(c.cfg.Clients, 0) + len(c.clients) }

// program is the person's part of the run.
func (c *Cluster) program() *engine.Program {
	return &engine.Program{
		Clients: c.clients,
		Begin:   func(r *engine.Running) { c.running = r },
		Judge:   c.judgeAlways,
		Await:   c.judgeEventually, Within: c.within,
	}
}

// config is the run of an input.
func (c *Cluster) config(in Input) engine.Config {
	cfg := c.cfg
	if in.config != nil {
		cfg = *in.config
		cfg.Clients, cfg.Ignore, cfg.Faults = c.cfg.Clients, c.cfg.Ignore, nil
	}
	cfg.Seed, cfg.Program = in.Seed, c.program()
	if in.For > 0 {
		cfg.For = in.For
	}
	switch {
	case in.Schedule != nil:
		cfg.Schedule, cfg.Faults = append([]fault.Statement{}, in.Schedule...), nil
	case c.classes != nil:
		cfg.Schedule = engine.Draw(cfg, c.classes)
	}
	return cfg
}

// Run makes one run of a property. The error says that it cannot be run, and how
// to mend it, or that code of a client waits outside of the simulation: then it is
// [ErrLost], and nothing else of the process should be trusted.
func Run(property func(*Cluster), in Input) (*Outcome, error) {
	c, err := declare(property, in.Seed)
	if err != nil {
		return nil, err
	}
	r, err := guarded(c.config(in))
	c.over = true
	if err != nil {
		return nil, err
	}
	return &Outcome{Report: r, Input: in, Log: c.log, clients: c.names()}, nil
}

// guarded runs on a goroutine of its own, because code of clients may end it or
// block it.
func guarded(cfg engine.Config) (*engine.Report, error) {
	type result struct {
		report *engine.Report
		err    error
	}
	var w watchdog
	cfg.Program.Enter, cfg.Program.Leave = w.enter, w.leave
	var got result
	cfg.Program.Exited = func(r *engine.Report) { got.report = r }
	done := make(chan result, 1)
	go func() {
		defer func() { done <- got }()
		got.report, got.err = engine.Run(cfg)
	}()
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case r := <-done:
			if r.report == nil && r.err == nil {
				r.err = fmt.Errorf("the run ended without a verdict")
			}
			return r.report, r.err
		case <-ticker.C:
			if err := w.look(); err != nil {
				return nil, err
			}
		}
	}
}

// clock prints an instant of a run.
func clock(at time.Duration) string { return report.Clock(at) }

// propertyOf is what a run violates; empty: nothing.
func propertyOf(r *engine.Report) proto.Property {
	if r.Verdict != engine.VerdictViolated || r.Violation == nil {
		return ""
	}
	return r.Violation.Property
}
