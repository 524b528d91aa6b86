// Package script has the steps that the scripts of several commands share. It is
// imported by tests only.
package script

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// Step is a command of scripts.
type Step = func(ts *testscript.TestScript, neg bool, args []string)

// With are the shared steps beside those of one command.
func With(own map[string]Step) map[string]Step {
	steps := map[string]Step{"exits": Exits, "fits": Fits}
	for name, step := range own { // order-free: names differ
		steps[name] = step
	}
	return steps
}

// Exits is the step exits CODE program args…: it runs the program and demands this
// exit code.
func Exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program args…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// Fits is the step fits LINES COLUMNS: stdout does.
func Fits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fits LINES COLUMNS")
	}
	lines, err := strconv.Atoi(args[0])
	ts.Check(err)
	width, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\n"), "\n")
	if len(text) > lines {
		ts.Fatalf("%d lines, more than %d", len(text), lines)
	}
	for _, line := range text {
		if len(line) > width {
			ts.Fatalf("%d columns, more than %d: %s", len(line), width, line)
		}
	}
}
