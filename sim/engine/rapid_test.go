package engine

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/fault/faultgen"
)

// A small ensemble for drawn schedules.
const (
	rapidServers = 3
	rapidClients = 2
	rapidFor     = 10 * time.Second
	rapidFaults  = 5
)

// survives is the property: whatever befalls an ensemble, it does not break its
// promises, and when the faults are undone it comes to work again.
func survives(plant func(*cluster)) func(*rapid.T) {
	schedules := faultgen.Schedule(rapidServers, rapidClients, rapidFor, rapidFaults)
	return func(t *rapid.T) {
		cfg := Config{Servers: rapidServers, Clients: rapidClients, For: rapidFor,
			Seed: rapid.Uint64Range(1, 1<<16).Draw(t, "seed"), Faults: schedules.Draw(t, "schedule")}
		cfg = cfg.withDefaults()
		if err := cfg.check(); err != nil {
			t.Skip(err)
		}
		c := newCluster(cfg)
		plant(c)
		c.run()
		if c.violation != nil {
			t.Fatalf("%v: %s\nagain: %s", c.violation.Property, c.violation.Detail, command(cfg))
		}
	}
}

// drawOnly lowers how many schedules are drawn, unless the command line says how many.
func drawOnly(t *testing.T, n string) {
	f := flag.Lookup("rapid.checks")
	if was := f.Value.String(); was == f.DefValue {
		require.NoError(t, f.Value.Set(n))
		t.Cleanup(func() { require.NoError(t, f.Value.Set(was)) })
	}
}

func TestEnsemblesSurviveDrawnSchedules(t *testing.T) {
	drawOnly(t, "25")
	rapid.Check(t, survives(func(*cluster) {}))
}

// recorder is a test that may fail without failing this one.
type recorder struct {
	testing.TB
	log    strings.Builder
	failed bool
}

func (r *recorder) Helper()                           {}
func (r *recorder) Logf(format string, args ...any)   { fmt.Fprintf(&r.log, format+"\n", args...) }
func (r *recorder) Errorf(format string, args ...any) { r.failed = true; r.Logf(format, args...) }
func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...) }
func (r *recorder) Fail()                             { r.failed = true }
func (r *recorder) FailNow()                          { r.failed = true }
func (r *recorder) Failed() bool                      { return r.failed }

// reborn is a core that goes wrong in every life but its first.
type reborn struct{ stepper }

func (b reborn) Step(in *node.Input) *node.Output {
	out := b.stepper.Step(in)
	for i := range out.Notes {
		if n := &out.Notes[i]; n.Kind == node.NoteApplied {
			n.Digest++
		}
	}
	return out
}

// A defect that only a restart shows is found, shrunk to one fault, and told with
// the line that repeats it.
func TestDrawnSchedulesFindAndShrinkAPlantedDefect(t *testing.T) {
	drawOnly(t, "25")
	require.NoError(t, flag.Set("rapid.nofailfile", "true"))
	defer func() { require.NoError(t, flag.Set("rapid.nofailfile", "false")) }()
	r := &recorder{TB: t}
	rapid.Check(r, survives(func(c *cluster) {
		honest, lives := c.newCore, map[proto.ServerID]int{}
		c.newCore = func(cfg node.Config, recovered *store.Recovered) stepper {
			lives[cfg.ID]++
			if core := honest(cfg, recovered); lives[cfg.ID] == 1 {
				return core
			} else {
				return reborn{core}
			}
		}
	}))
	require.True(t, r.failed)
	text := r.log.String()
	assert.Contains(t, text, string(proto.DigestEquality))
	_, line, found := strings.Cut(text, "again: ")
	require.True(t, found, text)
	line, _, _ = strings.Cut(line, "\n")
	assert.Equal(t, 1, strings.Count(line, "--fault"), "shrunk: %s", line)
	_, statement, _ := strings.Cut(line, "--fault '")
	s, err := fault.Parse(strings.TrimRight(statement, "'"))
	require.NoError(t, err, line)
	assert.NoError(t, s.Validate(rapidServers, rapidClients))
}
