package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/zksim/zksim/cmd/internal/ensemble"
)

// program is a client program of ours around a real client library. Called with
// "check SERVERS ZNODE" it prints "ok FEATURE" for each feature that worked, and
// ends with another code than 0 at the first that did not. Called with "load
// SERVERS ZNODE" it creates ZNODE/0, ZNODE/1 and so on, prints "ack N" when such a
// write was acknowledged, goes to the next number when one was not, and ends when
// its standard input does.
type program struct {
	name    string
	command []string
	recipes []string // that its check shows beside the basics, acl and multi
}

func programs(o *options) []program {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return []program{
		{"go-zookeeper " + goClientVersion(), []string{self, goClientArg}, []string{"lock"}},
		// Debian's Python is the one that Debian's kazoo belongs to.
		{"kazoo", []string{"/usr/bin/python3", o.kazoo}, []string{"lock", "election", "queue"}},
		{"C library", []string{o.c}, nil},
	}
}

func (p program) start(ctx context.Context, mode, servers, below string) *exec.Cmd {
	c := exec.CommandContext(ctx, p.command[0], append(p.command[1:len(p.command):len(p.command)], mode, servers, below)...)
	ensemble.Bind(c)
	return c
}

func (p program) check(ctx context.Context, servers, below string) ([]string, error) {
	c := p.start(ctx, "check", servers, below)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%w\n%s%s", err, out, last(stderr.String(), 2000))
	}
	return shown(string(out)), err
}

// shown are the features of the lines "ok FEATURE".
func shown(out string) []string {
	var all []string
	for line := range strings.Lines(out) {
		if f, ok := strings.CutPrefix(strings.TrimSpace(line), "ok "); ok {
			all = append(all, f)
		}
	}
	return all
}

// last is the end of a text, n bytes at most.
func last(s string, n int) string { return s[max(0, len(s)-n):] }
