package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// mixed is a run whose hash hangs on the seed alone.
func mixed(cfg engine.Config) (*engine.Report, error) {
	h := cfg.Seed * 0x9e3779b97f4a7c15
	return &engine.Report{
		Config: cfg, Verdict: engine.VerdictOK, Step: 300, Hash: h, Virtual: time.Second,
		Checkpoints: []engine.Checkpoint{{Step: 100, At: time.Millisecond, Hash: h >> 1}, {Step: 200, At: time.Minute, Hash: h >> 2}},
		Counts:      engine.Counts{Events: 300},
	}, nil
}

func invoke(simulate simulation, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(args, &out, &err, simulate)
	return code, out.String(), err.String()
}

func TestListKeepsTheOrderOfSeeds(t *testing.T) {
	code, one, _ := invoke(mixed, "-seeds", "1-9", "-checkpoints")
	require.Equal(t, exitOK, code)
	code, four, _ := invoke(mixed, "-seeds", "1-9", "-checkpoints", "-jobs", "4")
	require.Equal(t, exitOK, code)
	assert.Equal(t, one, four)
	assert.Contains(t, one, "0x0000000000000001 checkpoint 100 1ms 4f1bbcdcbfa53e0a\n")
	assert.Contains(t, one, "0x0000000000000001 ok 300 1s 9e3779b97f4a7c15\n")
}

func TestRunThatIsNotOKIsTold(t *testing.T) {
	bad := func(cfg engine.Config) (*engine.Report, error) {
		rep, err := mixed(cfg)
		if cfg.Seed == 3 {
			rep.Verdict, rep.Violation = engine.VerdictViolated, &proto.Violation{Property: proto.Progress, Detail: "no leader"}
		}
		return rep, err
	}
	for _, how := range []string{"-jobs=2", "-twice", "-measure"} {
		code, _, stderr := invoke(bad, "-seeds", "1-5", how)
		assert.Equal(t, exitViolated, code, how)
		assert.Equal(t, "0x0000000000000003 violated Progress: no leader\n  zksim run --seed 0x0000000000000003\n", stderr, how)
	}
}

func TestTwiceCatchesALeak(t *testing.T) {
	code, out, _ := invoke(mixed, "-seeds", "1-3", "-twice")
	assert.Equal(t, exitOK, code)
	assert.Equal(t, "0 of 3 seeds differ\n", out)

	var runs atomic.Int64
	leaky := func(cfg engine.Config) (*engine.Report, error) {
		rep, err := mixed(cfg)
		if n := runs.Add(1); cfg.Seed == 2 {
			rep.Checkpoints[1].Hash += uint64(n)
			rep.Hash += uint64(n)
		}
		return rep, err
	}
	code, out, _ = invoke(leaky, "-seeds", "1-3", "-twice")
	assert.Equal(t, exitViolated, code)
	assert.Contains(t, out, "0x0000000000000002 differs first at\n  checkpoint 200 1m0s ", "the first differing checkpoint is named")
	assert.Contains(t, out, "1 of 3 seeds differ\n")
}

func TestDiffOfFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	a := file("a", "0x1 checkpoint 1 1s aa\n0x1 ok 2 2s bb\n0x2 ok 2 2s cc\n")
	same := file("same", "0x1 checkpoint 1 1s aa\n0x1 ok 2 2s bb\n0x2 ok 2 2s cc\n")
	shorter := file("shorter", "0x1 checkpoint 1 1s aa\n0x1 ok 2 2s bb\n")
	empty := file("empty", "")

	code, out, _ := invoke(mixed, "-diff", a, same)
	assert.Equal(t, exitOK, code, out)
	for _, pair := range [][2]string{{a, shorter}, {shorter, a}} {
		code, out, _ = invoke(mixed, "-diff", pair[0], pair[1])
		assert.Equal(t, exitViolated, code, "a seed that is missing is a difference")
		assert.Contains(t, out, "0x2 differs first at")
		assert.Contains(t, out, "nothing")
	}
	code, _, stderr := invoke(mixed, "-diff", empty, empty)
	assert.Equal(t, exitInternal, code, "nothing compared is nothing shown")
	assert.Contains(t, stderr, "both lists are empty")
	code, _, _ = invoke(mixed, "-diff", a, filepath.Join(dir, "absent"))
	assert.Equal(t, exitInternal, code)
}

func TestBadArguments(t *testing.T) {
	for _, args := range [][]string{
		{"-seeds", "x"}, {"-jobs", "0"}, {"file"}, {"-diff", "one"}, {"-fault", "at noon"}, {"-no-such-flag"},
	} {
		code, _, stderr := invoke(mixed, args...)
		assert.Equal(t, exitUsage, code, args)
		assert.NotEmpty(t, stderr)
	}
	code, _, _ := invoke(func(engine.Config) (*engine.Report, error) { return nil, errors.New("no") }, "-seeds", "1")
	assert.Equal(t, exitInternal, code)
}

func TestMeasure(t *testing.T) {
	code, out, _ := invoke(mixed, "-seeds", "1-3", "-measure")
	assert.Equal(t, exitOK, code)
	assert.Regexp(t, `^median_us \d+\nevents 300\nmemory_mib \d+\n$`, out)
	assert.Equal(t, 3*time.Second, median([]time.Duration{99 * time.Second, 1 * time.Second, 3 * time.Second, 5 * time.Second}))
	assert.Equal(t, 7*time.Second, median([]time.Duration{7 * time.Second}))
}
