// Command zkclients has real clients of the ZooKeeper protocol use an ensemble of
// three of our servers: go-zookeeper, kazoo, the C library, and the shells cli_mt
// and zkCli.sh. Each does what it offers of the operations, one line tells how it
// went. Then three of them write all the time, the leader is killed, and no
// acknowledged write may be missing.
//
//	go run ./cmd/internal/zkclients --server zkserver --kazoo .ci/clients/kazoo_client.py --c ./c_client
//
// It is what the stage clients of .ci/run runs, which installs and builds what it
// needs. It imports cmd/internal/ensemble, node/host/wire, node/proto,
// go-zookeeper and the standard library.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/zksim/zksim/cmd/internal/ensemble"
)

// limits of one client, and of servers that elect, on a machine that is busy.
const (
	clientTimeout = 60 * time.Second
	serveTimeout  = 30 * time.Second
)

// options are the command line.
type options struct {
	server, kazoo, c, dir string
}

func main() {
	if len(os.Args) == 5 && os.Args[1] == goClientArg {
		os.Exit(goClient(os.Args[2:]))
	}
	ensemble.Main("zkclients", run)
}

func parse(args []string) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet("zkclients", flag.ContinueOnError)
	fs.StringVar(&o.server, "server", "", "program zkserver")
	fs.StringVar(&o.kazoo, "kazoo", "", "script kazoo_client.py")
	fs.StringVar(&o.c, "c", "", "program made of c_client.c")
	fs.StringVar(&o.dir, "dir", "", "for data and logs, must not exist; without it a temporary one that a failure leaves behind")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 || o.server == "" || o.kazoo == "" || o.c == "" {
		return nil, errors.New("want --server, --kazoo and --c")
	}
	return o, ensemble.Place(&o.dir, "zkclients-", &o.server)
}

func run(args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	e, err := ensemble.Start(ensemble.Options{Program: []string{o.server}, Servers: 3, Dir: o.dir})
	if err != nil {
		return err
	}
	defer e.Stop()
	err = e.Await(serveTimeout)
	if err == nil {
		err = errors.Join(checkAll(ctx, o, e), killUnderLoad(ctx, o, e))
	}
	e.Stop()
	if err != nil {
		return fmt.Errorf("%w\ndata and logs: %s\n%s", err, o.dir, e.Logs(2000))
	}
	return os.RemoveAll(o.dir)
}
