package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"

	"github.com/zksim/zksim/cmd/internal/script"
)

// Tests of people in modules of their own, run by go test and by the command.
// Each step builds one, so that only the story of one failure is always told;
// .ci/run asks for all.
func TestScriptsOfTests(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds tests")
	}
	files := []string{"testdata/gotest/story.txtar"}
	if os.Getenv("ZKSIM_GOTEST") != "" {
		files, _ = filepath.Glob("testdata/gotest/*.txtar")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: files,
		Setup: func(e *testscript.Env) error { return setUpModule(e, root) },
		Cmds: script.With(map[string]script.Step{
			"repro": scriptRepro, "first": scriptFirst, "seeds": scriptSeeds, "sameseeds": scriptSameSeeds, "tracelint": scriptTraceLint,
		}),
	})
}

// setUpModule has the module of a script use this one, and the caches of the
// command go that runs this test.
func setUpModule(e *testscript.Env, root string) error {
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOROOT"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return err
		}
		e.Setenv(name, strings.TrimSpace(string(out)))
	}
	e.Setenv("GOFLAGS", "-mod=mod")
	e.Setenv("GOPROXY", "off")
	e.Setenv("GOTOOLCHAIN", "local")
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	mod := filepath.Join(e.WorkDir, "go.mod")
	text, err := os.ReadFile(mod)
	if err != nil {
		return err
	}
	if err := os.WriteFile(mod, bytes.ReplaceAll(text, []byte("ROOT"), []byte(root)), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(e.WorkDir, "go.sum"), sums, 0o666)
}

// repro FILE N CODE: pastes the n-th line of repro in a test's output into a
// shell, and demands this exit code.
func scriptRepro(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: repro FILE N CODE")
	}
	_, rest, found := strings.Cut(ts.ReadFile(args[0]), "repro  ")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	lines := strings.Split(rest, "\n")
	if !found || n > len(lines) {
		ts.Fatalf("there is no such line")
	}
	script.Exits(ts, false, []string{args[2], "sh", "-c", strings.TrimSpace(lines[n-1])})
}

var runLine = regexp.MustCompile(`(?m)^=== RUN   (\S+/\S+)$`)

// subtests are the subtests that stdout tells of, in their order.
func subtests(text string) []string {
	var names []string
	for _, m := range runLine.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// first PREFIX: the first subtest in stdout begins like this.
func scriptFirst(ts *testscript.TestScript, neg bool, args []string) {
	names := subtests(ts.ReadFile("stdout"))
	if neg || len(args) != 1 || len(names) == 0 || !strings.HasPrefix(names[0], args[0]) {
		ts.Fatalf("the subtests are %q", names)
	}
}

// seeds N: so many seeds have run.
func scriptSeeds(ts *testscript.TestScript, neg bool, args []string) {
	names := subtests(ts.ReadFile("stdout"))
	if neg || len(args) != 1 || strconv.Itoa(len(names)) != args[0] {
		ts.Fatalf("%d seeds have run", len(names))
	}
}

// sameseeds FILE: the same seeds have run as there.
func scriptSameSeeds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || !slices.Equal(subtests(ts.ReadFile("stdout")), subtests(ts.ReadFile(args[0]))) {
		ts.Fatalf("other seeds have run")
	}
}

// What a bundle says may be anything, and goes to a terminal.
func TestNamesOfABundleAreShownQuoted(t *testing.T) {
	assert.Equal(t, "example.com/lock", shown("example.com/lock"))
	assert.Equal(t, "TestÄ/seed=1", shown("TestÄ/seed=1"))
	assert.Equal(t, `""`, shown(""))
	assert.Equal(t, `"Test\x1b[2J"`, shown("Test\x1b[2J"))
	assert.Equal(t, `"a b"`, shown("a b"))
}
