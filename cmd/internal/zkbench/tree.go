package main

import (
	"fmt"
	"os"
	"time"

	"github.com/zksim/zksim/cmd/internal/ensemble"
)

// memoryMost is what our servers may use of theirs' memory.
const memoryMost = 0.5

// settle is how long servers rest before their memory is looked at.
const settle = 10 * time.Second

// largeTree fills each kind of servers with znodes, one kind after the other so
// that they do not share the machine, looks at their memory, and starts them
// again.
func largeTree(o *options) error {
	var loaded, most, restarted, seconds [kinds][]float64
	for n := range o.starts {
		for i := range kinds {
			kind := (n + i) % kinds
			t, err := o.fill(kind, n)
			if err != nil {
				return fmt.Errorf("%s: %w", kindNames[kind], err)
			}
			loaded[kind], most[kind] = append(loaded[kind], t.loaded), append(most[kind], t.most)
			restarted[kind], seconds[kind] = append(restarted[kind], t.restarted), append(seconds[kind], t.seconds)
			fmt.Fprintf(os.Stderr, "%-9s %d znodes: %.0f MiB, at most %.0f; after a restart in %.2f s: %.0f MiB\n",
				kindNames[kind], o.znodes, t.loaded, t.most, t.seconds, t.restarted)
		}
	}
	fmt.Printf("| %d znodes of 100 bytes | zkserver | ZooKeeper | ratio | |\n|---|---|---|---|---|\n", o.znodes)
	row := func(what string, all [kinds][]float64, bound float64) {
		a, b := median(all[ours]), median(all[theirs])
		said := ""
		if bound > 0 {
			said = verdict(a <= bound*b)
		}
		fmt.Printf("| %s | %.2f | %.2f | %.2f | %s |\n", what, a, b, a/b, said)
	}
	row("resident memory of a server, MiB", loaded, memoryMost)
	row("most of it while they came, MiB", most, 0)
	row("resident memory after a restart, MiB", restarted, memoryMost)
	row("restart until every server serves, s", seconds, 1)
	fmt.Println()
	return nil
}

// treeTold is what one kind of servers did with a large tree; memory is that of the
// server that has most, in MiB.
type treeTold struct{ loaded, most, restarted, seconds float64 }

func (o *options) fill(kind, n int) (treeTold, error) {
	e, err := o.startOne(kind, n)
	if err != nil {
		return treeTold{}, err
	}
	defer func() {
		e.Stop()
		_ = o.clean()
	}()
	w := workload{"create", 16, 64}
	if _, err := o.loadOn(e, w, "--count", fmt.Sprint(o.znodes)); err != nil {
		return treeTold{}, err
	}
	time.Sleep(settle)
	var t treeTold
	if t.loaded, t.most, err = memory(e); err != nil {
		return t, err
	}
	if t.seconds, err = restart(e); err != nil {
		return t, err
	}
	time.Sleep(settle)
	t.restarted, _, err = memory(e)
	return t, err
}

// memory gives the most of all servers, now and ever.
func memory(e *ensemble.Ensemble) (now, most float64, err error) {
	for i := range e.Len() {
		a, b, err := e.Memory(i)
		if err != nil {
			return 0, 0, err
		}
		now, most = max(now, float64(a)/1024), max(most, float64(b)/1024)
	}
	return now, most, nil
}

// restart kills all servers, starts them and waits until each serves; it gives
// seconds.
func restart(e *ensemble.Ensemble) (float64, error) {
	e.Stop()
	began := time.Now()
	for i := range e.Len() {
		if err := e.Restart(i); err != nil {
			return 0, err
		}
	}
	err := e.Await(serveTimeout)
	return time.Since(began).Seconds(), err
}
