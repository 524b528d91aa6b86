package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/testrun"
)

// A bundle of a person's test tells of a run that is made of the test's code, so
// go test has to make it again. The test is built when the first run is wanted,
// and driven by files, see package testrun.

// testRunner makes the runs of one test.
type testRunner struct {
	pkg, test string
	at        string          // a directory of the module; empty: the current one
	ctx       context.Context // ends what was begun
	cancel    context.CancelFunc
	running   sync.WaitGroup
	build     func() error // once
	pkgDir    string       // where go test runs the test
	dir       string       // for binary, requests and results
	binary    string
	runs      atomic.Int64

	pictures []testrun.Picture // that its runs draw; said before the first one, and runs are then made one by one
	drawn    map[testrun.Picture][]byte
}

// drive has the runs of a bundle made by the test that made the bundle, if one
// did, and those of other bundles by this command. Nothing is built yet.
func (a *app) drive(b *bundle.Bundle) {
	if a.alone == nil {
		a.alone = a.simulate
	}
	if a.simulate, a.driven = a.alone, nil; b.Document.Test == "" {
		return
	}
	r := &testRunner{pkg: b.Document.Package, test: b.Document.Test}
	r.begin(context.Background())
	a.simulate, a.driven = r.simulate, r
	a.cleanups = append(a.cleanups, r.close)
}

// begin must come before anything else: what the runner does ends with ctx, or
// when it is closed.
func (r *testRunner) begin(ctx context.Context) {
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.build = sync.OnceValue(r.buildTest)
}

// close ends all runs, and leaves nothing behind.
func (r *testRunner) close() {
	r.cancel()
	r.running.Wait()
	if r.dir != "" {
		_ = os.RemoveAll(r.dir) // of the temporary directory: the system clears it, too
	}
}

// cannotf says why there is no run of the test.
func (r *testRunner) cannotf(format string, args ...any) error {
	return unjudged(fmt.Sprintf("it is of the test %s in %s, which "+format, append([]any{shown(r.test), shown(r.pkg)}, args...)...))
}

// shown is a name out of a bundle as a terminal may have it: quoted, unless it
// is a plain word.
func shown(name string) string {
	if name != "" && strings.IndexFunc(name, func(c rune) bool { return c == ' ' || !strconv.IsPrint(c) }) < 0 {
		return name
	}
	return fmt.Sprintf("%.200q", name)
}

// importPath is what the name of a package in a bundle must look like; above
// all, it is no flag.
var importPath = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.~+/-]*$`)

// buildTest finds and builds the test.
func (r *testRunner) buildTest() error {
	if _, err := exec.LookPath("go"); err != nil {
		return r.cannotf("only the command go can run, and that is not installed here")
	}
	if r.pkg == "" {
		return r.cannotf("was not part of a module: run it by go test with -sim.replay")
	}
	if !importPath.MatchString(r.pkg) {
		return r.cannotf("is no import path")
	}
	found, err := r.goCommand("list", "-f", "{{.Dir}}{{if .Module}}{{if .Module.Main}}\nmain{{end}}{{end}}", r.pkg)
	if err != nil {
		return r.cannotf("cannot be found from here: change into its module.\n%s", err)
	}
	dir, main, _ := strings.Cut(strings.TrimSpace(found), "\n")
	if main != "main" {
		return r.cannotf("is not part of the module here: change into its module")
	}
	r.pkgDir = dir
	if r.dir, err = os.MkdirTemp("", "zksim-test-"); err != nil {
		return err
	}
	r.binary = filepath.Join(r.dir, "test"+executableSuffix())
	if _, err := r.goCommand("test", "-c", "-o", r.binary, r.pkg); err != nil {
		return r.cannotf("does not build:\n%s", err)
	}
	if _, err := os.Stat(r.binary); err != nil {
		return r.cannotf("is not there any more: the package has no tests")
	}
	return r.findTest()
}

// findTest makes sure that there is such a test.
func (r *testRunner) findTest() error {
	top, _, _ := strings.Cut(r.test, "/")
	list := command(r.ctx, r.pkgDir, r.binary, "-test.list", "^"+regexp.QuoteMeta(top)+"$")
	out, err := list.Output()
	if err != nil {
		return r.cannotf("cannot be listed: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.TrimSpace(line) == top {
			return nil
		}
	}
	return r.cannotf("is not there any more")
}

// goCommand runs go; the error is what it says. Where ctx ends it, it is
// interrupted, not killed, so that it takes its own temporary files with it.
func (r *testRunner) goCommand(args ...string) (string, error) {
	cmd := command(r.ctx, r.at, "go", args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", errors.New(lastLines(said.String()+out.String()+err.Error(), 12))
	}
	return out.String(), nil
}

// simulate makes one run; several may be made at a time.
func (r *testRunner) simulate(cfg engine.Config) (*engine.Report, error) {
	r.running.Add(1)
	defer r.running.Done()
	if cfg.Trace != nil {
		return nil, r.cannotf("cannot tell another process of its run as it goes")
	}
	if err := r.build(); err != nil {
		return nil, err
	}
	name := filepath.Join(r.dir, strconv.FormatInt(r.runs.Add(1), 10))
	request := testrun.Request{Config: cfg, History: true, Pictures: map[testrun.Picture]string{}}
	for _, kind := range r.pictures {
		request.Pictures[kind] = name + "." + string(kind)
		defer os.Remove(request.Pictures[kind])
	}
	text, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	result, err := r.ask(name+".request", name+".result", append(text, '\n'))
	if err != nil {
		return nil, err
	}
	return result.Report, r.takePictures(&request, result)
}

// ask has the test answer a request by way of two files.
func (r *testRunner) ask(requests, results string, request []byte) (*testrun.Result, error) {
	defer os.Remove(requests)
	defer os.Remove(results)
	if err := os.WriteFile(requests, request, 0o600); err != nil {
		return nil, err
	}
	said, failed := r.runTest(requests, results)
	text, err := os.ReadFile(results)
	if err != nil {
		return nil, r.cannotf("gave no result: %s", lastLines(said+"\n"+fmt.Sprint(failed), 12))
	}
	return r.result(text)
}

// takePictures takes the pictures of a run out of their files.
func (r *testRunner) takePictures(request *testrun.Request, result *testrun.Result) error {
	if len(r.pictures) == 0 {
		return nil
	}
	r.drawn = map[testrun.Picture][]byte{}
	for _, kind := range r.pictures {
		if !slices.Contains(result.Pictures, kind) {
			return r.cannotf("draws no %s: it is linked with an older version of zksim", kind)
		}
		data, err := os.ReadFile(request.Pictures[kind])
		if err != nil {
			return r.cannotf("has drawn a picture that cannot be read: %v", err)
		}
		r.drawn[kind] = data
	}
	return nil
}

// runTest runs the test, and returns what it said.
func (r *testRunner) runTest(requests, results string) (string, error) {
	cmd := command(r.ctx, r.pkgDir, r.binary, "-test.run", testrun.Pattern(r.test), "-test.count=1")
	cmd.Env = append(os.Environ(), testrun.EnvRequests+"="+requests, testrun.EnvResults+"="+results)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// result reads the result of one request.
func (r *testRunner) result(text []byte) (*testrun.Result, error) {
	var result testrun.Result
	if err := json.Unmarshal(bytes.TrimSpace(text), &result); err != nil {
		return nil, r.cannotf("gave a result that cannot be read: it is linked with another version of zksim (%v)", err)
	}
	if result.Error != "" || result.Report == nil {
		return nil, r.cannotf("could not make the run: %s", result.Error)
	}
	return &result, nil
}

// lastLines keeps the end of a text.
func lastLines(text string, most int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
