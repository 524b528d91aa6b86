package sim

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// Check runs a property for many seeds: first the bundles that are kept under
// testdata/sim/<name of the test>, then 50 seeds derived from the commit, or
// those that flags or the environment ask for. Each is a subtest. At the first
// fresh seed that fails it stops, makes the failure small, and keeps it as a
// bundle.
//
// The property is called anew for each run and declares it. A test has one Check.
func Check(t *testing.T, property func(c *Cluster)) {
	t.Helper()
	h := Open(t, property)
	if h.Replay() {
		return
	}
	h.fresh()
}

// Harness runs a property for a test; Check is made of it, and so is what runs a
// property for another tool.
type Harness struct {
	t        *testing.T
	property func(*Cluster)
	options  options
	place    place
	dir      string // of the corpus, within the package
}

// opened are the tests that have a Check.
var opened sync.Map

// Open begins. What is wrong with flags, variables or the declaration ends the
// test.
func Open(t *testing.T, property func(*Cluster)) *Harness {
	t.Helper()
	if _, twice := opened.LoadOrStore(t, true); twice {
		t.Fatalf("sim: %s has two checks: give each a t.Run of its own", t.Name())
	}
	t.Cleanup(func() { opened.Delete(t) })
	o, err := readOptions()
	if err != nil {
		t.Fatalf("sim: %v", err)
	}
	h := &Harness{t: t, property: property, options: o, place: here(), dir: corpusDir(t.Name())}
	if _, err := declare(property, 0); err != nil {
		t.Fatalf("sim: %v", err)
	}
	return h
}

// Size is what the property declares: how many servers there are, how many
// clients with names, and how long faults and clients go on.
func (h *Harness) Size() (engine.Config, int) {
	c, err := declare(h.property, 0)
	if err != nil {
		h.t.Fatalf("sim: %v", err)
	}
	if h.options.span > 0 {
		c.cfg.For = h.options.span
	}
	return c.cfg, c.names()
}

// Replay runs what is kept, or the one bundle that was asked for; done says that
// nothing else is wanted.
func (h *Harness) Replay() (done bool) {
	h.t.Helper()
	switch {
	case optionDrive.value() != "":
		h.drive()
		return true
	case h.options.replay != "":
		h.replayAsked()
		return true
	case h.options.seeds == nil:
		h.corpus()
	}
	return false
}

func (h *Harness) corpus() {
	h.t.Helper()
	files, err := corpus(h.dir)
	if err != nil {
		h.t.Fatalf("sim: the kept failures cannot be listed: %v", err)
	}
	for _, file := range files {
		h.t.Run("corpus="+strings.TrimSuffix(filepath.Base(file), bundle.Extension), func(t *testing.T) { h.replay(t, file) })
	}
}

// replayAsked replays the bundle of -sim.replay, if it is one of this test.
func (h *Harness) replayAsked() {
	h.t.Helper()
	b, err := readBundle(h.options.replay)
	switch {
	case err != nil:
		h.t.Fatalf("sim: %v", err)
	case b.Document.Test == "":
		h.t.Fatalf("sim: %s was not made by a test: zksim replay %s runs it", h.options.replay, quote(h.options.replay))
	case b.Document.Test != h.t.Name() || b.Document.Package != "" && b.Document.Package != h.place.pkg:
		h.t.Skipf("sim: %s is of %s in %s", h.options.replay, b.Document.Test, b.Document.Package)
	}
	h.t.Run("replay="+strings.TrimSuffix(filepath.Base(h.options.replay), bundle.Extension), func(t *testing.T) {
		h.replay(t, h.options.replay)
		if !t.Failed() {
			fmt.Fprintf(t.Output(), "the bundle does not fail any more\n")
		}
	})
}

// replay runs one bundle.
func (h *Harness) replay(t *testing.T, file string) {
	b, err := readBundle(file)
	if err == nil {
		var in Input
		if in, err = inputOf(b); err == nil {
			h.rerun(t, file, b, in)
			return
		}
	}
	if errors.Is(err, bundle.ErrVersion) {
		t.Skipf("sim: %v", err)
	}
	t.Fatalf("sim: %v", err)
}

func (h *Harness) rerun(t *testing.T, file string, b *bundle.Bundle, in Input) {
	o := h.run(t, in)
	if b.Edited && (h.options.verbose || o.Failed()) {
		fmt.Fprintf(t.Output(), "the %v of %s was edited\n", b.Edits, file)
	}
	if o.Failed() {
		h.fail(t, &failure{Outcome: o, saved: file})
	}
}

// fresh runs seeds.
func (h *Harness) fresh() {
	seeds := h.options.seeds
	if seeds == nil {
		commit, _ := headCommit() // "" outside of a repository
		seeds = derived(commit, seedsDefault)
	}
	for seed := range seedsOf(seeds) {
		ok := h.t.Run("seed="+report.Seed(seed), func(t *testing.T) { h.seed(t, seed) })
		if !ok {
			return
		}
	}
}

// seed runs one seed, and makes of a failure a bundle.
func (h *Harness) seed(t *testing.T, seed uint64) {
	o := h.run(t, Input{Seed: seed, Schedule: h.options.schedule, For: h.options.span})
	if o.Failed() {
		h.Keep(t, o, h.options.shrink)
	}
}

// Keep makes a failing run small, in so many further runs at most, writes it
// down, prints it, and makes the test fail.
func (h *Harness) Keep(t *testing.T, o *Outcome, runs int) {
	small, size := shrunk(h.property, o, runs)
	f := &failure{Outcome: small, small: size, fresh: o.Input.config == nil && (o.Input.Schedule == nil || h.options.schedule != nil)}
	if h.options.span > 0 {
		f.env += optionFor.env + "=" + report.Span(h.options.span) + " "
	}
	if h.options.schedule != nil {
		f.env += optionSchedule.env + "=" + quote(optionSchedule.value()) + " "
	}
	data, err := small.bundleOf(h.place, h.t.Name(), size)
	if err != nil {
		t.Errorf("sim: the failure cannot be kept: %v", err)
	}
	for _, dir := range h.places(t) {
		path, err := keep(dir, data)
		if err != nil {
			t.Errorf("sim: %v", err)
		} else if f.saved == "" {
			f.saved = path
		}
	}
	h.fail(t, f)
}

// places are the directories that a new failure is written to, the one that
// lasts first.
func (h *Harness) places(t *testing.T) []string {
	var dirs []string
	if h.options.out != "" {
		dirs = append(dirs, h.options.out)
	} else if h.options.save {
		dirs = append(dirs, h.dir)
	}
	if artifacts() {
		dirs = append(dirs, t.ArtifactDir())
	}
	return dirs
}

// run makes one run for a subtest, and ends it where that is not possible.
func (h *Harness) run(t *testing.T, in Input) *Outcome {
	t.Helper()
	failed := h.t.Failed()
	o, err := Run(h.property, in)
	if err != nil {
		t.Fatalf("sim: seed %s: %v", report.Seed(in.Seed), err)
	}
	if !o.Failed() && !failed && h.t.Failed() {
		t.Errorf("sim: seed %s: the run is sound, but its code has failed %s with an Error of its own, "+
			"which is neither shrunk nor kept: fail the Cluster in place of the test", report.Seed(in.Seed), h.t.Name())
	}
	t.Attr("sim.seed", report.Seed(o.Config.Seed))
	t.Attr("sim.hash", report.Hash(o.Hash))
	if o.Verdict == engine.VerdictUnknown || h.options.verbose {
		_, _ = fmt.Fprint(t.Output(), o.run(h.place, h.t.Name()).Text(report.Options{}))
	}
	if h.options.verbose && !o.Failed() {
		for _, line := range o.Log {
			fmt.Fprintln(t.Output(), line)
		}
	}
	return o
}

// fail prints a failure.
func (h *Harness) fail(t *testing.T, f *failure) {
	f.test, f.place = h.t.Name(), h.place
	t.Attr("sim.property", string(f.Violation.Property))
	if f.saved != "" {
		t.Attr("sim.artifact", filepath.ToSlash(f.saved))
	}
	f.write(t.Output())
	t.Fail()
}
