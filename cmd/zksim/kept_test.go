package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// keptDir holds bundles of other versions, and a table of what is to become of
// them.
const keptDir = "../../testdata/bundles"

// envBuilt names a built command, which is asked instead of the code of the test,
// and with all verbs.
const envBuilt = "ZKSIM_BUILT"

// keptBundle is a row of the table.
type keptBundle struct{ file, fate, words string }

var keptRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| (\\w+) \\| ?(.*?) ?\\|$")

// keptBundles reads the table, which tells of every file there is.
func keptBundles(t *testing.T) []keptBundle {
	text, err := os.ReadFile(filepath.Join(keptDir, "README.md"))
	require.NoError(t, err)
	var rows []keptBundle
	var told []string
	for _, m := range keptRow.FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, keptBundle{filepath.Join(keptDir, m[1]+bundle.Extension), m[2], m[3]})
		told = append(told, rows[len(rows)-1].file)
	}
	files, err := filepath.Glob(filepath.Join(keptDir, "*"))
	require.NoError(t, err)
	require.ElementsMatch(t, files, append(told, filepath.Join(keptDir, "README.md")), "the table tells of every file, once")
	return rows
}

// ended is how a command ended.
type ended struct {
	code     int
	out, err string
}

// asked carries out a command in this process, or by the built one.
func asked(t *testing.T, args ...string) ended {
	built := os.Getenv(envBuilt)
	if built == "" {
		b := newBench(engine.Run)
		code := b.main(args)
		return ended{code, b.out.String(), b.err.String()}
	}
	var out, said bytes.Buffer
	cmd := exec.Command(built, args...)
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return ended{cmd.ProcessState.ExitCode(), out.String(), said.String()}
}

// complain says what is wrong with any command on any bundle: it judges, or says
// why it cannot.
func (e ended) complain() []string {
	var wrong []string
	if !slices.Contains([]int{exitOK, exitViolated, exitUnknown}, e.code) {
		wrong = append(wrong, fmt.Sprintf("exit code %d", e.code))
	}
	if e.code == exitUnknown && strings.TrimSpace(e.out+e.err) == "" {
		wrong = append(wrong, "125 without a sentence")
	}
	if strings.Contains(e.err, "internal failure") || strings.Contains(e.err, "goroutine ") {
		wrong = append(wrong, "a panic: "+e.err)
	}
	return wrong
}

// document is what a replay with --json printed.
func (e ended) document() (d report.Document, ok bool) {
	return d, json.Unmarshal([]byte(e.out), &d) == nil
}

// complain says what became of the bundle that should not have: plain is its
// replay with --json, verified the one with --verify, and said what the bundle
// tells of its run.
func (k keptBundle) complain(said *report.Document, plain, verified ended) []string {
	wrong := append(plain.complain(), verified.complain()...)
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	demand(strings.Contains(plain.err, k.words), "%q is not among its words, %q", k.words, plain.err)
	if k.fate == "refused" {
		for _, e := range []ended{plain, verified} {
			demand(e.code == exitUnknown, "exit code %d of a bundle that is to be refused", e.code)
			demand(strings.HasPrefix(e.err, "zksim: "+k.file) && e.out == "", "refused with %q and %q", e.err, e.out)
		}
		return wrong
	}
	d, ok := plain.document()
	demand(ok && said != nil, "it does not run: %s", plain.err)
	if len(wrong) > 0 {
		return wrong
	}
	demand(plain.code == codeOf(d.Verdict), "exit code %d of a run that is %s", plain.code, d.Verdict)
	edited := strings.Contains(plain.err, "was edited (")
	demand(edited == (k.fate == "edited"), "edited: %v", edited)
	told := ending(said) == ending(&d) || strings.Contains(plain.err, "says that the run ends")
	demand(told || edited, "it ends %s, the bundle says %s, and nobody tells", ending(&d), ending(said))
	same := verified.code == plain.code && (edited || strings.Contains(verified.out, "\nverified "))
	differs := verified.code == exitUnknown && (strings.Contains(unfolded(verified.out), "The bundle was written by") || strings.Contains(verified.err, "was edited: it says"))
	switch k.fate {
	case "edited":
		demand(same, "with --verify exit code %d", verified.code)
	case "runs":
		demand(same || differs, "with --verify it is neither verified nor different: %d, %q", verified.code, verified.out)
	case "contradicts":
		demand(differs || told && strings.Contains(verified.err, k.words) && k.words != "", "with --verify nobody tells that it contradicts itself")
	default:
		demand(false, "there is no fate %q", k.fate)
	}
	return wrong
}

// unfolded is a text without its line breaks.
func unfolded(text string) string { return strings.Join(strings.Fields(text), " ") }

func codeOf(v engine.Verdict) int {
	return map[engine.Verdict]int{engine.VerdictOK: exitOK, engine.VerdictViolated: exitViolated, engine.VerdictUnknown: exitUnknown}[v]
}

// documentOf is what a bundle tells of its run; nil: it cannot be read.
func documentOf(t *testing.T, file string) *report.Document {
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	b, err := bundle.Parse(file, data)
	if err != nil {
		return nil
	}
	return &b.Document
}

// Every bundle of an earlier version runs, or ends with 125 and a sentence, and
// never with a verdict that is not true.
func TestKeptBundles(t *testing.T) {
	for _, k := range keptBundles(t) {
		t.Run(filepath.Base(k.file), func(t *testing.T) {
			plain := asked(t, "replay", k.file, "--json")
			verified := asked(t, "replay", k.file, "--verify")
			for _, wrong := range k.complain(documentOf(t, k.file), plain, verified) {
				t.Error(wrong)
			}
			t.Logf("%s: %d, with --verify %d", k.fate, plain.code, verified.code)
		})
	}
}

// The other verbs judge the kept bundles too, or say why they cannot; and so they
// do after any cut.
func TestKeptBundlesWithAllVerbs(t *testing.T) {
	if os.Getenv(envBuilt) == "" {
		t.Skip(envBuilt + " is not set; .ci/run bundles sets it")
	}
	for _, k := range keptBundles(t) {
		t.Run(filepath.Base(k.file), func(t *testing.T) {
			for _, args := range [][]string{
				{"replay", k.file, "--until", "1s"},
				{"replay", k.file, "--redraw", "1", "--from", "500ms", "--quiet"},
				{"replay", k.file, "--expect", "AckOrder", "--quiet"},
				{"state", "all", "--at", "1s", k.file},
				{"check", k.file},
				{"report", k.file, "--format", "text,chrome,mermaid,porcupine", "--out", t.TempDir()},
				{"shrink", k.file, "-o", filepath.Join(t.TempDir(), "small"), "--runs", "10", "--quiet"},
				{"bisect", "faults", k.file, "--tries", "2", "--runs", "10", "--quiet"},
			} {
				e := asked(t, args...)
				assert.Empty(t, e.complain(), "zksim %s: %s", strings.Join(args, " "), e.err)
				if k.fate == "refused" && args[0] == "replay" {
					assert.Equal(t, exitUnknown, e.code, "zksim %s", strings.Join(args, " "))
				}
			}
			cuts(t, k)
		})
	}
}

// cuts replays so much of a bundle, and less.
func cuts(t *testing.T, k keptBundle) {
	data, err := os.ReadFile(k.file)
	require.NoError(t, err)
	const pieces = 8
	for i := range pieces {
		cut := filepath.Join(t.TempDir(), "cut"+bundle.Extension)
		require.NoError(t, os.WriteFile(cut, data[:len(data)*i/pieces], 0o666))
		e := asked(t, "replay", cut, "--quiet")
		assert.Equal(t, exitUnknown, e.code, "%d of %d bytes: %s", len(data)*i/pieces, len(data), e.out)
		assert.Empty(t, e.complain(), "%d of %d bytes", len(data)*i/pieces, len(data))
	}
}

// What must not become of a bundle is seen, whatever its fate.
func TestKeptBundlesAreJudged(t *testing.T) {
	said := &report.Document{Verdict: engine.VerdictViolated, Property: "AckOrder"}
	truly, falsely := `{"verdict":"violated","property":"AckOrder"}`, `{"verdict":"ok"}`
	verified := ended{exitViolated, "VIOLATED\nverified    all", ""}
	refusal := ended{exitUnknown, "", "zksim: x: it is damaged"}
	runs, edited := keptBundle{"x", "runs", ""}, keptBundle{"x", "edited", "(schedule)"}
	refused, contradicts := keptBundle{"x", "refused", "damaged"}, keptBundle{"x", "contradicts", ""}
	for _, good := range []struct {
		keptBundle
		plain, verified ended
	}{
		{runs, ended{exitViolated, truly, ""}, verified},
		{runs, ended{exitViolated, truly, ""}, ended{exitUnknown, "The bundle was written by", ""}},
		{runs, ended{exitOK, falsely, "x says that the run ends"}, ended{exitUnknown, "The bundle was written by", ""}},
		{edited, ended{exitOK, falsely, "was edited (schedule)"}, ended{exitOK, "OK", ""}},
		{refused, refusal, refusal},
		{contradicts, ended{exitViolated, truly, ""}, ended{exitUnknown, "", "x was edited: it says"}},
	} {
		assert.Empty(t, good.complain(said, good.plain, good.verified), "%s", good.fate)
	}
	for name, bad := range map[string]struct {
		keptBundle
		plain, verified ended
	}{
		"another verdict, silently":      {runs, ended{exitOK, falsely, ""}, verified},
		"a code that is not the verdict": {runs, ended{exitOK, truly, ""}, verified},
		"the tool failed":                {runs, ended{exitInternal, truly, ""}, verified},
		"a panic":                        {runs, ended{exitViolated, truly, "goroutine 1 [running]"}, verified},
		"refused without need":           {runs, refusal, refusal},
		"not verified, silently":         {runs, ended{exitViolated, truly, ""}, ended{exitViolated, "VIOLATED", ""}},
		"unknown, silently":              {runs, ended{exitViolated, truly, ""}, ended{exitUnknown, "", ""}},
		"edited, it says":                {runs, ended{exitViolated, truly, "was edited (schedule)"}, verified},
		"an edit passes unseen":          {edited, ended{exitViolated, truly, ""}, verified},
		"a verdict on damage":            {refused, ended{exitOK, falsely, ""}, ended{exitOK, "OK", ""}},
		"refused for another reason":     {refused, ended{exitUnknown, "", "zksim: x: bad"}, refusal},
		"contradicts itself, verified":   {contradicts, ended{exitViolated, truly, ""}, verified},
		"a fate that is none":            {keptBundle{"x", "burns", ""}, ended{exitViolated, truly, ""}, verified},
	} {
		assert.NotEmpty(t, bad.complain(said, bad.plain, bad.verified), name)
	}
}
