package main

import (
	"errors"
	"sync"
	"time"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// finished is what became of one seed.
type finished struct {
	*answer
	turn  uint64 // of the seed among those of the shard, from 0
	place uint64 // among those of all shards, from 0
	seed  uint64
	err   error // of the tool
}

// pool lets a number of workers run seeds. Results come in any order and leave
// in that of the seeds; a worker that is far ahead waits for the others, so that
// what waits to leave is bounded.
type pool struct {
	order   *order
	results chan finished // closed when every seed has been run
	tickets chan struct{} // one for each run that may be ahead
	quit    chan struct{}
	working sync.WaitGroup

	mu   sync.Mutex
	next uint64 // turn of the seed that is run next

	waiting map[uint64]finished // results that came before their turn
	turn    uint64              // of the result that leaves next
}

// order is what a pool is to do.
type order struct {
	jobs   int
	seeds  *seedSet
	shard  shardValue
	config func(seed uint64) engine.Config
	limit  time.Duration // of the real clock, for a run
	keep   bool          // bundles are wanted
	full   kindsFull
	build  report.Build
	hire   func(quit <-chan struct{}) (worker, error)
	hear   func(complaints string) // what a worker wrote that did not die; one call at a time
}

// aheadPerJob is how many runs may wait for an earlier one, for each job.
const aheadPerJob = 8

// twiceEvery is how often a seed of a shard is run twice and compared.
const twiceEvery = 20

// startPool begins to run the seeds. The caller must call stop.
func startPool(o *order) *pool {
	p := &pool{order: o, results: make(chan finished), tickets: make(chan struct{}, aheadPerJob*o.jobs),
		quit: make(chan struct{}), waiting: map[uint64]finished{}}
	for range o.jobs {
		p.working.Go(p.work)
	}
	go func() { p.working.Wait(); close(p.results) }()
	return p
}

// take gives the next seed of the shard.
func (p *pool) take() (f finished, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f.turn = p.next
	f.place = p.order.shard.place(f.turn)
	if f.seed, ok = p.order.seeds.at(f.place); ok {
		p.next++
	}
	return f, ok
}

// work is one job: it hires a worker, and another one when that has died.
func (p *pool) work() {
	j := &employer{order: p.order, quit: p.quit, hear: p.hear}
	defer j.dismiss(false)
	for {
		select {
		case p.tickets <- struct{}{}:
		case <-p.quit:
			return
		}
		f, ok := p.take()
		if !ok {
			return
		}
		f.answer, f.err = j.have(f.turn, f.seed)
		select {
		case p.results <- f:
		case <-p.quit:
			return
		}
		if f.err != nil {
			return
		}
	}
}

// employer has one worker at a time.
type employer struct {
	*order
	quit   <-chan struct{}
	hear   func(complaints string)
	worker worker
}

// have lets a seed be run. A run that costs the worker its life is a result.
func (j *employer) have(turn, seed uint64) (*answer, error) {
	if j.worker != nil && j.worker.dead() {
		j.dismiss(false)
	}
	if j.worker == nil {
		w, err := j.hire(j.quit)
		if err != nil {
			return nil, err
		}
		j.worker = w
	}
	t := &task{Seed: seed, Keep: j.keep, Full: j.full.list(), Twice: turn%twiceEvery == twiceEvery-1}
	limit := j.limit
	if t.Twice {
		limit *= 2
	}
	began := time.Now()
	ans, err := j.worker.run(t, limit, j.quit)
	var fatal *death
	if errors.As(err, &fatal) {
		j.dismiss(true)
		return &answer{Document: j.obituary(seed, fatal, time.Since(began))}, nil
	}
	return ans, err
}

// obituary is the document of a run that has cost its worker its life.
func (j *employer) obituary(seed uint64, d *death, wall time.Duration) *report.Document {
	cfg := j.config(seed)
	run := &report.Run{Report: crashed(cfg, d.place, d.detail), Wall: wall, Build: j.build, Repro: []string{repro.Line(cfg)}}
	return run.Document()
}

// dismiss ends the worker, and passes on what it wrote to standard error unless
// that tells of its death.
func (j *employer) dismiss(died bool) {
	if j.worker == nil {
		return
	}
	said := j.worker.stop()
	j.worker = nil
	if said != "" && !died {
		j.hear(said)
	}
}

// hear passes on what a worker wrote.
func (p *pool) hear(complaints string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.order.hear(complaints)
}

// inOrder takes a result in and returns those whose turn it is now.
func (p *pool) inOrder(f finished) []finished {
	p.waiting[f.turn] = f
	var ready []finished
	for {
		f, ok := p.waiting[p.turn]
		if !ok {
			return ready
		}
		delete(p.waiting, p.turn)
		p.turn++
		<-p.tickets
		ready = append(ready, f)
	}
}

// stop ends the workers, whatever they do, and waits for their end.
func (p *pool) stop() {
	close(p.quit)
	p.working.Wait()
}
