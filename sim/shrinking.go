package sim

import (
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
	"github.com/zksim/zksim/sim/shrink"
)

// shrunk makes a failing run small, in so many runs at most. It returns the run
// itself, and nil, if nothing smaller fails with its property.
func shrunk(property func(*Cluster), o *Outcome, runs int) (*Outcome, *report.Shrunk) {
	want := propertyOf(o.Report)
	if runs == 0 || want == "" || want == proto.Panic && len(o.Schedule) == 0 {
		return o, nil
	}
	target := shrink.Target{Property: want, Place: o.Violation.Place}
	result := shrink.Shrink(o.named(), target, shrink.Options{Runs: runs, KeepSize: true},
		shrink.InOrder(target, func(cfg engine.Config) (*engine.Report, error) {
			small, err := Run(property, asked(cfg))
			if err != nil {
				return nil, err
			}
			small.Report.Config = small.named()
			return small.Report, nil
		}))
	small, err := Run(property, asked(result.Config))
	if err != nil || propertyOf(small.Report) != want || len(small.Schedule) > len(o.Schedule) {
		return o, nil
	}
	small.Input.Seed = o.Input.Seed
	return small, &report.Shrunk{Statements: len(o.Schedule), Servers: o.Config.Servers, Clients: o.clients,
		Operations: o.Counts.Operations, ForNS: int64(o.Config.For), Runs: result.Runs}
}

// named is the configuration of the run with every client that has a name
// counted, and the program left out.
func (o *Outcome) named() engine.Config {
	cfg := o.Config
	cfg.Clients, cfg.Program = o.clients, nil
	if cfg.Clients == 0 {
		cfg.Clients = engine.NoClients
	}
	cfg.Schedule, cfg.Faults = o.Schedule, nil
	return cfg
}
