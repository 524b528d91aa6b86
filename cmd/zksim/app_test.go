package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// bench is an app whose every outside is the test's.
type bench struct {
	app
	out, err bytes.Buffer
	cfg      engine.Config // of the last simulation
	vars     map[string]string
	mu       sync.Mutex // of what jobs share
}

func newBench(simulate func(engine.Config) (*engine.Report, error)) *bench {
	b := &bench{vars: map[string]string{}}
	instant := time.Unix(0, 0)
	b.app = app{
		stdout:  &b.out,
		stderr:  &b.err,
		columns: func() int { return report.Columns },
		build:   func() report.Build { return report.Build{Version: "devel", Commit: "c0ffee"} },
		env:     func(k string) string { return b.vars[k] },
		now: func() time.Time {
			b.mu.Lock()
			defer b.mu.Unlock()
			instant = instant.Add(250 * time.Millisecond)
			return instant
		},
		drawSeed: func() (uint64, error) { return 0xd1ce, nil },
		simulate: func(cfg engine.Config) (*engine.Report, error) {
			b.mu.Lock()
			b.cfg = cfg
			b.mu.Unlock()
			return simulate(cfg)
		},
	}
	b.app.head = func() (string, error) { return "c0ffee", nil }
	b.app.letGo = func() {}
	b.app.workers = func(cfg engine.Config) worker { return &local{&b.app, cfg} }
	return b
}

// local is a worker that runs tasks in this process.
type local struct {
	a   *app
	cfg engine.Config
}

func (w *local) run(t *task, limit time.Duration, quit <-chan struct{}) (*answer, error) {
	done := make(chan *answer, 1)
	cfg := w.cfg
	cfg.Seed = t.Seed
	go func() { done <- w.a.carryOut(cfg, t) }()
	select {
	case ans := <-done:
		return ans, nil
	case <-time.After(limit):
		return nil, &death{"run-timeout", "too long"}
	case <-quit:
		return nil, errQuit
	}
}

func (w *local) dead() bool   { return false }
func (w *local) stop() string { return "" }

func reportOK(cfg engine.Config) (*engine.Report, error) {
	return &engine.Report{Config: cfg, Verdict: engine.VerdictOK, Virtual: 61 * time.Second, Hash: 0xabc}, nil
}

func TestFlagsReachTheConfiguration(t *testing.T) {
	b := newBench(reportOK)
	code := b.main([]string{"run", "--seed", "0x1F", "--servers", "3", "--clients", "4", "--for", "30s",
		"--fault", "at 10s kill leader", "--fault", "at 20s for 5s crash one", "--bug", "sync-without-quorum"})
	require.Equal(t, exitOK, code, b.err.String())
	assert.Equal(t, uint64(0x1f), b.cfg.Seed)
	assert.Equal(t, 3, b.cfg.Servers)
	assert.Equal(t, 4, b.cfg.Clients)
	assert.Equal(t, 30*time.Second, b.cfg.For)
	assert.Len(t, b.cfg.Faults, 2)
	assert.Equal(t, node.Bugs{SyncWithoutQuorum: true}, b.cfg.Bugs)
}

func TestDefaultsAreThoseOfHelp(t *testing.T) {
	b := newBench(reportOK)
	require.Equal(t, exitOK, b.main([]string{"run"}))
	assert.Equal(t, engine.Config{Seed: 0xd1ce, Servers: 5, Clients: 10, For: time.Minute, Profile: "lan"}, b.cfg)
	assert.Contains(t, b.out.String(), "seed 0x000000000000d1ce", "a drawn seed is printed")
}

func TestEveryOutcomeHasItsCode(t *testing.T) {
	verdict := func(v engine.Verdict) func(engine.Config) (*engine.Report, error) {
		return func(cfg engine.Config) (*engine.Report, error) { return &engine.Report{Config: cfg, Verdict: v}, nil }
	}
	for name, c := range map[string]struct {
		simulate func(engine.Config) (*engine.Report, error)
		code     int
		stderr   string
	}{
		"ok":         {verdict(engine.VerdictOK), exitOK, ""},
		"violated":   {verdict(engine.VerdictViolated), exitViolated, ""},
		"unknown":    {verdict(engine.VerdictUnknown), exitUnknown, ""},
		"none":       {verdict("perhaps"), exitInternal, "no verdict"},
		"impossible": {func(engine.Config) (*engine.Report, error) { return nil, errors.New("no such place") }, exitUsage, "zksim: no such place"},
		"panic":      {func(engine.Config) (*engine.Report, error) { panic("broken") }, exitInternal, "broken, with seed 0x0000000000000001"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, form := range []string{"--color=never", "--json", "--quiet"} {
				b := newBench(c.simulate)
				assert.Equal(t, c.code, b.main([]string{"run", "--seed", "1", form}), "the form %s must not matter", form)
				assert.Contains(t, b.err.String(), c.stderr)
				if c.stderr == "" {
					assert.Empty(t, b.err.String())
				}
			}
		})
	}
}

func TestSeedCannotBeDrawn(t *testing.T) {
	b := newBench(reportOK)
	b.drawSeed = func() (uint64, error) { return 0, errors.New("no entropy") }
	assert.Equal(t, exitInternal, b.main([]string{"run"}))
	assert.Contains(t, b.err.String(), "no entropy")
}

func TestInterrupt(t *testing.T) {
	for _, form := range []string{"--color=never", "--json"} {
		interrupts := make(chan os.Signal, 1)
		b := newBench(func(engine.Config) (*engine.Report, error) {
			interrupts <- os.Interrupt
			select {} // a simulation hears no signal
		})
		b.interrupts = interrupts
		assert.Equal(t, exitInterrupted, b.main([]string{"run", "--seed", "1", form}))
		assert.Contains(t, b.out.String(), "zksim run --seed 0x0000000000000001")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestLostOutputIsAFailureOfTheTool(t *testing.T) {
	b := newBench(reportOK)
	b.stdout = brokenPipe{}
	assert.Equal(t, exitInternal, b.main([]string{"run", "--seed", "1"}))
	assert.Contains(t, b.err.String(), "broken pipe")
}

func TestColour(t *testing.T) {
	for name, c := range map[string]struct {
		vars     map[string]string
		terminal bool
		mode     string
		want     bool
	}{
		"terminal":                {nil, true, "auto", true},
		"no terminal":             {nil, false, "auto", false},
		"NO_COLOR":                {map[string]string{"NO_COLOR": "1"}, true, "auto", false},
		"empty NO_COLOR":          {map[string]string{"NO_COLOR": ""}, true, "auto", true},
		"dumb":                    {map[string]string{"TERM": "dumb"}, true, "auto", false},
		"forced":                  {map[string]string{"FORCE_COLOR": "1"}, false, "auto", true},
		"forced the other way":    {map[string]string{"CLICOLOR_FORCE": "yes"}, false, "auto", true},
		"forced by 0":             {map[string]string{"CLICOLOR_FORCE": "0"}, false, "auto", false},
		"NO_COLOR beats force":    {map[string]string{"NO_COLOR": "1", "FORCE_COLOR": "1"}, true, "auto", false},
		"always beats everything": {map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, false, "always", true},
		"never beats everything":  {map[string]string{"FORCE_COLOR": "1"}, true, "never", false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(reportOK)
			b.vars, b.terminal = c.vars, c.terminal
			require.Equal(t, exitOK, b.main([]string{"run", "--seed", "1", "--color", c.mode}))
			assert.Equal(t, c.want, strings.Contains(b.out.String(), "\x1b["))
		})
	}
}

func violated(cfg engine.Config) (*engine.Report, error) {
	return &engine.Report{
		Config:  cfg,
		Verdict: engine.VerdictViolated,
		Violation: &proto.Violation{
			Property: proto.PrefixConsistency, Server: 3, Place: "follower, log stage", At: 39204 * time.Millisecond,
			Detail: "zk3 delivered 5.12 (0x50000000c) where zk2 had delivered 5.11 then 6.1; the log of zk3 holds four transactions more.",
		},
		Step: 8410, Hash: 0x8c41d7a2e90b3f56, Virtual: 39204 * time.Millisecond,
		Drawn: []string{"links 1ms-2ms", "fsync 1ms-5ms"},
	}, nil
}

func TestViolationIsTold(t *testing.T) {
	b := newBench(violated)
	require.Equal(t, exitViolated, b.main([]string{"run", "--seed", "1", "--fault", "at 10s kill leader"}))
	text := b.out.String()
	assert.True(t, strings.HasPrefix(text, "VIOLATED  PrefixConsistency  "), text)
	assert.Contains(t, text, "\nat 00:39.204  step 8410  zk3  (follower, log stage)\n\n  zk3 delivered 5.12")
	assert.Contains(t, text, "\nrepro\n  zksim run --seed 0x0000000000000001 --fault 'at 10s kill leader'\n")
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, len(strings.TrimSuffix(line, "\n")), report.Columns, line)
	}
}

// Whatever the flags say, the repro line says it again.
func TestReproLineRepeatsTheRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := engine.Config{
			Seed:    rapid.Uint64().Draw(t, "seed"),
			Servers: rapid.IntRange(1, 9).Draw(t, "servers"),
			Clients: rapid.SampledFrom([]int{engine.NoClients, 1, 10, 20}).Draw(t, "clients"),
			For:     time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "for")),
			Profile: "lan",
			Bugs:    node.Bugs{SyncWithoutQuorum: rapid.Bool().Draw(t, "bug")},
		}
		b := newBench(reportOK)
		args := strings.Fields(repro.Line(cfg))
		require.Equal(t, exitOK, b.main(args[1:]), b.err.String())
		require.Equal(t, cfg, b.cfg)
	})
}
