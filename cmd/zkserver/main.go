// Command zkserver runs one server of the ensemble for real: the very core that
// the simulator drives, on TCP and files. It reads a zoo.cfg, or runs alone with
// --standalone.
//
// It may import every package of the module, cobra's flags and the Prometheus
// client library, which no other command links.
package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/host"
)

// The exit codes beside those that the server itself asks for: 1 a broken
// invariant or a disk error, 10 a snapshot cannot be written, 12 a COMMIT out of
// order, 13 the log cannot be truncated, 14 no election port.
const (
	exitOK     = 0
	exitFailed = 128 // it could not start
	exitUsage  = 129 // flags or zoo.cfg are wrong
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// usageError is a sentence about the command line or the configuration.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func run(args []string, stdout, stderr io.Writer) int {
	err := serve(args, stdout, stderr)
	var usage usageError
	var exit *host.ExitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "zkserver:", err)
		return exitUsage
	case errors.As(err, &exit):
		fmt.Fprintln(stderr, "zkserver:", exit)
		return exit.Code
	}
	fmt.Fprintln(stderr, "zkserver:", err)
	return exitFailed
}

func serve(args []string, stdout, stderr io.Writer) error {
	o, err := parseFlags(args)
	if err != nil {
		return err
	}
	if o.help {
		_, err := io.WriteString(stdout, helpText)
		return err
	}
	s, err := o.settings()
	if err != nil {
		return err
	}
	log := o.logger(stderr).With("myid", int64(s.host.Node.ID))
	for _, n := range s.remarks {
		log.Warn(n)
	}
	s.host.Logger = log
	return s.run(log)
}

// run runs the server until it ends or is told to.
func (s *settings) run(log *slog.Logger) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(stop)
	metrics, err := s.listenMetrics()
	if err != nil {
		return err
	}
	beginStart()
	h, err := host.Start(s.host)
	if err != nil {
		if metrics != nil {
			_ = metrics.Close()
		}
		return startError(err)
	}
	endStart()
	log.Info("zkserver runs", "version", version(), "mode", s.mode(), "client", text(h.Addr(node.PortClient)),
		"dataDir", s.host.DataDir, "pid", os.Getpid())
	if metrics != nil {
		log.Info("metrics", "address", metrics.Addr().String())
		defer serveMetrics(metrics, h).Close()
	}
	select {
	case sig := <-stop:
		log.Info("stopping", "signal", sig.String())
		return h.Stop()
	case <-h.Done():
		return broken(h.Wait(), log)
	}
}

func text(a net.Addr) string {
	if a == nil {
		return "none"
	}
	return a.String()
}

// broken logs why a server ended by itself, with all that is known of it.
func broken(err error, log *slog.Logger) error {
	var exit *host.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	switch {
	case exit.Violation != nil:
		log.Error("broken invariant", "property", string(exit.Violation.Property), "place", exit.Violation.Place,
			"detail", exit.Violation.Detail, "stack", string(exit.Stack))
	case exit.Panic != nil:
		log.Error("internal failure, please report it", "panic", fmt.Sprint(exit.Panic), "stack", string(exit.Stack))
	default:
		log.Error("the server ends", "reason", exit.Reason, "code", exit.Code)
	}
	return err
}

// startError adds what to do to an error of the start.
func startError(err error) error {
	if errors.Is(err, host.ErrInUse) {
		return fmt.Errorf("%w; stop that server first, or give this one a dataDir of its own", err)
	}
	return err
}
