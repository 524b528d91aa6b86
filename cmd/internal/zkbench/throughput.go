package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/zksim/zksim/cmd/internal/ensemble"
)

// What must be reached: at least this throughput, at most this p99 and this
// processor time, each as a ratio of ours to theirs.
const (
	throughputLeast = 1.0
	p99Most         = 1.1
	processorMost   = 0.6
)

// operations are those of the part throughput.
var operations = []string{"create", "set", "get"}

// workload is one column of load.
type workload struct {
	op                 string
	conns, outstanding int
}

func (o *options) workloads() []workload {
	var all []workload
	for op := range strings.SplitSeq(o.ops, ",") {
		for _, c := range [][2]int{{1, 1}, {64, 1}, {64, 16}} {
			all = append(all, workload{op, c[0], c[1]})
		}
	}
	return all
}

func (w workload) String() string { return fmt.Sprintf("%s, %d x %d", w.op, w.conns, w.outstanding) }

// measured is what zkload prints that is of use here.
type measured struct {
	PerSecond float64 `json:"per_second"`
	P99       float64 `json:"p99_ms"`
	Processor float64 `json:"processor_us"`
	Requests  int     `json:"requests"`
	Errors    int     `json:"errors"`
}

// samples are the rounds of one workload on one kind of servers.
type samples struct{ perSecond, p99, processor []float64 }

func (s *samples) add(m *measured) {
	s.perSecond, s.p99, s.processor = append(s.perSecond, m.PerSecond), append(s.p99, m.P99), append(s.processor, m.Processor)
}

// throughput loads both kinds in turn. The first round of each workload in a
// start is not counted: it has Java compile what it runs.
func throughput(o *options) error {
	all := o.workloads()
	rows := make([][kinds]samples, len(all))
	err := o.eachStart(func(both [kinds]*ensemble.Ensemble) error {
		for i, w := range all {
			for round := range o.rounds + 1 {
				for kind, e := range both {
					m, err := o.loadOn(e, w)
					if err != nil {
						return fmt.Errorf("%s, %v: %w", kindNames[kind], w, err)
					}
					if round > 0 {
						rows[i][kind].add(m)
						fmt.Fprintf(os.Stderr, "%-9s %-15v %9.0f/s  p99 %8.2f ms  processor %7.1f us\n", kindNames[kind], w, m.PerSecond, m.P99, m.Processor)
					}
				}
			}
		}
		return nil
	})
	if err == nil {
		printThroughput(all, rows)
	}
	return err
}

// loadOn runs the client program. The leader is the last in its list of servers,
// so that a single connection goes to a follower of either kind.
func (o *options) loadOn(e *ensemble.Ensemble, w workload, more ...string) (*measured, error) {
	leader, err := e.Leader(serveTimeout)
	if err != nil {
		return nil, err
	}
	var servers []string
	for i := range e.Len() {
		servers = append(servers, e.Client((leader+1+i)%e.Len()))
	}
	args := append([]string{"--json", "--servers", strings.Join(servers, ","), "--op", w.op, "--conns", fmt.Sprint(w.conns),
		"--outstanding", fmt.Sprint(w.outstanding), "--for", o.span.String(), "--warm", o.warm.String(),
		"--pids", strings.Trim(strings.ReplaceAll(fmt.Sprint(e.PIDs()), " ", ","), "[]")}, more...)
	c := exec.Command(o.load, args...)
	c.Stderr = os.Stderr
	ensemble.Bind(c)
	out, err := c.Output()
	m := &measured{}
	if err := errors.Join(err, json.Unmarshal(out, m)); err != nil {
		return nil, err
	}
	if m.Errors > 0 || m.Requests == 0 {
		return nil, fmt.Errorf("%d requests, %d errors", m.Requests, m.Errors)
	}
	return m, nil
}

// figures are what is judged.
type figures struct{ perSecond, p99, processor float64 }

func (s *samples) median() figures {
	return figures{median(s.perSecond), median(s.p99), median(s.processor)}
}

// reached judges all three.
func reached(a, b figures) bool {
	return a.perSecond >= throughputLeast*b.perSecond && a.p99 <= p99Most*b.p99 && a.processor <= processorMost*b.processor
}

func printThroughput(all []workload, rows [][kinds]samples) {
	fmt.Println("| load | zkserver /s | ZooKeeper /s | ratio | p99 ms | ZooKeeper | ratio | processor µs | ZooKeeper | ratio | |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|---|")
	for i, w := range all {
		a, b := rows[i][ours].median(), rows[i][theirs].median()
		fmt.Printf("| %v | %.0f | %.0f | %.2f | %.2f | %.2f | %.2f | %.1f | %.1f | %.2f | %s |\n", w, a.perSecond, b.perSecond, a.perSecond/b.perSecond,
			a.p99, b.p99, a.p99/b.p99, a.processor, b.processor, a.processor/b.processor, verdict(reached(a, b)))
	}
	fmt.Println()
}
