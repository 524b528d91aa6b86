package main

import (
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/zksim/zksim/cmd/internal/script"
)

func TestMain(m *testing.M) { testscript.Main(m, commands) }

// update has the scripts take over what is printed now; read the difference.
var update = flag.Bool("update", false, "rewrite the expected output of scripts")

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup:         goEnvironment,
		Cmds: script.With(map[string]script.Step{
			"json": scriptJSON, "lines": scriptLines, "jq": scriptColumn, "tracelint": scriptTraceLint, "tamper": scriptTamper,
		}),
	})
}

// json KEY [VALUE]: stdout is one JSON object that has the key, and this value
// as text.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: json KEY [VALUE]")
	}
	var doc map[string]json.RawMessage
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	ts.Check(dec.Decode(&doc))
	if dec.More() {
		ts.Fatalf("more than one document on stdout")
	}
	value, ok := doc[args[0]]
	if !ok {
		ts.Fatalf("no key %s", args[0])
	}
	if got := strings.Trim(string(value), `"`); len(args) == 2 && got != args[1] {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

// documents reads stdout as one JSON object a line.
func documents(ts *testscript.TestScript) []map[string]json.RawMessage {
	var docs []map[string]json.RawMessage
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		var doc map[string]json.RawMessage
		ts.Check(json.Unmarshal([]byte(line), &doc))
		docs = append(docs, doc)
	}
	return docs
}

// lines N KEY…: stdout is so many lines, each a JSON object with these keys.
func scriptLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: lines N KEY…")
	}
	docs := documents(ts)
	if strconv.Itoa(len(docs)) != args[0] {
		ts.Fatalf("%d lines, want %s", len(docs), args[0])
	}
	for _, doc := range docs {
		for _, key := range args[1:] {
			if _, ok := doc[key]; !ok {
				ts.Fatalf("no key %s", key)
			}
		}
	}
}

// jq KEY VALUE…: the lines of stdout have these values, in this order.
func scriptColumn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: jq KEY VALUE…")
	}
	var got []string
	for _, doc := range documents(ts) {
		got = append(got, strings.Trim(string(doc[args[0]]), `"`))
	}
	if !slices.Equal(got, args[1:]) {
		ts.Fatalf("%s is %q, want %q", args[0], got, args[1:])
	}
}

// tamper FROM TO HOW: writes a copy of a bundle with something changed.
func scriptTamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: tamper FROM TO HOW")
	}
	text := ts.ReadFile(args[0])
	var changed string
	switch args[2] {
	case "checkpoint": // the third one
		mark := regexp.MustCompile(`(?s)("checkpoints": \[\n[^\n]*\n[^\n]*\n    \[[0-9]+,[0-9]+,")[0-9a-f]{16}`)
		changed = mark.ReplaceAllString(text, "${1}00000000deadbeef")
	case "schedule":
		changed = strings.Replace(text, "\nat 5s kill leader\n", "\nat 8s kill zk1\n", 1)
	case "typo":
		changed = strings.Replace(text, "\nat 5s kill leader\n", "\nat 5s kil leader\n", 1)
	case "stranger":
		changed = strings.Replace(text, "\nat 5s kill leader\n", "\nat 5s kill zk9\n", 1)
	case "contrary":
		changed = strings.Replace(text, "\nat 5s kill leader\n", "\nat 5s start zk1\n", 1)
	case "hash":
		changed = regexp.MustCompile(`("hash": ")[0-9a-f]{16}`).ReplaceAllString(text, "${1}00000000deadbeef")
	case "verdict":
		changed = strings.Replace(strings.Replace(text, `"verdict": "ok"`, `"verdict": "violated"`, 1), `"property": ""`, `"property": "Progress"`, 1)
	case "property":
		changed = strings.Replace(text, `"property": "PrefixConsistency"`, `"property": "Progress"`, 1)
	case "schema":
		changed = strings.Replace(text, `"schema": 1`, `"schema": 99`, 1)
	case "newer":
		changed = strings.Replace(text, "format 2\n", "format 9\n", 1)
	case "cut":
		changed = text[:len(text)*2/3]
	}
	if changed == "" || changed == text {
		ts.Fatalf("nothing was changed")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(changed), 0o666))
}
