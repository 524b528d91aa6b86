package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// interruptible gives a context that ends with errInterrupted when the user
// stops the command. The caller must call stop, when what was begun has been
// cleaned up.
func (a *app) interruptible() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	go func() {
		select {
		case <-a.interrupts:
		case <-terminated:
		case <-ctx.Done():
		}
		cancel(errInterrupted)
	}()
	return ctx, func() {
		signal.Stop(terminated)
		cancel(nil)
	}
}

// input is standard input, until the user stops the command: whoever reads it may
// wait for ever. All errors after that are errInterrupted.
func (a *app) input() io.Reader {
	if a.heard == nil {
		a.heard = &heeding{from: a.stdin, interrupts: a.interrupts}
	}
	return a.heard
}

// heeding is a reader that heeds interrupts.
type heeding struct {
	from       io.Reader
	interrupts <-chan os.Signal
	over       bool // somebody may still wait for the reader below
}

// Read reads into a place of its own: who has waited in vain must not find its
// bytes changed later.
func (h *heeding) Read(p []byte) (int, error) {
	if h.over {
		return 0, errInterrupted
	}
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	text := make([]byte, len(p))
	go func() {
		n, err := h.from.Read(text)
		done <- result{text[:n], err}
	}()
	select {
	case r := <-done:
		return copy(p, r.text), r.err
	case <-h.interrupts:
		h.over = true
		return 0, errInterrupted
	}
}

// enough returns errInterrupted if the user has stopped the command, for work
// that looks up now and then.
func (a *app) enough() error {
	select {
	case <-a.interrupts:
		return errInterrupted
	default:
		return nil
	}
}

// grace is how long a program that was interrupted may take to end.
const grace = 5 * time.Second

// command is a program that ends when ctx does.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = grace
	return cmd
}

// output runs a program and gives what it printed. The error says what the
// program said, and is that of ctx when ctx ended it.
func output(cmd *exec.Cmd, ctx context.Context) ([]byte, error) {
	var said bytes.Buffer
	if cmd.Stderr == nil {
		cmd.Stderr = &said
	}
	out, err := cmd.Output()
	switch {
	case err == nil:
		return out, nil
	case ctx.Err() != nil:
		return out, context.Cause(ctx)
	}
	return out, &programError{cmd.Args, err, said.String()}
}

// programError is a program that failed.
type programError struct {
	args []string
	err  error
	said string // on standard error
}

// Error gives the program, its verb, and the first line that it said, or how it
// ended. A setting, as in git -c, is no verb.
func (e *programError) Error() string {
	args := e.args
	if len(args) > 3 && args[1] == "-c" {
		args = append([]string{args[0]}, args[3:]...)
	}
	words := strings.Join(args[:min(len(args), 2)], " ")
	if line := firstLine(e.said); line != "" {
		return fmt.Sprintf("%s: %s", words, line)
	}
	return fmt.Sprintf("%s: %v", words, e.err)
}

// Unwrap gives the error of the process.
func (e *programError) Unwrap() error { return e.err }

// code is the exit code; -1 where a signal has ended the program.
func (e *programError) code() int {
	var exit *exec.ExitError
	if errors.As(e.err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// firstLine is the first line of a text that is not empty, without the word
// that git puts before its errors.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			return strings.TrimPrefix(line, "fatal: ")
		}
	}
	return ""
}

// absent reports whether a program could not be run because it is not there.
func absent(err error) bool {
	return errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist)
}

// deadly is the error that a program ended with without an exit code of its own,
// by a signal, or nil.
func deadly(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return nil
	}
	return err
}
