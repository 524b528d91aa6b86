package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// trials makes the runs of a search in this process, some at a time.
type trials struct {
	a     *app
	ctx   context.Context // ends the search
	slots chan struct{}   // one for each run at a time; one that nobody waits for any more keeps its own
	show  func()          // is called now and then, to tell where the search is
	none  bool            // no run could be made yet
	lost  int             // runs that could not be made
	err   error           // why the first of them could not
}

func (a *app) newTrials(ctx context.Context, jobs int, show func()) *trials {
	return &trials{a: a, ctx: ctx, slots: make(chan struct{}, jobs), show: show, none: true}
}

// checkTrials refuses numbers with which nothing would be run.
func checkTrials(jobs int, flag string, n int) error {
	return cmp.Or(checkJobs(jobs), checkCount(flag, n))
}

func checkJobs(jobs int) error {
	if jobs < 1 {
		return usagef("--jobs %d: at least one run goes on at a time; give a number from 1", jobs)
	}
	return nil
}

func checkCount(flag string, n int) error {
	if n < 1 {
		return usagef("%s %d: without a run nothing is found; give a number from 1", flag, n)
	}
	return nil
}

// failed says why not even the first run could be made, that of the bundle.
func (t *trials) failed(path string) error {
	if t.err == nil || !t.none {
		return nil
	}
	return cannotRun(path, t.err)
}

// attempted is what came of the run at a place in the list.
type attempted[T any] struct {
	place int
	came  T
	err   error
}

// runTrials makes runs in the order of the list and gives what came of them, up to
// the first of which it is enough, and no matter how many are made at a time. Of
// a run that could not be made comes the zero value. The list that it gives is
// shorter if the search was ended.
func runTrials[T any](t *trials, list []engine.Config, of func(*engine.Report) T, enough func(*T) bool) []T {
	came, ended := make([]T, len(list)), make([]bool, len(list))
	results := make(chan attempted[T], len(list))
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	wanted, begun, done := len(list), 0, 0
	for done < wanted {
		slots := t.slots
		if begun >= wanted {
			slots = nil
		}
		select {
		case <-t.ctx.Done():
			return came[:done]
		case <-ticker.C:
			t.show()
		case slots <- struct{}{}:
			go func(place int) { results <- runTrial(t, list[place], place, of) }(begun)
			begun++
		case r := <-results:
			came[r.place], ended[r.place] = r.came, true
			t.note(r.err)
			if enough(&came[r.place]) {
				wanted = min(wanted, r.place+1)
			}
		}
		for done < wanted && ended[done] {
			done++
		}
	}
	return came[:wanted]
}

// runTrial makes one run, in a slot that was taken for it.
func runTrial[T any](t *trials, cfg engine.Config, place int, of func(*engine.Report) T) attempted[T] {
	defer func() { <-t.slots }()
	r := attempted[T]{place: place}
	s := t.a.attempt(cfg)
	switch r.err = s.err; {
	case s.crash != nil:
		r.err = fmt.Errorf("the simulator itself failed: %v", s.crash)
	case s.err == nil:
		r.came = of(s.report)
	}
	return r
}

func (t *trials) note(err error) {
	if err == nil {
		t.none = false
		return
	}
	if t.lost++; t.err == nil {
		t.err = err
	}
}

// tellLost says that runs could not be made: in rates they count as runs that do
// not fail.
func (t *trials) tellLost() {
	if t.lost > 0 && !t.none {
		fmt.Fprintf(t.a.stderr, "zksim: %s could not be made, and count as not failing: %v\n", report.Plural(t.lost, "run"), t.err)
	}
}
