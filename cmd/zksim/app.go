package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
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
	stdin          io.Reader
	stdout, stderr io.Writer
	direct         io.Writer // standard output as the programs that this one starts write to it
	env            func(string) string
	terminal       bool       // standard output is one
	watched        bool       // standard error is a terminal
	columns        func() int // of standard error; 0 where nobody knows
	build          func() report.Build
	now            func() time.Time
	drawSeed       func() (uint64, error)
	interrupts     <-chan os.Signal
	simulate       func(engine.Config) (*engine.Report, error)
	head           func() (string, error)     // hash of the commit of the current directory
	letGo          func()                     // lets the next interrupt end the process at once
	workers        func(engine.Config) worker // of explore; nil: processes of this binary

	args []string // of this invocation
	code int      // of the verdict, set by a verb that ran

	alone    func(engine.Config) (*engine.Report, error) // simulate, where no test does; nil: the same
	driven   *testRunner                                 // the test that makes the runs of the bundle at hand; nil: none does
	heard    *heeding                                    // standard input, once somebody reads it
	cleanups []func()                                    // for the end
}

// usageError is a sentence about what the user asked for, with how to mend it.
type usageError string

// Error gives the sentence.
func (e usageError) Error() string { return string(e) }

// unjudged is a sentence about what was given to be judged and cannot be.
type unjudged string

// Error gives the sentence.
func (e unjudged) Error() string { return string(e) }

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
	defer func() {
		for _, f := range a.cleanups {
			f()
		}
	}()
	out := bufio.NewWriter(a.stdout)
	a.direct, a.stdout = a.stdout, out
	err := a.execute(args)
	if flushed := out.Flush(); err == nil && flushed != nil {
		err = fmt.Errorf("cannot write the result: %w", flushed)
	}
	return a.exit(err)
}

// flush sends on what was printed so far, in long runs.
func (a *app) flush() error {
	if out, ok := a.stdout.(*bufio.Writer); ok {
		return out.Flush()
	}
	return nil
}

// printJSON prints one document.
func (a *app) printJSON(doc any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

// exit says what went wrong, if anything, and chooses the exit code.
func (a *app) exit(err error) int {
	if err == nil {
		return a.code
	}
	fmt.Fprintf(a.stderr, "zksim: %s\n", visible(err.Error())) // names in bundles may be anything
	var usage usageError
	var unknown unjudged
	switch {
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &unknown):
		return exitUnknown
	}
	return exitInternal
}
