package main

import (
	"encoding/json"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim"
)

// schema is the number of the form of every JSON object; it rises when a key
// changes its meaning or goes.
const schema = 1

// document is the JSON form of a run. Every key is always there; those that
// this version has nothing to say about are empty. Seeds and hashes are text,
// as printed, because JSON readers round numbers of 64 bits.
type document struct {
	Schema   int               `json:"schema"`
	Verdict  sim.Verdict       `json:"verdict"`
	Property string            `json:"property"` // empty unless violated
	Place    string            `json:"place"`    // of the violation: role and stage, function, or bound
	Server   string            `json:"server"`   // of the violation; empty when no single one is to blame
	AtNS     int64             `json:"at_ns"`    // of the violation, else of the end
	Step     uint64            `json:"step"`     // of the violation, else the last
	Detail   string            `json:"detail"`
	Story    []string          `json:"story"`
	Seed     string            `json:"seed"`
	Scenario string            `json:"scenario"`
	Config   configDocument    `json:"config"`
	Schedule []string          `json:"schedule"`
	Drawn    []string          `json:"drawn"`
	Hash     string            `json:"hash"`
	build                      // version, commit, go
	Virtual  int64             `json:"virtual_ns"`
	Wall     int64             `json:"wall_ns"`
	Counts   map[string]uint64 `json:"counts"`
	Coverage map[string]uint64 `json:"coverage"`
	Artifact map[string]string `json:"artifacts"`
	Repro    []string          `json:"repro"`
}

// configDocument is the configuration of a run, with defaults filled in.
type configDocument struct {
	Servers int      `json:"servers"`
	Clients int      `json:"clients"`
	ForNS   int64    `json:"for_ns"`
	Profile string   `json:"profile"`
	Bugs    []string `json:"bugs"`
}

func (r result) document() document {
	rep := r.report
	d := document{
		Schema:   schema,
		Verdict:  rep.Verdict,
		AtNS:     int64(rep.Virtual),
		Step:     rep.Step,
		Story:    []string{},
		Seed:     repro.Seed(rep.Config.Seed),
		Config:   documentConfig(rep.Config),
		Schedule: []string{},
		Drawn:    append([]string{}, rep.Drawn...),
		Hash:     repro.Hash(rep.Hash),
		build:    r.build,
		Virtual:  int64(rep.Virtual),
		Wall:     int64(r.wall),
		Counts:   documentCounts(rep.Counts),
		Coverage: map[string]uint64{},
		Artifact: map[string]string{},
		Repro:    []string{r.repro},
	}
	for _, st := range rep.Config.Faults {
		d.Schedule = append(d.Schedule, st.String())
	}
	if v := rep.Violation; v != nil {
		d.Property, d.Place, d.AtNS, d.Detail = string(v.Property), v.Place, int64(v.At), v.Detail
		if v.Server != 0 {
			d.Server = v.Server.String()
		}
	}
	return d
}

func documentConfig(cfg sim.Config) configDocument {
	return configDocument{
		Servers: cfg.Servers,
		Clients: max(0, cfg.Clients), // not sim.NoClients
		ForNS:   int64(cfg.For),
		Profile: cfg.Profile,
		Bugs:    repro.Slugs(cfg.Bugs),
	}
}

func documentCounts(c sim.Counts) map[string]uint64 {
	return map[string]uint64{
		"events": c.Events, "elections": c.Elections, "diff": c.Diff, "trunc": c.Trunc, "snap": c.Snap,
		"snapshots": c.Snapshots, "sessions_opened": c.SessionsOpened, "sessions_expired": c.SessionsExpired,
		"sessions_closed": c.SessionsClosed, "reconnects": c.Reconnects, "operations": c.Operations,
		"operations_ok": c.OperationsOK, "operations_failed": c.OperationsFailed,
		"operations_unknown": c.OperationsUnknown, "watches": c.Watches, "txns": c.Txns,
		"messages": c.Messages, "bytes": c.Bytes, "fsyncs": c.Fsyncs, "crashes": c.Crashes,
		"kills": c.Kills, "starts": c.Starts, "exits": c.Exits, "faults_on_nobody": c.FaultsOnNobody,
	}
}

func (a *app) printJSON(doc any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}
