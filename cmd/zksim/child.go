package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// worker carries out tasks, one at a time.
type worker interface {
	// run carries out a task. The error is a *death if the task has cost the worker
	// its life; a dead worker takes no more tasks.
	run(t *task, limit time.Duration, quit <-chan struct{}) (*answer, error)
	// dead reports whether the worker has died since its last task.
	dead() bool
	// stop ends the worker, whatever it does, and gives what it has written to
	// standard error.
	stop() string
}

// death is the end of a worker by a task.
type death struct{ place, detail string }

// Error gives the sentence.
func (d *death) Error() string { return d.detail }

// errQuit says that nobody waits for the answer any more.
var errQuit = errors.New("the search is over")

// Bounds of waiting for a process.
const (
	greetingMax = 30 * time.Second // until it has said who it is
	farewellMax = 2 * time.Second  // until it has said what it was doing
)

// stderrMax is how much of the standard error of a process is kept, in bytes.
const stderrMax = 128 << 10

// head keeps the beginning of what is written to it.
type head struct {
	mu   sync.Mutex
	text []byte
}

// Write never fails.
func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = append(h.text, p[:min(len(p), stderrMax-len(h.text))]...)
	return len(p), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.text)
}

// child is a process of this binary that carries out tasks.
type child struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	tasks   *json.Encoder
	answers chan *answer  // closed when no more can come
	ended   chan struct{} // closed when the process has ended, with why in err
	err     error
	stderr  head
}

// startJob starts a worker that is a process of this binary, on one core, for
// runs of one configuration.
func (a *app) startJob(cfg engine.Config, quit <-chan struct{}) (worker, error) {
	c, err := startChild(append([]string{jobVerb}, repro.Flags(cfg)...))
	if err != nil {
		return nil, fmt.Errorf("cannot start a job: %w", err)
	}
	if err := c.greet(a.build(), quit); err != nil {
		c.stop()
		return nil, fmt.Errorf("cannot start a job: %w", err)
	}
	return c, nil
}

// childEnv is the environment of a job. GOMAXPROCS is 1: there are as many jobs
// as cores are meant to be used. Stacks of all goroutines tell where a run was.
func childEnv() []string { return append(os.Environ(), "GOMAXPROCS=1", "GOTRACEBACK=all") }

// ownBinary is the file that this process was started from. On Linux that is
// the same code even when the file has been replaced since.
func ownBinary() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err == nil {
		return self, nil
	}
	return os.Executable()
}

func startChild(args []string) (*child, error) {
	path, err := ownBinary()
	if err != nil {
		return nil, err
	}
	c := &child{answers: make(chan *answer), ended: make(chan struct{})}
	c.cmd = &exec.Cmd{Path: path, Args: append([]string{os.Args[0]}, args...), Env: childEnv(), Stderr: &c.stderr,
		SysProcAttr: ownGroup(), WaitDelay: farewellMax}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.tasks = json.NewEncoder(c.in)
	go c.read(out)
	return c, nil
}

// read hands answers on until there are no more, and then learns how the
// process has ended.
func (c *child) read(out io.Reader) {
	dec := json.NewDecoder(out)
	for {
		ans := &answer{}
		if err := dec.Decode(ans); err != nil {
			break
		}
		c.answers <- ans
	}
	_ = c.cmd.Process.Kill() // what answers in another language is as good as dead
	c.err = c.cmd.Wait()
	close(c.ended)
	close(c.answers)
}

// greet waits until the process has said that it is the same code.
func (c *child) greet(build report.Build, quit <-chan struct{}) error {
	timer := time.NewTimer(greetingMax)
	defer timer.Stop()
	select {
	case ans, ok := <-c.answers:
		switch {
		case !ok:
			return fmt.Errorf("it ended with %q: %s", state(c.err), strings.TrimSpace(c.stderr.String()))
		case ans.Build == nil || *ans.Build != build:
			return errors.New("the file of this command was replaced by another version; start it again")
		}
		return nil
	case <-timer.C:
		return fmt.Errorf("it has not begun after %v", greetingMax)
	case <-quit:
		return errQuit
	}
}

// run carries out a task.
func (c *child) run(t *task, limit time.Duration, quit <-chan struct{}) (*answer, error) {
	_ = c.tasks.Encode(t) // where this fails, the process has ended, which is seen below
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case ans, ok := <-c.answers:
		if !ok {
			return nil, c.death()
		}
		return ans, nil
	case <-timer.C:
		return nil, c.tooLong(limit)
	case <-quit:
		return nil, errQuit
	}
}

// dead reports whether the process has ended.
func (c *child) dead() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// death says how the process has ended.
func (c *child) death() *death {
	stderr := c.stderr.String()
	if line := fatalLine(stderr); line != "" {
		return &death{simulationPlace(stderr), "The process of the run died: " + line}
	}
	end := state(c.err)
	detail := fmt.Sprintf("The process of the run ended with %q.", end)
	if strings.Contains(end, "killed") {
		detail += " Nothing here has killed it: memory may have run out."
	}
	return &death{end, detail}
}

// state is how a process has ended, in the words of the system.
func state(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// tooLong asks what the run is doing, and ends it.
func (c *child) tooLong(limit time.Duration) *death {
	_ = c.tasks.Encode(&task{Where: true}) // where this fails, nothing is heard, which is dealt with
	timer := time.NewTimer(farewellMax)
	defer timer.Stop()
	select {
	case <-c.ended:
	case <-c.answers: // just now, too late, or the end
	case <-timer.C:
	}
	c.stop()
	d := &death{"run-timeout", fmt.Sprintf("The run had not ended after %s of the real clock (--run-timeout).", report.Span(limit))}
	if place := simulationPlace(c.stderr.String()); place != unknownPlace {
		d.detail += " It was in " + place + "."
	}
	return d
}

// stop ends the process and waits for its end.
func (c *child) stop() string {
	_ = c.in.Close()
	_ = c.cmd.Process.Kill() // it may have ended
	for range c.answers {    // until the reader has seen the end
	}
	<-c.ended
	return c.stderr.String()
}

// kindsFull are the kinds of failures of which there are bundles enough. The
// search writes it, the jobs read it.
type kindsFull struct {
	mu  sync.Mutex
	ids []string
}

func (f *kindsFull) add(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ids = append(f.ids, id)
}

func (f *kindsFull) list() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.ids)
}
