// Command zkload loads servers of the ZooKeeper protocol, ours or others, and
// says how fast they were: throughput and the quantiles of the delay from sending
// a request to its answer. Each connection keeps a fixed number of requests
// outstanding. It does as little as possible itself, so that what it costs on a
// shared machine stays small beside the servers.
//
//	go run ./cmd/internal/zkload --servers 127.0.0.1:2181 --op create --conns 64 --outstanding 16 --for 5s
//
// It imports cmd/internal/ensemble, node/host/wire, node/proto and the standard
// library.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "zkload:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	fs := flag.NewFlagSet("zkload", flag.ContinueOnError)
	var l load
	servers := fs.String("servers", "127.0.0.1:2181", "addresses of clients' ports, with commas; connections are spread over them")
	fs.StringVar(&l.op, "op", "create", "create, set or get")
	fs.IntVar(&l.conns, "conns", 1, "connections")
	fs.IntVar(&l.outstanding, "outstanding", 1, "requests without an answer on each connection")
	fs.IntVar(&l.size, "size", 100, "bytes of data in each znode")
	fs.IntVar(&l.keys, "keys", 1000, "znodes that set and get choose from, and that are created before")
	fs.DurationVar(&l.span, "for", 5*time.Second, "how long to measure")
	fs.DurationVar(&l.warm, "warm", time.Second, "how long to load before")
	fs.IntVar(&l.count, "count", 0, "stop after so many requests instead, without warming up")
	fs.StringVar(&l.prefix, "prefix", fmt.Sprintf("/load-%x", time.Now().UnixNano()), "the znode that everything is created below")
	pids := fs.String("pids", "", "numbers of the servers' processes, with commas: their processor time is told too")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := fs.Parse(args); err != nil {
		return err
	}
	l.servers = strings.Split(*servers, ",")
	if err := l.setPIDs(*pids); err != nil {
		return err
	}
	r, err := l.run()
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	fmt.Println(r)
	return nil
}

func (l *load) setPIDs(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		if word == "" {
			continue
		}
		pid, err := strconv.Atoi(word)
		if err != nil {
			return fmt.Errorf("--pids %s: %q is no number of a process", s, word)
		}
		l.pids = append(l.pids, pid)
	}
	return nil
}
