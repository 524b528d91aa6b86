package report

import (
	"github.com/zksim/zksim/sim/engine"
)

// Schema is the number of the form of every JSON object; it rises when a key
// changes its meaning or goes.
const Schema = 1

// Document is the JSON form of a run. Every key is always there; those that
// this version has nothing to say about are empty. Seeds and hashes are text,
// as printed, because JSON readers round numbers of 64 bits.
type Document struct {
	Schema   int               `json:"schema"`
	Verdict  engine.Verdict    `json:"verdict"`
	Property string            `json:"property"` // empty unless violated
	Place    string            `json:"place"`    // of the violation: role and stage, function, or bound
	Server   string            `json:"server"`   // of the violation; empty when no single one is to blame
	AtNS     int64             `json:"at_ns"`    // of the violation, else of the end
	Step     uint64            `json:"step"`     // of the violation, else the last
	Detail   string            `json:"detail"`
	Story    []string          `json:"story"` // of a run that is not ok
	Seed     string            `json:"seed"`
	Scenario string            `json:"scenario"`
	Config   Config            `json:"config"`
	Package  string            `json:"package"` // of the test that made the run, as go test names it; empty for the command
	Test     string            `json:"test"`    // its function, such as TestLock; empty for the command
	Schedule []string          `json:"schedule"`
	Shrunk   *Shrunk           `json:"shrunk,omitempty"` // of a run that was made small
	Turning  *Turning          `json:"turning_point,omitempty"`
	Choices  Choices           `json:"choices"`
	Drawn    []string          `json:"drawn"`
	Hash     string            `json:"hash"`
	Build                      // version, commit, go
	Virtual  int64             `json:"virtual_ns"`
	Wall     int64             `json:"wall_ns"`
	Counts   map[string]uint64 `json:"counts"`
	Coverage map[string]uint64 `json:"coverage"`
	Artifact map[string]string `json:"artifacts"`
	Repro    []string          `json:"repro"`
}

// Choices counts the decisions that bundles list, see engine.Report.
type Choices struct {
	Taken   int `json:"taken"`   // in this run
	Given   int `json:"given"`   // by the bundle that it repeats
	Matched int `json:"matched"` // of those: how many were taken again
}

// Config is the configuration of a run, with defaults filled in.
type Config struct {
	Servers int      `json:"servers"`
	Clients int      `json:"clients"`
	ForNS   int64    `json:"for_ns"`
	Profile string   `json:"profile"`
	Bugs    []string `json:"bugs"`
	Redraw  *Redraw  `json:"redraw,omitempty"`
	Skip    []string `json:"skip,omitempty"` // tasks of clients that are left out: "c3 5-87", "c3" for all
}

// Redraw says that the rest of a run was drawn anew, see engine.Redraw.
type Redraw struct {
	Step uint64 `json:"step"` // after it
	Draw uint64 `json:"draw"` // from 1
	Calm bool   `json:"calm,omitempty"`
	Only string `json:"only,omitempty"` // delays or choices; empty: everything was drawn anew
}

// Document makes the JSON form.
func (r *Run) Document() *Document {
	d := &Document{
		Schema:   Schema,
		Verdict:  r.Verdict,
		AtNS:     int64(r.Virtual),
		Step:     r.Step,
		Story:    []string{},
		Seed:     Seed(r.Config.Seed),
		Package:  r.Package,
		Test:     r.Test,
		Choices:  Choices{len(r.Choices), len(r.Config.Choices), r.Matched},
		Config:   r.config(),
		Shrunk:   r.Shrunk,
		Turning:  r.Turning,
		Schedule: r.Statements(),
		Drawn:    append([]string{}, r.Drawn...),
		Hash:     Hash(r.Hash),
		Build:    r.Build,
		Virtual:  int64(r.Virtual),
		Wall:     int64(r.Wall),
		Counts:   Counts(r.Counts),
		Coverage: coverage(r.Counts),
		Artifact: r.Artifacts,
		Repro:    append([]string{}, r.Repro...),
	}
	if d.Artifact == nil {
		d.Artifact = map[string]string{}
	}
	if r.Verdict != engine.VerdictOK {
		d.Story = append(d.Story, StoryOf(r.Report, StoryMax)...)
	}
	if v := r.Violation; v != nil {
		d.Property, d.Place, d.AtNS, d.Detail = string(v.Property), v.Place, int64(v.At), v.Detail
		if v.Server != 0 {
			d.Server = v.Server.String()
		}
	} else {
		d.Detail = r.doubts()
	}
	return d
}

func (r *Run) config() Config {
	c := Config{
		Servers: r.Config.Servers,
		Clients: max(0, r.Config.Clients), // not engine.NoClients
		ForNS:   int64(r.Config.For),
		Profile: r.Config.Profile,
		Bugs:    r.Config.Bugs.Slugs(),
		Skip:    skipped(r.Config.Skip),
	}
	if n := r.Config.Redraw; n.Draw != 0 {
		c.Redraw = &Redraw{n.Step, n.Draw, n.Calm, string(n.Only)}
	}
	return c
}

// Statements are the fault statements of the run, in canonical form; not nil.
func (r *Run) Statements() []string {
	lines := []string{}
	for _, st := range r.Schedule {
		lines = append(lines, st.String())
	}
	return lines
}

// Counts names the counters.
func Counts(c engine.Counts) map[string]uint64 {
	return map[string]uint64{
		"events": c.Events, "elections": c.Elections, "diff": c.Diff, "trunc": c.Trunc, "snap": c.Snap,
		"snapshots": c.Snapshots, "sessions_opened": c.SessionsOpened, "sessions_expired": c.SessionsExpired,
		"sessions_closed": c.SessionsClosed, "reconnects": c.Reconnects, "operations": c.Operations,
		"operations_ok": c.OperationsOK, "operations_failed": c.OperationsFailed,
		"operations_unknown": c.OperationsUnknown, "watches": c.Watches, "txns": c.Txns,
		"messages": c.Messages, "bytes": c.Bytes, "fsyncs": c.Fsyncs, "crashes": c.Crashes,
		"kills": c.Kills, "stops": c.Stops, "starts": c.Starts, "exits": c.Exits, "crashes_in_sync": c.CrashesInSync,
		"faults_on_nobody": c.FaultsOnNobody, "crashes_in_snapshot": c.CrashesInSnapshot, "leaders_down": c.LeadersDown,
		"two_leaders": c.TwoLeaders, "quorums_lost": c.QuorumsLost, "expiries_in_election": c.ExpiriesInElection,
		"half_open": c.HalfOpen, "torn_tails": c.TornTails, "too_busy_to_snap": c.TooBusyToSnap, "disk_full": c.DiskFull,
	}
}
