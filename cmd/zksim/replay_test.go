package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// written runs a short simulation with --out and returns the bundle's path.
func bundleOf(t *testing.T, b *bench, args ...string) string {
	dir := t.TempDir()
	b.main(append([]string{"run", "--servers", "3", "--clients", "2", "--for", "6s", "--out", dir}, args...))
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, 1, b.err.String())
	return files[0]
}

// A replay that differs is a violation where the code is the bundle's own, and
// tells nothing of other code.
func TestDifferenceIsBlamedOnTheSameCodeOnly(t *testing.T) {
	leaky := func(cfg engine.Config) (*engine.Report, error) {
		cfg.Nondeterminism = true
		return engine.Run(cfg)
	}
	path := bundleOf(t, newBench(engine.Run), "--seed", "5")
	for _, c := range []struct {
		commit string
		code   int
		expect []string
	}{
		{"c0ffee", exitViolated, nil},
		{"c0ffee+dirty", exitUnknown, nil},
		{"deadbeef", exitUnknown, nil},
		{"", exitUnknown, nil},
		{"c0ffee", exitViolated, []string{"--expect", "Determinism"}},
		{"c0ffee", exitUnknown, []string{"--expect", "Progress"}},
		{"deadbeef", exitUnknown, []string{"--expect", "Determinism"}},
	} {
		b := newBench(leaky)
		b.build = func() report.Build { return report.Build{Version: "devel", Commit: c.commit} }
		assert.Equal(t, c.code, b.main(append([]string{"replay", path, "--verify"}, c.expect...)), "%+v: %s", c, b.err.String())
		assert.Contains(t, b.out.String(), "Determinism")
		assert.Regexp(t, `first\s+differing\s+event\s+is\s+step\s+[0-9]+\s+\([0-9:.]+\),\s+which\s+is\s+here:\s+an\s+order\s+is\s+drawn\s+outside\s+of\s+the\s+seed\.`, b.out.String())
	}
	b := newBench(engine.Run)
	assert.Equal(t, exitOK, b.main([]string{"replay", path, "--verify"}))
	assert.Contains(t, b.out.String(), "checkpoints equal")
	b = newBench(leaky)
	assert.Equal(t, exitOK, b.main([]string{"replay", path}), "without --verify the verdict counts")
}

// Code that differs elsewhere each time gets no words, but a step.
func TestDifferenceThatIsNeverMetAgain(t *testing.T) {
	path := bundleOf(t, newBench(engine.Run), "--seed", "5")
	runs := 0
	b := newBench(func(cfg engine.Config) (*engine.Report, error) {
		r, err := engine.Run(cfg)
		runs++
		r.Events[50-10*runs]++
		r.Checkpoints[0].Hash++
		return r, err
	})
	assert.Equal(t, exitViolated, b.main([]string{"replay", path, "--verify"}))
	assert.Equal(t, 1+differsTries, runs)
	assert.Regexp(t, `first\s+differing\s+event\s+is\s+step\s+11;\s+it\s+was\s+not\s+met\s+again\.\s+The\s+first\s+differing\s+checkpoint:`, b.out.String())
}

// A run that ends earlier than the bundle's, or goes on, differs at that event.
func TestDifferenceAtTheEnd(t *testing.T) {
	path := bundleOf(t, newBench(engine.Run), "--seed", "5", "--fault", "at 2s kill zk1")
	shorter := func(cfg engine.Config) (*engine.Report, error) {
		cfg.Until = engine.Moment{Step: 500}
		r, err := engine.Run(cfg)
		r.Stopped = false
		return r, err
	}
	b := newBench(shorter)
	assert.Equal(t, exitViolated, b.main([]string{"replay", path, "--verify"}))
	assert.Regexp(t, `first\s+differing\s+event\s+is\s+step\s+501,\s+which\s+the\s+bundle\s+has\s+and\s+this\s+run\s+has\s+not\.`, b.out.String())

	path = bundleOf(t, newBench(shorter), "--seed", "5")
	b = newBench(engine.Run)
	assert.Equal(t, exitViolated, b.main([]string{"replay", path, "--verify"}))
	assert.Regexp(t, `step\s+501\s+\([^)]*\),\s+which\s+is\s+here:[^.]*\.(.|\n)*The\s+run\s+of\s+the\s+bundle\s+ends\s+before\s+it`, b.out.String())
}

func TestReleasesAreTheSameCode(t *testing.T) {
	release := report.Build{Version: "v1.2.0"}
	assert.True(t, sameCode(release, release))
	assert.False(t, sameCode(release, report.Build{Version: "v1.3.0"}))
	assert.False(t, sameCode(report.Build{Version: "devel"}, report.Build{Version: "devel"}), "nobody knows")
	assert.False(t, sameCode(report.Build{Version: "devel", Commit: "a"}, report.Build{Version: "devel"}))
}

// What a bundle says of a swarm is what the replay carries out, not what the
// seed would draw now.
func TestReplayRunsTheScheduleOfTheBundle(t *testing.T) {
	b := newBench(engine.Run)
	path := bundleOf(t, b, "--seed", "5", "--profile", "swarm", "--for", "20s", "--fault", "at 3s kill zk1")
	drawn := b.cfg
	require.Nil(t, drawn.Schedule)
	replayed := newBench(engine.Run)
	require.Contains(t, []int{exitOK, exitViolated}, replayed.main([]string{"replay", path, "--verify"}), replayed.err.String())
	assert.Contains(t, replayed.out.String(), "checkpoints equal")
	assert.Greater(t, len(replayed.cfg.Schedule), 1)
	assert.Empty(t, replayed.cfg.Faults)
}

func TestInterruptedReplay(t *testing.T) {
	path := bundleOf(t, newBench(engine.Run), "--seed", "5")
	interrupts := make(chan os.Signal, 1)
	b := newBench(func(engine.Config) (*engine.Report, error) {
		interrupts <- os.Interrupt
		select {}
	})
	b.interrupts = interrupts
	assert.Equal(t, exitInterrupted, b.main([]string{"replay", path}))
	assert.Contains(t, b.out.String(), "zksim replay ")
}

func TestMomentValue(t *testing.T) {
	var v momentValue
	require.NoError(t, v.Set("8410"))
	assert.Equal(t, engine.Moment{Step: 8410}, v.moment)
	require.NoError(t, v.Set("38.5s"))
	assert.Equal(t, engine.Moment{At: 38500 * time.Millisecond}, v.moment)
	assert.Equal(t, "38.5s", v.String())
	for _, bad := range []string{"0", "0s", "-3s", "soon", ""} {
		assert.Error(t, v.Set(bad), bad)
	}
}

// What a bundle says of the end and the code that wrote it contradicts, somebody
// has written there. Other code may judge otherwise.
func TestEditedVerdictIsNoVerifiedBundle(t *testing.T) {
	path := bundleOf(t, newBench(engine.Run), "--seed", "5")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data = bytes.Replace(data, []byte(`"verdict": "ok"`), []byte(`"verdict": "unknown"`), 1)
	require.NoError(t, os.WriteFile(path, data, 0o666))
	b := newBench(engine.Run)
	assert.Equal(t, exitUnknown, b.main([]string{"replay", path, "--verify"}))
	assert.Contains(t, b.err.String(), " was edited: it says that the run ends \"unknown\"; it ends \"ok\"\n")
	assert.Empty(t, b.out.String())
	b = newBench(engine.Run)
	b.build = func() report.Build { return report.Build{Version: "devel", Commit: "deadbeef"} }
	assert.Equal(t, exitOK, b.main([]string{"replay", path, "--verify"}))
	assert.Contains(t, b.err.String(), " says that the run ends \"unknown\"; it ends \"ok\"\n")
	assert.NotContains(t, b.err.String(), "edited")
}

// The history of a bundle that cannot be decided by itself names the replay of
// that bundle.
func TestUndecidedHistoryNamesTheReplay(t *testing.T) {
	path := bundleOf(t, newBench(engine.Run), "--seed", "5")
	b := newBench(engine.Run)
	require.Equal(t, exitOK, b.main([]string{"check", path}))
	assert.NotContains(t, b.out.String(), "zksim replay")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	parsed, err := bundle.Parse(path, data)
	require.NoError(t, err)
	parsed.History = []byte(`{"client":"c1","session":"0x1","xid":1,"op":"create","args":{"path":"/a","data":"t:1","flags":7},"call":1,"return":2,"outcome":"ok","err":0,"zxid":4294967299,"result":{"op":"create","path":"/a"}}` + "\n")
	data, err = parsed.Bytes()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data, 0o666))
	b = newBench(engine.Run)
	require.Equal(t, exitUnknown, b.main([]string{"check", path, "--json"}), b.err.String())
	assert.Contains(t, b.out.String(), "zksim replay "+path+" judges it with the servers' own order.")
}
