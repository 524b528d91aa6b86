package main

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zksim/zksim/cmd/internal/ensemble"
	"github.com/zksim/zksim/node/host/wire"
	"github.com/zksim/zksim/node/proto"
)

// retry is the time between two attempts of a bare connection, attempt the
// longest that one may take.
const (
	retry   = 2 * time.Millisecond
	attempt = 250 * time.Millisecond
)

// failover kills leaders and waits for the first write on bare connections to the
// others.
func failover(o *options) error {
	var times [kinds][]float64 // ms
	err := o.eachStart(func(both [kinds]*ensemble.Ensemble) error {
		for range o.kills {
			for kind, e := range both {
				d, err := killOnce(e)
				if err != nil {
					return fmt.Errorf("%s: %w", kindNames[kind], err)
				}
				times[kind] = append(times[kind], float64(d)/float64(time.Millisecond))
				fmt.Fprintf(os.Stderr, "%-9s first write %v after the leader was killed\n", kindNames[kind], d.Round(time.Millisecond))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a, b := median(times[ours]), median(times[theirs])
	fmt.Println("| leader killed | zkserver | ZooKeeper | ratio | |")
	fmt.Println("|---|---|---|---|---|")
	fmt.Printf("| first write after, ms, median of %d | %.0f | %.0f | %.2f | %s |\n", len(times[ours]), a, b, a/b, verdict(a <= b))
	fmt.Printf("| longest, ms | %.0f | %.0f | %.2f | |\n\n", times[ours][len(times[ours])-1], times[theirs][len(times[theirs])-1],
		times[ours][len(times[ours])-1]/times[theirs][len(times[theirs])-1])
	return nil
}

// killOnce kills the leader, measures, starts it again and waits until it serves.
func killOnce(e *ensemble.Ensemble) (time.Duration, error) {
	leader, err := e.Leader(serveTimeout)
	if err != nil {
		return 0, err
	}
	time.Sleep(time.Second) // so that what the last start has left to do is done
	began := time.Now()
	e.Kill(leader)
	took, err := firstWrite(e, leader, began)
	if err != nil {
		return 0, err
	}
	if err := e.Restart(leader); err != nil {
		return 0, err
	}
	return took, e.Await(serveTimeout)
}

// firstWrite tries on all servers but one at the same time.
func firstWrite(e *ensemble.Ensemble, but int, began time.Time) (time.Duration, error) {
	var first atomic.Int64
	var all sync.WaitGroup
	for i := range e.Len() {
		if i == but {
			continue
		}
		all.Go(func() {
			for first.Load() == 0 && time.Since(began) < serveTimeout {
				if err := writeOnce(e.Client(i), fmt.Sprintf("/after-%d-%d", i, began.UnixNano())); err == nil {
					first.CompareAndSwap(0, int64(time.Since(began)))
					return
				}
				time.Sleep(retry)
			}
		})
	}
	all.Wait()
	if first.Load() == 0 {
		return 0, fmt.Errorf("no write in %v", serveTimeout)
	}
	return time.Duration(first.Load()), nil
}

func writeOnce(addr, path string) error {
	c, err := wire.Dial(addr, wire.Hello{Wait: attempt})
	if err != nil {
		return err
	}
	defer c.Close()
	a, err := c.Call(proto.Op{Type: proto.OpCreate, Path: path, ACL: proto.OpenACL()})
	if err == nil && a.Result.Err != proto.OK && a.Result.Err != proto.NodeExists {
		err = a.Result.Err
	}
	return err
}
