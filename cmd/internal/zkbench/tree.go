package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
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
	var all [kinds]treesTold
	for n := range o.starts {
		for i := range kinds {
			kind := (n + i) % kinds
			if !slices.Contains(strings.Split(o.treeOf, ","), kindNames[kind]) {
				continue
			}
			t, err := o.fill(kind, n)
			if err != nil {
				return fmt.Errorf("%s: %w", kindNames[kind], err)
			}
			all[kind] = append(all[kind], t)
			fmt.Fprintf(os.Stderr, "%-9s %d znodes: %.0f MiB, at most %.0f; after a restart in %.2f s: %.0f MiB, at most %.0f\n",
				kindNames[kind], o.znodes, t.loaded, t.most, t.seconds, t.restarted, t.mostRestarted)
		}
	}
	fmt.Printf("| %d znodes of 100 bytes | zkserver | ZooKeeper | ratio | |\n|---|---|---|---|---|\n", o.znodes)
	row := func(what string, bound float64, of func(treeTold) float64) {
		a, b := all[ours].median(of), all[theirs].median(of)
		ratio, said := "", ""
		if b > 0 && len(all[ours]) > 0 {
			ratio = fmt.Sprintf("%.2f", a/b)
			if bound > 0 {
				said = verdict(a <= bound*b)
			}
		}
		fmt.Printf("| %s | %.2f | %.2f | %s | %s |\n", what, a, b, ratio, said)
	}
	row("resident memory of a server, MiB", memoryMost, func(t treeTold) float64 { return t.loaded })
	row("most of it while they came, MiB", memoryMost, func(t treeTold) float64 { return t.most })
	row("resident memory after a restart, MiB", memoryMost, func(t treeTold) float64 { return t.restarted })
	row("most of it meanwhile, MiB", 0, func(t treeTold) float64 { return t.mostRestarted })
	row("restart until every server serves, s", 1, func(t treeTold) float64 { return t.seconds })
	fmt.Println()
	return nil
}

// treeTold is what one kind of servers did with a large tree; memory is that of the
// server that has most, in MiB.
type treeTold struct{ loaded, most, restarted, mostRestarted, seconds float64 }

// treesTold is that of all starts.
type treesTold []treeTold

func (all treesTold) median(of func(treeTold) float64) float64 {
	var values []float64
	for _, t := range all {
		values = append(values, of(t))
	}
	return median(values)
}

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
	t.restarted, t.mostRestarted, err = memory(e)
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
