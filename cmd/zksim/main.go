// Command zksim runs simulated ensembles and says how they went.
//
// Results go to standard output, everything else to standard error; the exit
// code is the verdict's, whatever the output format. Commands may import every
// package of the module, cobra and x/term; nothing imports a command.
package main

import (
	"crypto/rand"
	"encoding/binary"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/zksim/zksim/cmd/internal/heap"
	"github.com/zksim/zksim/sim/engine"
)

func main() {
	heap.Tune()
	os.Exit(main1())
}

// main1 is main for tests: it returns the exit code.
func main1() int { return mainWith(engine.Run) }

// mainWith is main1 with another simulator. CI systems interrupt by SIGTERM.
func mainWith(simulate func(engine.Config) (*engine.Report, error)) int {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupts)
	a := &app{
		stdin:      os.Stdin,
		stdout:     os.Stdout,
		stderr:     os.Stderr,
		env:        os.Getenv,
		terminal:   term.IsTerminal(int(os.Stdout.Fd())),
		watched:    term.IsTerminal(int(os.Stderr.Fd())),
		columns:    columns,
		build:      thisBuild,
		now:        time.Now,
		drawSeed:   drawSeed,
		interrupts: interrupts,
		simulate:   simulate,
		head:       headCommit,
		letGo:      func() { signal.Reset(os.Interrupt, syscall.SIGTERM) },
	}
	return a.main(os.Args[1:])
}

// columns is how wide the terminal is, which may change at any time.
func columns() int {
	width, _, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// drawSeed takes a seed from the operating system, for a run without --seed.
func drawSeed() (uint64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(b[:]), nil
}
