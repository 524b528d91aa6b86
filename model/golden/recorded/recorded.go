// Package recorded finds and plays, in tests, the recordings in testdata/golden:
// transcripts and the answers to four-letter words.
//
// It imports model/golden, testing and files, and runs in no simulation.
package recorded

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zksim/zksim/model/golden"
)

// moreVariable lists directories of transcripts beside those of the repository.
const moreVariable = "ZKSIM_GOLDEN"

// Files are those that a pattern finds; none is a failure.
func Files(t testing.TB, pattern ...string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pattern...))
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing recorded in %s (%v)", filepath.Join(pattern...), err)
	}
	return files
}

// Each hands over the transcripts of one directory after the other: basic and ops
// of root, and those that ZKSIM_GOLDEN lists.
func Each(t testing.TB, root string, play func(dir string, files []string)) {
	t.Helper()
	dirs := []string{filepath.Join(root, "basic"), filepath.Join(root, "ops")}
	for _, dir := range append(dirs, filepath.SplitList(os.Getenv(moreVariable))...) {
		play(dir, Files(t, dir, "*.jsonl"))
	}
}

// Play has each transcript played by itself, and tells and judges how many steps
// agree.
func Play(t *testing.T, root string, play func(t *testing.T, file string) (agreed, steps int)) {
	t.Helper()
	Each(t, root, func(dir string, files []string) {
		agreed, steps := 0, 0
		for _, f := range files {
			a, n := play(t, f)
			agreed, steps = agreed+a, steps+n
		}
		t.Logf("%s: %d transcripts, %d of %d steps agree", dir, len(files), agreed, steps)
		if agreed != steps {
			t.Errorf("%s: %d steps do not agree", dir, steps-agreed)
		}
	})
}

// Read reads one transcript.
func Read(t testing.TB, file string) *golden.Transcript {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tr, err := golden.Parse(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return tr
}

// Words asks a server of some role what the recorded one was asked, and compares
// line by line. The word srst comes last, for others show what it resets.
func Words(t *testing.T, root, role string, ask func(word string) string) {
	t.Helper()
	files := Files(t, root, "flw", role, "*.txt")
	slices.SortStableFunc(files, func(a, b string) int { return strings.Count(a, "srst") - strings.Count(b, "srst") })
	agreed, lines := 0, 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		word := strings.TrimSuffix(filepath.Base(f), ".txt")
		differences := golden.CompareWord(word, string(text), ask(word))
		for _, d := range differences {
			t.Errorf("%s: %s", role, d)
		}
		if len(differences) == 0 {
			agreed++
			lines += golden.CountWordLines(word, string(text))
		}
	}
	t.Logf("%s: %d of %d words agree, %d lines", role, agreed, len(files), lines)
}
