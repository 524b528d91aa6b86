package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/zksim/zksim/cmd/internal/ensemble"
)

// step is one line that is typed into a shell, and what must be printed then.
type step struct {
	feature string // that it belongs to; none: of the shell itself
	line    string // none: nothing is typed
	want    string // regular expression; . is any character, the end of a line too
}

// transcript is what a shell has printed.
type transcript struct {
	mu   sync.Mutex
	text []byte
}

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	return len(b), nil
}

func (t *transcript) since(at int) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.text[at:])
}

// converse types the steps into a shell, each when the one before has had its
// answer, then quits it. It gives the features all of whose steps went well.
func converse(ctx context.Context, command []string, steps []step) ([]string, error) {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	ensemble.Bind(c)
	out := &transcript{}
	c.Stdout, c.Stderr = out, out
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	features, err := typeAll(ctx, in, out, steps)
	if err != nil {
		_ = c.Process.Kill()
		_ = c.Wait()
		return features, err
	}
	if err := c.Wait(); err != nil {
		return features, fmt.Errorf("after quit: %w; the end of what it printed:\n%s", err, last(string(out.since(0)), 2000))
	}
	return features, nil
}

func typeAll(ctx context.Context, in io.WriteCloser, out *transcript, steps []step) ([]string, error) {
	var features []string
	for _, s := range steps {
		if err := s.do(ctx, in, out); err != nil {
			return slices.DeleteFunc(features, func(f string) bool { return f == s.feature }), err
		}
		if s.feature != "" && !slices.Contains(features, s.feature) {
			features = append(features, s.feature)
		}
	}
	_, err := io.WriteString(in, "quit\n")
	return features, err
}

func (s step) do(ctx context.Context, in io.Writer, out *transcript) error {
	want := regexp.MustCompile("(?s)" + s.want)
	at := len(out.since(0))
	if s.line == "" {
		at = 0
	} else if _, err := io.WriteString(in, s.line+"\n"); err != nil {
		return fmt.Errorf("%s: %w; it printed:\n%s", s.line, err, out.since(0))
	}
	for !want.Match(out.since(at)) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: want %s, it printed:\n%s", s.line, s.want, out.since(at))
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}
