package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// every third seed violates, every seventh cannot be judged.
func mixed(cfg engine.Config) (*engine.Report, error) {
	rep := &engine.Report{Config: cfg, Verdict: engine.VerdictOK, Virtual: time.Minute, Step: 10, Hash: cfg.Seed}
	switch {
	case cfg.Seed%3 == 0:
		rep.Verdict = engine.VerdictViolated
		rep.Violation = &proto.Violation{Property: proto.Progress, Place: []string{"no-leader", "lag"}[cfg.Seed%2], Detail: "stuck"}
	case cfg.Seed%7 == 0:
		rep.Verdict = engine.VerdictUnknown
	}
	return rep, nil
}

func TestExploreSumsUp(t *testing.T) {
	dir := t.TempDir()
	b := newBench(mixed)
	require.Equal(t, exitViolated, b.main([]string{"explore", "--seeds", "1-60", "--jobs", "3", "--out", dir}), b.err.String())
	text := b.out.String()
	assert.True(t, strings.HasPrefix(text, "VIOLATED  34 of 60 runs ok  20 violated  6 unknown\n"), text)
	assert.Contains(t, text, "FAIL  Progress            lag                       10 seeds  first 0x0000000000000003  ")
	assert.Contains(t, text, "FAIL  Progress            no-leader                 10 seeds  first 0x0000000000000006  ")
	assert.Contains(t, text, "UNKNOWN                      undecided                 6 seeds  first 0x0000000000000007  ")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Len(t, files, 3*bundlesPerKind, "at most so many of a kind are written down")
}

// Jobs change speed, never results or their order.
func TestJobsChangeNothing(t *testing.T) {
	slowThirds := func(cfg engine.Config) (*engine.Report, error) {
		if cfg.Seed%3 == 1 {
			time.Sleep(3 * time.Millisecond)
		}
		return mixed(cfg)
	}
	var want string
	for _, jobs := range []string{"1", "2", "7"} {
		b := newBench(slowThirds)
		b.now = func() time.Time { return time.Unix(0, 0) }
		require.Equal(t, exitViolated, b.main([]string{"explore", "--seeds", "1-40", "--jobs", jobs, "--json"}))
		if want == "" {
			want = b.out.String()
		}
		assert.Equal(t, want, b.out.String())
		assert.Equal(t, 40, strings.Count(want, "\n"))
	}
}

func TestExploreSurvivesAPanic(t *testing.T) {
	b := newBench(func(cfg engine.Config) (*engine.Report, error) {
		if cfg.Seed == 2 {
			panic("broken")
		}
		return mixed(cfg)
	})
	dir := t.TempDir()
	require.Equal(t, exitViolated, b.main([]string{"explore", "--seeds", "1-2", "--out", dir}))
	assert.Regexp(t, `\nFAIL  Panic +[a-z]+\.TestExploreSurvivesAPanic\.func1 +1 seed  first 0x0000000000000002\n`, b.out.String())
	assert.Contains(t, b.out.String(), "\n  zksim run --seed 0x0000000000000002 --profile swarm\n")
}

func TestVerdictsOfSearches(t *testing.T) {
	for seeds, code := range map[string]int{"1-2": exitOK, "1,3": exitViolated, "1,7": exitUnknown, "3,7": exitViolated} {
		for _, form := range []string{"--color=never", "--json", "--quiet"} {
			b := newBench(mixed)
			assert.Equal(t, code, b.main([]string{"explore", "--seeds", seeds, form}), "%s %s", seeds, form)
		}
	}
	b := newBench(func(engine.Config) (*engine.Report, error) { return nil, errors.New("no such place") })
	assert.Equal(t, exitUsage, b.main([]string{"explore", "--seeds", "1-2"}))
	assert.Equal(t, "zksim: no such place\n", b.err.String())
}

// A search that runs no seed in time knows nothing.
func TestTimeoutBeforeTheFirstRun(t *testing.T) {
	b := newBench(func(engine.Config) (*engine.Report, error) { select {} })
	assert.Equal(t, exitUnknown, b.main([]string{"explore", "--timeout", "50ms"}))
	assert.Contains(t, b.out.String(), "UNKNOWN  0 of 0 runs ok  cut by --timeout\n")
}

// The clock cuts after a completed prefix: what is finished beyond a seed that
// is not does not count.
func TestTimeoutKeepsAPrefix(t *testing.T) {
	b := newBench(func(cfg engine.Config) (*engine.Report, error) {
		if cfg.Seed == 4 {
			select {}
		}
		return mixed(cfg)
	})
	require.Equal(t, exitViolated, b.main([]string{"explore", "--timeout", "300ms", "--jobs", "2", "--json", "--quiet"}))
	assert.Equal(t, 3, strings.Count(b.out.String(), "\n"), "seeds 1 to 3: %s", b.out.String())
}

func TestInterruptedSearchSumsUp(t *testing.T) {
	interrupts := make(chan os.Signal, 1)
	b := newBench(func(cfg engine.Config) (*engine.Report, error) {
		if cfg.Seed == 3 {
			interrupts <- os.Interrupt
			select {}
		}
		return mixed(cfg)
	})
	b.interrupts = interrupts
	assert.Equal(t, exitInterrupted, b.main([]string{"explore", "--seeds", "1-9", "--jobs", "1"}))
	assert.Contains(t, b.out.String(), "OK  2 of 2 runs ok  interrupted\n")
}

// screenOf is what a terminal shows of bytes that draw one line again and again.
func screenOf(drawn string) string {
	lines := strings.Split(drawn, "\r\x1b[K")
	return lines[len(lines)-1]
}

func TestProgress(t *testing.T) {
	var w bytes.Buffer
	now := time.Unix(100, 0)
	s := &search{a: &app{now: func() time.Time { return now }}, tally: newTally(), began: now, f: &exploreFlags{seeds: seedsValue{text: "1-2000"}, shard: shardValue{1, 1, false}}, seeds: following(0, 2000)}
	s.tally.runs, s.tally.virtual = 1000, 1000*time.Minute
	s.progress = progress{w: &w, shown: now}
	now = now.Add(9 * time.Second)
	s.progress.show(s)
	assert.Empty(t, w.String(), "a line every ten seconds")
	now = now.Add(time.Second)
	s.progress.announce(&kind{key: key{property: "Progress"}, first: "0x0000000000000007"})
	s.progress.show(s)
	assert.Equal(t, "1,000/2,000  6,000 runs/min  100.0 virtual h/min  0 distinct failures  [NEW Progress 0x0000000000000007]\n", w.String())
	s.progress.end()

	w.Reset()
	s.progress = progress{w: &w, redraw: true, shown: now, columns: func() int { return 0 }}
	now = now.Add(redrawEvery)
	s.progress.show(s)
	assert.NotContains(t, w.String(), "\n", "a terminal's line is drawn again")
	assert.Contains(t, screenOf(w.String()), "1,000/2,000")
	s.progress.end()
	assert.Empty(t, screenOf(w.String()))

	w.Reset()
	s.progress = progress{w: &w, redraw: true, quiet: true}
	s.progress.show(s)
	assert.Empty(t, w.String())
}

// A line that is drawn again stays within the terminal, however narrow.
func TestProgressFitsTheTerminal(t *testing.T) {
	now := time.Unix(100, 0)
	for columns, want := range map[int]int{1: 0, 40: 39, 60: 59, 80: 79, 200: 79, 0: 79} {
		var w bytes.Buffer
		s := &search{a: &app{now: func() time.Time { return now }}, tally: newTally(), began: now, f: &exploreFlags{seeds: seedsValue{text: "1-2000"}, shard: shardValue{1, 1, false}}, seeds: following(0, 2000)}
		s.progress = progress{w: &w, redraw: true, columns: func() int { return columns }}
		s.progress.announce(&kind{key: key{property: "PrefixConsistency"}, first: "0x0000000000000007"})
		s.progress.show(s)
		assert.Len(t, screenOf(w.String()), want, "%d columns", columns)
	}
}

// interruptOnOutput sends an interrupt when the first line comes.
func interruptOnOutput(t *testing.T, cmd *exec.Cmd) (lines []string) {
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var once sync.Once
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadString('\n')
		if err == io.EOF {
			return lines
		}
		require.NoError(t, err)
		lines = append(lines, line)
		once.Do(func() { require.NoError(t, cmd.Process.Signal(os.Interrupt)) })
	}
}

// The built binary: an interrupt ends it with a summary and 130, and every line
// that it has printed is a whole run.
func TestControlC(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("os.Interrupt cannot be sent there")
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Args = []string{"zksim", "explore", "--timeout", "60s", "--json", "--servers", "3", "--clients", "2", "--for", "5s"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	lines := interruptOnOutput(t, cmd)
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, exitInterrupted, exit.ExitCode())
	assert.Contains(t, stderr.String(), "  interrupted\n")
	for _, line := range lines {
		assert.NoError(t, json.Unmarshal([]byte(line), &struct{}{}), line)
	}
}

// All that a search tells, in the form in which it tells it.
func TestSummaryOfASearch(t *testing.T) {
	b := newBench(func(cfg engine.Config) (*engine.Report, error) {
		rep, err := mixed(cfg)
		rep.Counts = engine.Counts{Elections: 1000, Snap: cfg.Seed}
		rep.Counts.Faults[fault.ClassCrash] = 2
		return rep, err
	})
	b.now = func() time.Time { return time.Unix(0, 0) }
	require.Equal(t, exitViolated, b.main([]string{"explore", "--seeds", "1-8", "--fault", "at 10s kill leader", "--profile", "swarm"}))
	assert.Equal(t, `VIOLATED  5 of 8 runs ok  2 violated  1 unknown
FAIL  Progress            lag                       1 seed  first 0x0000000000000003
FAIL  Progress            no-leader                 1 seed  first 0x0000000000000006
UNKNOWN                      undecided                 1 seed  first 0x0000000000000007

runs        seeds 1-8  profile swarm  5 servers  10 clients  1m each
            zksim devel c0ffee  fault at 10s kill leader
speed       8 runs in 0s  480,000 runs/min  8,000.0 virtual h/min
faults      crash 16
reached     elections 8,000  SNAP 36
`, b.out.String()[:strings.Index(b.out.String(), "never ")])
	assert.Contains(t, b.out.String(), "\nnever       DIFF  TRUNC  snapshots  expiries  ")
	assert.True(t, strings.HasSuffix(b.out.String(), `
repro
  zksim run --seed 0x0000000000000003 --profile swarm --fault 'at 10s kill leader'
  zksim run --seed 0x0000000000000006 --profile swarm --fault 'at 10s kill leader'
  zksim run --seed 0x0000000000000007 --profile swarm --fault 'at 10s kill leader'
`), b.out.String())
}
