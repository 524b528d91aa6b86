package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/zksim/zksim/sim/bundle"
)

// commandPackage is what is built to judge a commit.
const commandPackage = "./cmd/zksim"

// buildFailure is code that does not build, and what the go command says of it.
type buildFailure struct {
	reason string // in a few words: "it does not build"
	said   string
}

// Error gives the reason, and what the go command said first.
func (e *buildFailure) Error() string {
	if line := firstComplaint(e.said); line != "" {
		return e.reason + ": " + line
	}
	return e.reason
}

// firstComplaint passes over the names of packages above the errors in them. A line
// that only announces the next one comes with it.
func firstComplaint(said string) string {
	var words []string
	for line := range strings.Lines(said) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "go: downloading ") {
			continue
		}
		words = append(words, line)
		if !strings.HasSuffix(line, ":") {
			break
		}
	}
	if words == nil {
		return firstLine(said)
	}
	return strings.Join(words, " ")
}

// errNoGo says that nothing can be built for want of the go command.
var errNoGo = errors.New("the go command is not installed, and nothing can be built without it")

// build builds the command of the module at dir into the file out. Paths are
// trimmed, so that work trees share what has been compiled. The error is a
// *buildFailure where the code is to blame.
func build(ctx context.Context, dir, out string) error {
	info, err := os.Stat(filepath.Join(dir, commandPackage))
	if err != nil || !info.IsDir() {
		return &buildFailure{reason: "it has no " + commandPackage}
	}
	return goTool(ctx, dir, "build", "-trimpath", "-o", out, commandPackage)
}

// goTool runs the go command on the module at dir.
func goTool(ctx context.Context, dir string, args ...string) error {
	cmd := command(ctx, dir, "go", args...)
	cmd.Env = plainEnvironment()
	_, err := output(cmd, ctx)
	var failed *programError
	switch {
	case absent(err):
		return errNoGo
	case errors.As(err, &failed) && deadly(err) == nil:
		return &buildFailure{"it does not build", failed.said}
	}
	return err
}

// replayBuilt is zksim replay --build: it builds the command of the module that
// the current directory is in, and has that do what args say. What cannot be
// built or run is a commit that cannot be judged, not a failure of the tool: git
// bisect run passes over it.
func (a *app) replayBuilt(f *replayFlags, path string, args []string) error {
	data, err := a.readFile(path, bundle.SizeMax+1)
	if err == errInterrupted {
		return err
	}
	if err != nil {
		return unjudged(fmt.Sprintf("cannot read the bundle: %v", err))
	}
	if path == "-" {
		a.stdin, a.heard = bytes.NewReader(data), nil
	}
	if b, err := bundle.Parse(path, data); err == nil && b.Document.Test != "" {
		return a.replay(f, path) // by the test, which is built for it anyhow
	}
	ctx, stop := a.interruptible()
	defer stop()
	dir, err := os.MkdirTemp("", "zksim-build-")
	if err != nil {
		return fmt.Errorf("cannot make a directory to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "zksim"+executableSuffix())
	if err := buildHere(ctx, binary); err != nil {
		return a.unbuilt(err)
	}
	return a.pass(command(ctx, "", binary, withoutBuild(args)...), ctx)
}

// executableSuffix is what the names of programs end with here.
func executableSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// buildHere builds the command of the module around the current directory.
func buildHere(ctx context.Context, out string) error {
	here, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("cannot find the current directory: %w", err)
	}
	root := filepath.VolumeName(here) + string(filepath.Separator)
	below, err := filepath.Rel(root, here)
	if err != nil {
		return err
	}
	module, err := moduleDir(root, below)
	if err != nil {
		return &buildFailure{reason: fmt.Sprintf("%s is in no Go module", here)}
	}
	return build(ctx, module, out)
}

// unbuilt says why there is nothing to replay with.
func (a *app) unbuilt(err error) error {
	var failed *buildFailure
	switch {
	case errors.Is(err, errInterrupted):
		a.code = exitInterrupted
		return nil
	case errors.As(err, &failed):
		if failed.said != "" {
			fmt.Fprintf(a.stderr, "%s\n", visible(clipLines(failed.said, complaintsMax)))
		}
		return unjudged(fmt.Sprintf("the code that is checked out cannot be judged: %s", failed.reason))
	}
	return unjudged(err.Error())
}

// complaintsMax is how many lines of a compiler are shown.
const complaintsMax = 20

// clipLines keeps the first lines of a text.
func clipLines(text string, most int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("… %d lines more", len(lines)-most))
	}
	return strings.Join(lines, "\n")
}

// withoutBuild are the arguments of the command without --build.
func withoutBuild(args []string) []string {
	var kept []string
	for i, arg := range args {
		if arg == "--" {
			return append(kept, args[i:]...)
		}
		if arg != "--build" && !strings.HasPrefix(arg, "--build=") {
			kept = append(kept, arg)
		}
	}
	return kept
}

// pass runs a program in place of this one: it has the same input, output and
// exit code. Codes by which it says that it could not do it are turned into
// "cannot be judged", because the arguments have been found right here.
func (a *app) pass(cmd *exec.Cmd, ctx context.Context) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.direct, a.stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		a.code = exitInterrupted
		return nil
	}
	if err != nil && deadly(err) != nil {
		return unjudged(fmt.Sprintf("what was built did not come to an end: %v", err))
	}
	a.code = cmd.ProcessState.ExitCode()
	switch a.code {
	case exitOK, exitViolated, exitUnknown, exitInterrupted:
		return nil
	}
	return unjudged(fmt.Sprintf("what was built cannot do this: it ended with %d", a.code))
}
