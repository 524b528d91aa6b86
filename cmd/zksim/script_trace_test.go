package main

import (
	"compress/gzip"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/zksim/zksim/sim/report/chrome"
)

// tracelint FILE: the trace, packed by gzip, is one that viewers show right.
func scriptTraceLint(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: tracelint FILE")
	}
	file, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	ts.Check(err)
	problems, err := chrome.Lint(unpacked)
	ts.Check(err)
	if len(problems) > 0 {
		ts.Fatalf("%q", problems)
	}
}
