package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// process is a process of one of the commands of this test binary.
func process(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Args = append([]string{name}, args...)
	return cmd
}

func onLinux(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks into /proc")
	}
}

// alive reports whether a process has not ended.
func alive(pid int) bool {
	text, err := os.ReadFile("/proc/" + itoa(pid) + "/stat")
	return err == nil && !bytes.Contains(text, []byte(") Z "))
}

// However the search ends, its jobs end too, also those that are busy.
func TestJobsDoNotOutliveTheSearch(t *testing.T) {
	onLinux(t)
	for name, end := range map[string]os.Signal{"killed": os.Kill, "interrupted": os.Interrupt, "terminated": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			cmd := process(t, "zksim-odd", "explore", "--seeds", "13,23", "--jobs", "2")
			var out bytes.Buffer
			cmd.Stdout = &out
			require.NoError(t, cmd.Start())
			var jobs []int
			require.True(t, eventually(func() bool { jobs = children(cmd.Process.Pid); return len(jobs) == 2 }), "two jobs")
			require.NoError(t, cmd.Process.Signal(end))
			err := cmd.Wait()
			for _, pid := range jobs {
				assert.True(t, eventually(func() bool { return !alive(pid) }), "job %d is gone", pid)
			}
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			if end != os.Kill {
				assert.Equal(t, exitInterrupted, exit.ExitCode())
				assert.Contains(t, out.String(), "UNKNOWN  0 of 0 runs ok  interrupted\n")
			}
		})
	}
}

// A job that dies while it has nothing to do is replaced; no seed is blamed.
func TestIdleJobIsReplaced(t *testing.T) {
	onLinux(t)
	b := newBench(reportOK)
	b.workers = nil
	hired := 0
	o := &order{jobs: 1, seeds: following(0, 1), config: func(seed uint64) engine.Config { return engine.Config{Seed: seed} }, limit: time.Minute,
		hire: func(quit <-chan struct{}) (worker, error) {
			hired++
			w, err := b.startTestJob(quit)
			if hired == 1 && err == nil {
				kill(w.(*child).cmd.Process.Pid)
				eventually(w.dead)
			}
			return w, err
		}}
	j := &employer{order: o, quit: make(chan struct{})}
	w, err := o.hire(j.quit)
	require.NoError(t, err)
	j.worker = w
	ans, err := j.have(0, 1)
	require.NoError(t, err)
	assert.Equal(t, engine.VerdictOK, ans.Document.Verdict)
	assert.Equal(t, 2, hired)
	j.dismiss(false)
}

// startTestJob starts a job of the command zksim-odd.
func (b *bench) startTestJob(quit <-chan struct{}) (worker, error) {
	old := os.Args[0]
	os.Args[0] = "zksim-odd"
	defer func() { os.Args[0] = old }()
	b.app.build = func() report.Build { return thisBuild() }
	return b.app.startJob(engine.Config{}, quit)
}

// A job of another version is refused, and what finished before stays.
func TestJobOfAnotherVersionIsRefused(t *testing.T) {
	onLinux(t)
	b := newBench(reportOK)
	old := os.Args[0]
	os.Args[0] = "zksim-odd"
	defer func() { os.Args[0] = old }()
	_, err := b.app.startJob(engine.Config{}, nil)
	assert.ErrorContains(t, err, "cannot start a job: the file of this command was replaced by another version")
}

// A tool that cannot start jobs says so, and keeps what is finished.
func TestNoMoreJobs(t *testing.T) {
	b := newBench(mixed)
	b.workers = func(engine.Config) worker { return &tired{local: local{&b.app, engine.Config{}}} }
	assert.Equal(t, exitInternal, b.main([]string{"explore", "--seeds", "1-5", "--jobs", "1"}))
	assert.Contains(t, b.out.String(), "2 of 3 runs ok  1 violated  cut by a failure of the tool\n")
	assert.Contains(t, b.err.String(), "zksim: no more\n")
}

// tired carries out three tasks.
type tired struct {
	local
	done int
}

func (w *tired) run(t *task, limit time.Duration, quit <-chan struct{}) (*answer, error) {
	if w.done++; w.done > 3 {
		return nil, errors.New("no more")
	}
	return w.local.run(t, limit, quit)
}

func TestPlacesOfCrashes(t *testing.T) {
	trace := "goroutine 1 [running]:\nruntime.gopanic(0x1)\n\t/x/panic.go:1\npanic({0x1, 0x2})\n\t/x.go:1\n" +
		"github.com/zksim/zksim/node.(*Node).Step(0xc0001, {0x1, 0x2})\n\t/x/node.go:7 +0x1\nmain.(*app).attempt(0x1)\n\t/x\n"
	assert.Equal(t, "node.(*Node).Step", panicPlace(trace))
	assert.Equal(t, "node.(*Node).Step", simulationPlace("fatal error: stack overflow\n\ngoroutine 7 [select]:\nmain.other()\n\n"+
		"goroutine 1 [running]:\nruntime.throw(0x1)\n\t/x/panic.go:1\n"+trace[len("goroutine 1 [running]:\n"):]))
	assert.Equal(t, unknownPlace, panicPlace("no stack"))
	assert.Equal(t, unknownPlace, simulationPlace(""))
	assert.Equal(t, "fatal error: stack overflow", fatalLine("runtime: stack\nfatal error: stack overflow\n\nmore"))
}
