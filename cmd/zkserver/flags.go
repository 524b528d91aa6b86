package main

import (
	"io"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/pflag"
)

const helpText = `Examples:
  zkserver /etc/zookeeper/zoo.cfg
  zkserver --standalone --data /tmp/zk --client 127.0.0.1:2181

Run one ZooKeeper-like server, on TCP and files.

Flags:
      --standalone       run alone; whitelists every four-letter word
      --data DIR         with --standalone: where history and snapshots lie
      --client ADDRESS   with --standalone: host:port for clients
      --metrics ADDRESS  host:port of the Prometheus endpoint /metrics
      --log-format WORD  text or json (default text), on standard error
      --quiet            log warnings and errors only

A server of an ensemble takes its number from the file myid in dataDir. SIGTERM
and SIGINT end the server.

Exit: 0 stopped, 128 cannot start, 129 usage or zoo.cfg; of a running server 1
broken invariant or disk error, 10 snapshot, 12 commit, 13 truncation, 14 port
`

// options are the command line.
type options struct {
	config                string // zoo.cfg
	standalone            bool
	data, client, metrics string
	format                string
	quiet, help           bool
}

func parseFlags(args []string) (*options, error) {
	o := &options{}
	fs := pflag.NewFlagSet("zkserver", pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.BoolVar(&o.standalone, "standalone", false, "")
	fs.StringVar(&o.data, "data", "", "")
	fs.StringVar(&o.client, "client", "", "")
	fs.StringVar(&o.metrics, "metrics", "", "")
	fs.StringVar(&o.format, "log-format", "text", "")
	fs.BoolVar(&o.quiet, "quiet", false, "")
	fs.BoolVarP(&o.help, "help", "h", false, "")
	if err := fs.Parse(args); err != nil {
		return nil, usagef("%w; zkserver --help lists the flags", err)
	}
	if o.help {
		return o, nil
	}
	return o, o.check(fs.Args())
}

func (o *options) check(args []string) error {
	switch {
	case o.format != "text" && o.format != "json":
		return usagef("--log-format %s: want text or json", o.format)
	case o.metrics != "" && !isAddress(o.metrics):
		return usagef("--metrics %s: want host:port", o.metrics)
	case o.standalone:
		return o.checkStandalone(args)
	case o.data != "" || o.client != "":
		return usagef("--data and --client belong to --standalone; a zoo.cfg has dataDir and clientPort")
	case len(args) != 1:
		return usagef("want one zoo.cfg, or --standalone --data DIR --client HOST:PORT; have %d files", len(args))
	}
	o.config = args[0]
	return nil
}

func (o *options) checkStandalone(args []string) error {
	switch {
	case len(args) > 0:
		return usagef("%s: --standalone reads no zoo.cfg; leave out one of the two", args[0])
	case o.data == "":
		return usagef("--standalone needs --data DIR")
	case o.client == "":
		return usagef("--standalone needs --client HOST:PORT, as in --client 127.0.0.1:2181")
	case !isAddress(o.client):
		return usagef("--client %s: want host:port", o.client)
	}
	return nil
}

// isAddress reports whether s is host:port, the port being a number.
func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	return err == nil && isPort(port)
}

func (o *options) logger(w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{}
	if o.quiet {
		opts.Level = slog.LevelWarn
	}
	if strings.EqualFold(o.format, "json") {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
