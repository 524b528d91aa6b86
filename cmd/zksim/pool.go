package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// finished is the run of one seed.
type finished struct {
	simulated
	place int // of the seed among the seeds, from 0
	seed  uint64
	wall  time.Duration
}

// pool runs seeds on a number of goroutines. Results come in any order and
// leave in that of the seeds; a job that is far ahead waits for the others, so
// that what waits to leave is bounded.
type pool struct {
	results chan finished // closed when every seed has been run
	tickets chan struct{} // one for each run that may be ahead
	quit    chan struct{}

	waiting map[int]finished // results that came before their turn
	turn    int              // place of the result that leaves next
}

// aheadPerJob is how many runs may wait for an earlier one, for each job.
const aheadPerJob = 8

// startPool begins to run the seeds. The caller must call stop.
func startPool(jobs int, next func() (uint64, bool), run func(uint64) simulated, now func() time.Time) *pool {
	p := &pool{results: make(chan finished), tickets: make(chan struct{}, aheadPerJob*jobs), quit: make(chan struct{}),
		waiting: map[int]finished{}}
	var mu sync.Mutex
	place := -1
	take := func() (int, uint64, bool) {
		mu.Lock()
		defer mu.Unlock()
		seed, ok := next()
		place++
		return place, seed, ok
	}
	timed := func(place int, seed uint64) finished {
		mu.Lock()
		began := now()
		mu.Unlock()
		s := run(seed)
		mu.Lock()
		defer mu.Unlock()
		return finished{s, place, seed, now().Sub(began)}
	}
	var wg sync.WaitGroup
	for range jobs {
		wg.Go(func() { p.work(take, timed) })
	}
	go func() { wg.Wait(); close(p.results) }()
	return p
}

// work is one job.
func (p *pool) work(take func() (int, uint64, bool), run func(int, uint64) finished) {
	for {
		select {
		case p.tickets <- struct{}{}:
		case <-p.quit:
			return
		}
		place, seed, ok := take()
		if !ok {
			return
		}
		select {
		case p.results <- run(place, seed):
		case <-p.quit:
			return
		}
	}
}

// inOrder takes a result in and returns those whose turn it is now.
func (p *pool) inOrder(r finished) []finished {
	p.waiting[r.place] = r
	var ready []finished
	for {
		r, ok := p.waiting[p.turn]
		if !ok {
			return ready
		}
		delete(p.waiting, p.turn)
		p.turn++
		<-p.tickets
		ready = append(ready, r)
	}
}

// stop lets no further run begin. It does not wait for those that go on.
func (p *pool) stop() { close(p.quit) }

// crashed is the report of a run that has brought the simulator down: a result
// like any other.
func crashed(cfg engine.Config, crash any, trace []byte) *engine.Report {
	return &engine.Report{Config: cfg, Verdict: engine.VerdictViolated, Violation: &proto.Violation{
		Property: proto.Panic, Place: panicPlace(trace), Detail: fmt.Sprintf("The simulator itself failed: %v", crash)}}
}

// panicPlace finds the function that panicked on a printed stack: the first one
// below the call of panic that is not of the runtime.
func panicPlace(trace []byte) string {
	_, below, _ := strings.Cut(string(trace), "\npanic(")
	for line := range strings.Lines(below) {
		name, _, ok := strings.Cut(line, "(")
		if ok && !strings.HasPrefix(line, "\t") && strings.Contains(name, ".") && !strings.HasPrefix(name, "runtime.") {
			return name[strings.LastIndexByte(name, '/')+1:]
		}
	}
	return "unknown"
}

// runLine is the command that runs a configuration again.
func runLine(cfg engine.Config) string { return repro.Line(cfg) }

// encodeLine prints one object on one line.
func encodeLine(w io.Writer, doc any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(doc)
}
