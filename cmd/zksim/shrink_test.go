package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/report"
)

// failing stands in for the simulator: every run with a statement fails.
func failing(cfg engine.Config) (*engine.Report, error) {
	r := &engine.Report{Config: cfg, Schedule: append(append([]fault.Statement{}, cfg.Schedule...), cfg.Faults...), Verdict: engine.VerdictOK,
		Virtual: cfg.For, Tasks: make([]uint64, max(0, cfg.Clients))}
	if len(r.Schedule) > 0 {
		r.Verdict = engine.VerdictViolated
		r.Violation = &proto.Violation{Property: proto.Progress, Place: "lag", At: cfg.For}
	}
	return r, nil
}

// failingBundle writes the bundle of a run with some statements.
func failingBundle(t *testing.T) string {
	cfg := engine.Config{Seed: 9, Servers: 3, Clients: 2, For: 20 * time.Second, Profile: engine.ProfileSwarm}
	for _, text := range []string{"at 3s kill zk1", "at 5s kill zk2", "at 7s kill zk3"} {
		st, err := fault.Parse(text)
		require.NoError(t, err)
		cfg.Faults = append(cfg.Faults, st)
	}
	rep, err := failing(cfg)
	require.NoError(t, err)
	b, err := bundle.New(&report.Run{Report: rep})
	require.NoError(t, err)
	data, err := b.Bytes()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "x.simrun")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

// An interrupt ends a shrinking, and what was reached by then is written down.
func TestInterruptedShrinkKeepsTheBest(t *testing.T) {
	path := failingBundle(t)
	small := filepath.Join(filepath.Dir(path), "small.simrun")
	interrupts := make(chan os.Signal, 1)
	var runs atomic.Int64
	b := newBench(func(cfg engine.Config) (*engine.Report, error) {
		if runs.Add(1) == 12 {
			interrupts <- os.Interrupt
			time.Sleep(50 * time.Millisecond) // until it has been heard
		}
		return failing(cfg)
	})
	b.interrupts = interrupts
	require.Equal(t, exitInterrupted, b.main([]string{"shrink", path, "-o", small, "--jobs", "1"}), b.err.String())
	assert.Contains(t, b.out.String(), "interrupted; this is what was reached")
	data, err := os.ReadFile(small)
	require.NoError(t, err)
	kept, err := bundle.Parse(small, data)
	require.NoError(t, err)
	assert.Less(t, len(kept.Schedule), 3)
	assert.NotEmpty(t, kept.Schedule)
	assert.Equal(t, 3, kept.Document.Shrunk.Statements)
}

// A run that ends otherwise when it is replayed is not written down.
func TestShrinkWritesNothingThatDoesNotReproduce(t *testing.T) {
	path := failingBundle(t)
	small := filepath.Join(filepath.Dir(path), "small.simrun")
	var runs atomic.Int64
	b := newBench(func(cfg engine.Config) (*engine.Report, error) {
		r, err := failing(cfg)
		r.Hash = uint64(runs.Add(1))
		return r, err
	})
	assert.Equal(t, exitUnknown, b.main([]string{"shrink", path, "-o", small, "--jobs", "1"}), b.out.String())
	assert.Contains(t, b.err.String(), "ends otherwise when it is replayed")
	assert.NoFileExists(t, small)
}

// On a terminal one line is drawn again; elsewhere there is a line now and then.
func TestProgressOfShrink(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		b := newBench(failing)
		b.watched = terminal
		path := failingBundle(t)
		require.Equal(t, exitOK, b.main([]string{"shrink", path, "--jobs", "1"}), b.err.String())
		assert.Regexp(t, `[0-9]+/1,000 runs  3 -> [1-3] statements  3 -> [13] servers  2 -> [0-2] clients  [a-z]`, b.err.String())
		assert.Equal(t, terminal, bytes.Contains(b.err.Bytes(), []byte("\r\x1b[K")))
	}
}

// A simulator that fails is a run that cannot be made, and a reason if it is the
// first.
func TestShrinkOfWhatBringsTheSimulatorDown(t *testing.T) {
	b := newBench(func(engine.Config) (*engine.Report, error) { panic("no memory") })
	assert.Equal(t, exitUnknown, b.main([]string{"shrink", failingBundle(t)}))
	assert.Contains(t, b.err.String(), "the simulator itself failed: no memory")
}

// What comes of runs is in the order of the list, up to the first of which it is
// enough, however many are made at a time and whichever ends first.
func TestTrialsComeInOrder(t *testing.T) {
	var list []engine.Config
	for seed := range uint64(20) {
		list = append(list, engine.Config{Seed: seed})
	}
	for _, jobs := range []int{1, 3, 50} {
		var mu sync.Mutex
		most, now := 0, 0
		b := newBench(func(cfg engine.Config) (*engine.Report, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Duration(20-cfg.Seed) * 100 * time.Microsecond)
			mu.Lock()
			now--
			mu.Unlock()
			return &engine.Report{Config: cfg}, nil
		})
		trials := b.newTrials(context.Background(), jobs, func() {})
		seed := func(r *engine.Report) uint64 { return r.Config.Seed }
		came := runTrials(trials, list, seed, func(s *uint64) bool { return *s == 7 || *s == 11 })
		assert.Equal(t, []uint64{0, 1, 2, 3, 4, 5, 6, 7}, came)
		came = runTrials(trials, list, seed, func(*uint64) bool { return false })
		assert.Len(t, came, 20)
		mu.Lock()
		assert.LessOrEqual(t, most, jobs, "runs that nobody waits for any more count too")
		mu.Unlock()
	}
}
