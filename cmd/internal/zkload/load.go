package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zksim/zksim/cmd/internal/ensemble"
	"github.com/zksim/zksim/node/host/wire"
	"github.com/zksim/zksim/node/proto"
)

// awaitMost is how long a server may be behind.
const awaitMost = 10 * time.Second

// load is what to do.
type load struct {
	servers            []string
	op, prefix         string
	conns, outstanding int
	size, keys, count  int
	span, warm         time.Duration
	pids               []int         // of the servers
	used               time.Duration // their processor time while it was measured

	measuring atomic.Bool
	over      atomic.Bool
	left      atomic.Int64
}

// result is how it went.
type result struct {
	Op          string  `json:"op"`
	Conns       int     `json:"conns"`
	Outstanding int     `json:"outstanding"`
	Requests    int     `json:"requests"`
	Errors      int     `json:"errors"`
	PerSecond   float64 `json:"per_second"`
	P50         float64 `json:"p50_ms"`
	P99         float64 `json:"p99_ms"`
	Max         float64 `json:"max_ms"`
	Processor   float64 `json:"processor_us"` // of the servers for one request; 0: not measured
}

// String is one line.
func (r result) String() string {
	return fmt.Sprintf("%-6s %4d connections x %-3d %9.0f/s  p50 %.2f ms  p99 %.2f ms  max %.2f ms  processor %.1f us  %d requests, %d errors",
		r.Op, r.Conns, r.Outstanding, r.PerSecond, r.P50, r.P99, r.Max, r.Processor, r.Requests, r.Errors)
}

// worker is one connection.
type worker struct {
	l      *load
	number int
	c      *wire.Conn
	data   []byte
	made   int
	sentAt []time.Time // ring of the outstanding requests
	delays []time.Duration
	errors int
	err    error
}

func (l *load) run() (*result, error) {
	if l.op != "create" && l.op != "set" && l.op != "get" {
		return nil, fmt.Errorf("--op %s: want create, set or get", l.op)
	}
	if l.conns < 1 || l.outstanding < 1 || l.keys < 1 {
		return nil, errors.New("--conns, --outstanding and --keys must be at least 1")
	}
	if err := l.prepare(); err != nil {
		return nil, err
	}
	workers := make([]*worker, l.conns)
	for i := range workers {
		c, err := wire.Dial(l.servers[i%len(l.servers)], wire.Hello{})
		if err != nil {
			return nil, err
		}
		defer c.Close()
		if err := l.await(c); err != nil {
			return nil, err
		}
		c.SetWait(0)
		workers[i] = &worker{l: l, number: i, c: c, data: make([]byte, l.size), sentAt: make([]time.Time, l.outstanding)}
	}
	span, err := l.drive(workers)
	if err != nil {
		return nil, err
	}
	return l.summarise(workers, span), nil
}

// prepare makes what set and get need.
func (l *load) prepare() error {
	c, err := wire.Dial(l.servers[0], wire.Hello{})
	if err != nil {
		return err
	}
	defer c.Close()
	ops := []proto.Op{{Type: proto.OpCreate, Path: l.prefix, ACL: proto.OpenACL()}}
	if l.op != "create" {
		for i := range l.keys {
			ops = append(ops, proto.Op{Type: proto.OpCreate, Path: l.key(i), Data: make([]byte, l.size), ACL: proto.OpenACL()})
		}
	}
	for len(ops) > 0 {
		n := min(len(ops), 100)
		for i := range n {
			c.Queue(&ops[i])
		}
		if err := c.Flush(); err != nil {
			return err
		}
		for i := range n {
			a, err := c.Await()
			if err != nil {
				return err
			}
			if a.Result.Err != proto.OK {
				return fmt.Errorf("create %s: %w", ops[i].Path, a.Result.Err)
			}
		}
		ops = ops[n:]
	}
	return nil
}

// await waits until the server of a connection has what was prepared. A sync would
// say so at once, but it would also be a request of another kind on a connection
// that is to measure one kind only.
func (l *load) await(c *wire.Conn) error {
	path := l.prefix
	if l.op != "create" {
		path = l.key(l.keys - 1)
	}
	for deadline := time.Now().Add(awaitMost); ; time.Sleep(time.Millisecond) {
		a, err := c.Call(proto.Op{Type: proto.OpExists, Path: path})
		switch {
		case err != nil:
			return err
		case a.Result.Err == proto.OK:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("exists %s: %w, after %v", path, a.Result.Err, awaitMost)
		}
	}
}

func (l *load) key(i int) string { return l.prefix + "/k" + strconv.Itoa(i) }

// drive runs the workers and gives the time that was measured.
func (l *load) drive(workers []*worker) (time.Duration, error) {
	l.left.Store(int64(l.count))
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(func() { w.err = w.run() })
	}
	if l.count == 0 {
		time.Sleep(l.warm)
	}
	before, err := ensemble.ProcessorTime(l.pids)
	if err != nil {
		return 0, err
	}
	l.measuring.Store(true)
	began := time.Now()
	if l.count == 0 {
		time.Sleep(l.span)
		l.over.Store(true)
	} else {
		all.Wait()
	}
	span := time.Since(began)
	after, err := ensemble.ProcessorTime(l.pids)
	if err != nil {
		return 0, err
	}
	l.used = after - before
	all.Wait()
	for _, w := range workers {
		if w.err != nil {
			return 0, fmt.Errorf("connection %d: %w", w.number, w.err)
		}
	}
	return span, nil
}

func (l *load) finished() bool {
	return l.over.Load() || l.count > 0 && l.left.Add(-1) < 0
}

// run keeps requests outstanding until the time is over, and awaits the rest.
func (w *worker) run() error {
	sent, answered, stop := 0, 0, false
	for {
		for !stop && sent-answered < w.l.outstanding {
			if stop = w.l.finished(); !stop {
				w.request()
				w.sentAt[sent%len(w.sentAt)] = time.Now()
				sent++
			}
		}
		if sent == answered {
			return nil
		}
		if err := w.c.Flush(); err != nil {
			return err
		}
		// Everything that has come is taken before the next requests are sent, so
		// that they leave together.
		for first := true; answered < sent && (first || w.c.Buffered() > 0); first = false {
			r, err := w.c.Next()
			if err != nil {
				return err
			}
			if r.Event {
				continue
			}
			w.answer(w.sentAt[answered%len(w.sentAt)], r.Err)
			answered++
		}
	}
}

func (w *worker) request() {
	w.made++
	op := proto.Op{Type: proto.OpGetData}
	switch w.l.op {
	case "create":
		op = proto.Op{Type: proto.OpCreate, Data: w.data, ACL: proto.OpenACL(),
			Path: w.l.prefix + "/" + strconv.Itoa(w.number) + "-" + strconv.Itoa(w.made)}
	case "set":
		op = proto.Op{Type: proto.OpSetData, Path: w.key(), Data: w.data, Version: -1}
	case "get":
		op.Path = w.key()
	}
	w.c.Queue(&op)
}

func (w *worker) key() string { return w.l.key((w.number*7919 + w.made) % w.l.keys) }

func (w *worker) answer(sent time.Time, code proto.ErrCode) {
	if code != proto.OK {
		w.errors++
	}
	if w.l.measuring.Load() && !w.l.over.Load() {
		w.delays = append(w.delays, time.Since(sent))
	}
}

func (l *load) summarise(workers []*worker, span time.Duration) *result {
	r := &result{Op: l.op, Conns: l.conns, Outstanding: l.outstanding}
	var all []time.Duration
	for _, w := range workers {
		all = append(all, w.delays...)
		r.Errors += w.errors
	}
	r.Requests = len(all)
	r.PerSecond = float64(len(all)) / span.Seconds()
	if len(all) > 0 {
		r.Processor = float64(l.used.Microseconds()) / float64(len(all))
		slices.Sort(all)
		r.P50, r.P99, r.Max = ms(all[len(all)/2]), ms(all[len(all)*99/100]), ms(all[len(all)-1])
	}
	return r
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
