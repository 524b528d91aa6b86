package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/zksim/zksim/cmd/internal/ensemble"
	"github.com/zksim/zksim/node/host/wire"
)

// What each client must have acknowledged before the leader is killed, and again
// after that.
const (
	acksBefore = 200
	acksAfter  = 100
)

// writer is a client program that writes all the time.
type writer struct {
	program
	below string
	cmd   *exec.Cmd
	stdin io.Closer

	mu    sync.Mutex
	acks  []string    // names of the znodes
	at    []time.Time // when each was told
	ended chan struct{}
}

func startWriter(ctx context.Context, p program, servers, below string) (*writer, error) {
	w := &writer{program: p, below: below, cmd: p.start(ctx, "load", servers, below), ended: make(chan struct{})}
	in, err := w.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	w.stdin = in
	go w.listen(out)
	return w, nil
}

func (w *writer) listen(out io.Reader) {
	defer close(w.ended)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "ack "); ok {
			w.mu.Lock()
			w.acks, w.at = append(w.acks, name), append(w.at, time.Now())
			w.mu.Unlock()
		}
	}
}

func (w *writer) acked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acks)
}

// firstAfter is how long after an instant the first write was acknowledged that
// had not been told before it.
func (w *writer) firstAfter(at time.Time, before int) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at[before].Sub(at)
}

// awaitAcks waits until n writes are acknowledged.
func (w *writer) awaitAcks(ctx context.Context, n int) error {
	for w.acked() < n {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %d writes acknowledged in %v, want %d", w.name, w.acked(), clientTimeout, n)
		case <-w.ended:
			return fmt.Errorf("%s ended by itself after %d writes", w.name, w.acked())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// end has it end by itself, so that it tells of all acknowledged writes.
func (w *writer) end() error {
	_ = w.stdin.Close()
	<-w.ended
	if err := w.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	return nil
}

// killUnderLoad kills the leader while clients write, has them go on, starts the
// killed one again, and then looks for every acknowledged write on every server.
func killUnderLoad(ctx context.Context, o *options, e *ensemble.Ensemble) error {
	ctx, cancel := context.WithTimeout(ctx, clientTimeout)
	defer cancel()
	writers, err := startWriters(ctx, o, e)
	if err != nil {
		return err
	}
	leader, tell, err := killLeader(ctx, e, writers)
	for _, w := range writers {
		err = errors.Join(err, w.end())
	}
	if err != nil {
		return fmt.Errorf("killing the leader: %w", err)
	}
	if err := errors.Join(e.Restart(leader), e.Await(serveTimeout)); err != nil {
		return err
	}
	sum, err := verifyAll(e, writers)
	if err != nil {
		return err
	}
	fmt.Printf("%-24s ok: %d acknowledged writes, none missing on any server; first write after it: %s\n", "leader killed", sum, strings.Join(tell, ", "))
	return nil
}

// verifyAll looks for every acknowledged write on every server, and gives their
// number. That it would miss one is tried with a write that never was.
func verifyAll(e *ensemble.Ensemble, writers []*writer) (int, error) {
	sum := 0
	for i := range e.Len() {
		for _, w := range writers {
			if err := w.verify(e, i); err != nil {
				return 0, err
			}
			never := &writer{program: w.program, below: w.below, acks: []string{"never"}}
			if never.verify(e, i) == nil {
				return 0, fmt.Errorf("%s: a write that never was is not missed on server %d", w.name, i+1)
			}
		}
	}
	for _, w := range writers {
		sum += len(w.acks)
	}
	return sum, nil
}

func startWriters(ctx context.Context, o *options, e *ensemble.Ensemble) ([]*writer, error) {
	var all []*writer
	for i, p := range programs(o) {
		below := fmt.Sprintf("/load-%d", i)
		if err := makeParent(e, below); err != nil {
			return nil, err
		}
		w, err := startWriter(ctx, p, e.Clients(), below)
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

func killLeader(ctx context.Context, e *ensemble.Ensemble, writers []*writer) (leader int, tell []string, err error) {
	for _, w := range writers {
		if err := w.awaitAcks(ctx, acksBefore); err != nil {
			return 0, nil, err
		}
	}
	leader, err = e.Leader(serveTimeout)
	if err != nil {
		return 0, nil, err
	}
	e.Kill(leader)
	killed := time.Now()
	// What was acknowledged just before may still be on its way to us.
	time.Sleep(50 * time.Millisecond)
	before := make([]int, len(writers))
	for i, w := range writers {
		before[i] = w.acked()
	}
	for i, w := range writers {
		if err := w.awaitAcks(ctx, before[i]+acksAfter); err != nil {
			return leader, nil, err
		}
		tell = append(tell, fmt.Sprintf("%s %v", w.name, w.firstAfter(killed, before[i]).Round(10*time.Millisecond)))
	}
	return leader, tell, nil
}

// verify looks for all acknowledged writes on one server.
func (w *writer) verify(e *ensemble.Ensemble, i int) error {
	return withConn(e.Client(i), func(c *wire.Conn) error {
		there, err := children(c, w.below)
		if err != nil {
			return err
		}
		if lost := missing(w.acks, there); len(lost) > 0 {
			return fmt.Errorf("%s: server %d lacks %d of %d acknowledged writes below %s, first %s", w.name, i+1, len(lost), len(w.acks), w.below, lost[0])
		}
		return nil
	})
}

// missing are those of all that are not there.
func missing(all, there []string) []string {
	have := make(map[string]bool, len(there))
	for _, name := range there {
		have[name] = true
	}
	var lost []string
	for _, name := range all {
		if !have[name] {
			lost = append(lost, name)
		}
	}
	return lost
}
