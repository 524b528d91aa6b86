package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ioctl asks the system about a file, or tells it something.
func ioctl(t *testing.T, fd uintptr, request uintptr, arg unsafe.Pointer) {
	t.Helper()
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg))
	require.Zero(t, errno)
}

// waiting is how many bytes nobody has read yet.
func waiting(t *testing.T, file *os.File) int32 {
	t.Helper()
	n := int32(0)
	raw, err := file.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) { ioctl(t, fd, syscall.TIOCINQ, unsafe.Pointer(&n)) }))
	return n
}

// terminal is a pseudo terminal of 60 columns; what is written to the second
// file is shown on the first.
func terminal(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here")
	}
	t.Cleanup(func() { screen.Close() })
	unlock, number := int32(0), int32(0)
	size := [4]uint16{24, 60}
	raw, err := screen.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		ioctl(t, fd, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
		ioctl(t, fd, syscall.TIOCGPTN, unsafe.Pointer(&number))
		ioctl(t, fd, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	}))
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	return screen, tty
}

// onTerminal runs a command with its output and errors on a terminal, and gives
// what was shown and the exit code.
func onTerminal(t *testing.T, env []string, name string, args ...string) (shown string, code int) {
	t.Helper()
	screen, tty := terminal(t)
	var text bytes.Buffer
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(&text, screen) }) // ends with an error when the last writer has gone
	cmd := process(t, name, args...)
	cmd.Stdout, cmd.Stderr = tty, tty
	cmd.Env = append(append(os.Environ(), "NO_COLOR=", "TERM=xterm", "FORCE_COLOR=", "CLICOLOR_FORCE="), env...)
	err := cmd.Run()
	require.NoError(t, tty.Close())
	reading.Wait()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit)
		return text.String(), exit.ExitCode()
	}
	return text.String(), 0
}

// On a terminal a search draws one line again and again, and its verdict has a
// colour; with NO_COLOR, or on a terminal that can do nothing, neither.
func TestOnATerminal(t *testing.T) {
	args := []string{"explore", "--seeds", "1-3", "--jobs", "1", "--run-timeout", "3s"}
	t.Run("that can draw", func(t *testing.T) {
		t.Parallel()
		shown, code := onTerminal(t, nil, "zksim-odd", args...)
		assert.Equal(t, exitViolated, code)
		assert.Contains(t, shown, "\x1b[31mVIOLATED\x1b[0m  1 of 3 runs ok  2 violated\r\n")
		assert.Regexp(t, `\r\x1b\[K2/3  [0-9,]+ runs/min  [0-9,.]+ virtual h/min  1 di`, shown)
		drawn, _, _ := strings.Cut(shown, "\x1b[31mVIOLATED")
		assert.NotContains(t, drawn, "\n", "the line is drawn in its place")
		for _, line := range strings.Split(drawn, "\r\x1b[K") {
			assert.Less(t, len(line), 60, "the line fits the terminal: %q", line)
		}
	})
	for _, env := range []string{"NO_COLOR=1", "TERM=dumb"} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			shown, code := onTerminal(t, []string{env}, "zksim-odd", args...)
			assert.Equal(t, exitViolated, code)
			assert.NotContains(t, shown, "\x1b", "no escape sequences")
			assert.True(t, strings.HasPrefix(shown, "VIOLATED  1 of 3 runs ok"), shown)
		})
	}
}

// The first interrupt asks for a summary; where nobody reads that, the second
// one ends the process. Now and then a search is over before its output is
// stuck; then it is asked again.
func TestSecondInterruptEndsAtOnce(t *testing.T) {
	for range 10 {
		if code := interruptStuck(t); code != exitInterrupted {
			assert.Equal(t, -1, code, "ended by the signal")
			return
		}
	}
	t.Fatal("no search got stuck")
}

// interruptStuck interrupts a search whose output nobody reads until it ends,
// and returns its exit code; -1 is that of a signal.
func interruptStuck(t *testing.T) int {
	cmd := process(t, "zksim-odd", "explore", "--seeds", endlessOK, "--jobs", "1", "--json", "--quiet")
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	cmd.Stdout = write
	require.NoError(t, cmd.Start())
	require.NoError(t, write.Close())
	require.True(t, eventually(func() bool { return waiting(t, read) >= 60_000 }), "the pipe fills")
	time.Sleep(50 * time.Millisecond) // until the rest is stuck
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for range 2000 {
		_ = cmd.Process.Signal(os.Interrupt) // the first, the second, and further ones; it may have ended
		select {
		case err = <-ended:
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			return exit.ExitCode()
		case <-time.After(5 * time.Millisecond):
		}
	}
	t.Fatal("it does not end")
	return 0
}
