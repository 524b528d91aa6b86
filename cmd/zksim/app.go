package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/zksim/zksim/sim"
)

// The exit codes. 125 is "skip" to git bisect run, and 128 and above abort it:
// neither blames a commit for what the tool could not judge.
const (
	exitOK          = 0
	exitViolated    = 1
	exitUnknown     = 125
	exitInternal    = 128
	exitUsage       = 129
	exitInterrupted = 130
)

// app is one invocation of the command with everything it takes from the
// outside, so that tests can stand in for each of them.
type app struct {
	stdout, stderr io.Writer
	env            func(string) string
	terminal       bool // standard output is one
	now            func() time.Time
	drawSeed       func() (uint64, error)
	interrupts     <-chan os.Signal
	simulate       func(sim.Config) (*sim.Report, error)

	code int // of the verdict, set by a verb that ran
}

// usageError is a sentence about what the user asked for, with how to mend it.
type usageError string

// Error gives the sentence.
func (e usageError) Error() string { return string(e) }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// main carries out args and returns the exit code. Standard output is written
// in one piece at the end, so that a failure to write it is seen.
func (a *app) main(args []string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(a.stderr, "zksim: internal failure, please report it: %v\n%s", r, debug.Stack())
			code = exitInternal
		}
	}()
	out := bufio.NewWriter(a.stdout)
	a.stdout = out
	err := a.execute(args)
	if flushed := out.Flush(); err == nil && flushed != nil {
		err = fmt.Errorf("cannot write the result: %w", flushed)
	}
	return a.exit(err)
}

// exit says what went wrong, if anything, and chooses the exit code.
func (a *app) exit(err error) int {
	if err == nil {
		return a.code
	}
	fmt.Fprintf(a.stderr, "zksim: %v\n", err)
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitInternal
}
