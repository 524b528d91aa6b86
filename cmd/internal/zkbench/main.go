// Command zkbench measures our servers side by side with those of Apache
// ZooKeeper 3.8.0: three of each on loopback, the same zoo.cfg, the same client
// program, rounds in turn, several fresh starts of both. It prints the tables of
// docs/benchmarks.md, with the ratios.
//
//	go run ./cmd/internal/zkbench --server ./zkserver --load ./zkload
//
// bash .ci/benchmark builds what it needs and runs it. It imports
// cmd/internal/ensemble, node/host/wire, node/proto and the standard library.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zksim/zksim/cmd/internal/ensemble"
)

// serveTimeout bounds a start, of Java with a large tree on a busy machine too.
const serveTimeout = 3 * time.Minute

// options are the command line.
type options struct {
	server, load, dir string
	heap, only, ops   string
	treeOf            string
	starts, rounds    int
	span, warm        time.Duration
	kills, znodes     int
}

// phases are the parts that --only can name, in their order.
var phases = []phase{{"throughput", throughput}, {"failover", failover}, {"tree", largeTree}}

type phase struct {
	name string
	run  func(*options) error
}

func main() { ensemble.Main("zkbench", run) }

func parse(args []string) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet("zkbench", flag.ContinueOnError)
	fs.StringVar(&o.server, "server", "", "program zkserver")
	fs.StringVar(&o.load, "load", "", "program zkload")
	fs.StringVar(&o.dir, "dir", "", "for data and logs, must not exist, is removed at the end; without it a temporary one")
	fs.StringVar(&o.heap, "heap", "1g", "heap of each Java server")
	fs.StringVar(&o.only, "only", "throughput,failover,tree", "parts to run, with commas")
	fs.StringVar(&o.ops, "ops", "create,set,get", "operations of the part throughput, with commas")
	fs.StringVar(&o.treeOf, "tree-of", strings.Join(kindNames[:], ","), "kinds of servers that the part tree measures, with commas")
	fs.IntVar(&o.starts, "starts", 3, "fresh starts of both")
	fs.IntVar(&o.rounds, "rounds", 2, "measured rounds of each load in a start")
	fs.DurationVar(&o.span, "for", 3*time.Second, "how long a round is measured")
	fs.DurationVar(&o.warm, "warm", time.Second, "how long a round loads before")
	fs.IntVar(&o.kills, "kills", 5, "leaders killed in a start")
	fs.IntVar(&o.znodes, "znodes", 1_000_000, "znodes of the large tree")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if o.server == "" || o.load == "" || fs.NArg() > 0 {
		return nil, errors.New("want --server and --load")
	}
	var names []string
	for _, p := range phases {
		names = append(names, p.name)
	}
	if err := errors.Join(known("--only", o.only, names), known("--ops", o.ops, operations), known("--tree-of", o.treeOf, kindNames[:])); err != nil {
		return nil, err
	}
	return o, ensemble.Place(&o.dir, "zkbench-", &o.server, &o.load)
}

// known refuses a word that nothing would answer to.
func known(flag, words string, all []string) error {
	for word := range strings.SplitSeq(words, ",") {
		if !slices.Contains(all, word) {
			return fmt.Errorf("%s: %q is none of %s", flag, word, strings.Join(all, ", "))
		}
	}
	return nil
}

func run(args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	defer os.RemoveAll(o.dir)
	wanted := strings.Split(o.only, ",")
	fmt.Printf("load average before: %s\n\n", loadAverage())
	for _, p := range phases {
		if slices.Contains(wanted, p.name) {
			if err := p.run(o); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	fmt.Printf("load average after: %s\n", loadAverage())
	return nil
}

// loadAverage says how busy the machine was, so that numbers can be judged.
func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	fields := strings.Fields(string(b))
	return strings.Join(fields[:min(3, len(fields))], " ")
}

// The two kinds of servers, in the order of all tables.
const (
	ours = iota
	theirs
	kinds
)

var kindNames = [kinds]string{"zkserver", "ZooKeeper"}

// startOne starts servers of one kind, the number says which start it is.
func (o *options) startOne(kind, number int) (*ensemble.Ensemble, error) {
	program := []string{o.server}
	if kind == theirs {
		program = ensemble.Apache(o.heap)
	}
	e, err := ensemble.Start(ensemble.Options{Program: program, Servers: 3, Dir: filepath.Join(o.dir, fmt.Sprintf("%s-%d", kindNames[kind], number))})
	if err != nil {
		return nil, err
	}
	if err := e.Await(serveTimeout); err != nil {
		e.Stop()
		return nil, err
	}
	return e, nil
}

// eachStart starts both kinds freshly for each start, in turn one and the other
// first, and removes what they leave behind.
func (o *options) eachStart(do func(both [kinds]*ensemble.Ensemble) error) error {
	for n := range o.starts {
		err := o.withBoth(n, do)
		if err := errors.Join(err, o.clean()); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) withBoth(n int, do func([kinds]*ensemble.Ensemble) error) error {
	var both [kinds]*ensemble.Ensemble
	for i := range kinds {
		kind := (n + i) % kinds
		e, err := o.startOne(kind, n)
		if err != nil {
			return err
		}
		defer e.Stop()
		both[kind] = e
	}
	return do(both)
}

// clean removes the data of servers that have ended.
func (o *options) clean() error {
	entries, err := os.ReadDir(o.dir)
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(o.dir, entry.Name())))
	}
	return err
}

// median of what was measured; none is 0. It sorts.
func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// verdict judges a ratio.
func verdict(ok bool) string {
	if ok {
		return "reached"
	}
	return "MISSED"
}
