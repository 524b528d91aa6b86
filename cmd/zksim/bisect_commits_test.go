package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/bisect"
	"github.com/zksim/zksim/sim/engine"
)

// slowHistory is a repository of two commits whose command says in a file that it
// has begun, and never ends.
func slowHistory(t *testing.T) (repo, begun string) {
	repo, begun = t.TempDir(), filepath.Join(t.TempDir(), "begun")
	put := func(name, text string) {
		path := filepath.Join(repo, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	}
	git := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-C", repo, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	git("init", "-q")
	put("go.mod", "module example.org/slow\n\ngo 1.24\n")
	put("cmd/zksim/main.go", "package main\n\nimport (\n\t\"os\"\n\t\"time\"\n)\n\nfunc main() {\n\tos.WriteFile(os.Getenv(\"BEGUN\"), nil, 0o666)\n\ttime.Sleep(time.Hour)\n}\n")
	git("add", "-A")
	git("commit", "-q", "-m", "one")
	put("more", "")
	git("add", "-A")
	git("commit", "-q", "-m", "two")
	return repo, begun
}

// Whoever stops a search gets what is known by then, and no work tree or program
// is left behind.
func TestInterruptedSearchAmongCommits(t *testing.T) {
	for _, program := range []string{"git", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	t.Setenv("TMPDIR", t.TempDir())
	path := bundleOf(t, newBench(engine.Run), "--seed", "5")
	repo, begun := slowHistory(t)
	t.Setenv("BEGUN", begun)
	interrupts := make(chan os.Signal, 1)
	go func() {
		for {
			if _, err := os.Stat(begun); err == nil {
				interrupts <- os.Interrupt
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	b := newBench(engine.Run)
	b.interrupts = interrupts
	code := b.main([]string{"bisect", "commits", path, "--expect", "Progress", "--good", "HEAD~1", "--repo", repo})
	require.Equal(t, exitInterrupted, code, b.err.String())
	assert.Contains(t, b.out.String(), "INTERRUPTED  1 suspect left of 1, 0 judged\nrepro\n  zksim bisect commits "+path)
	trees, err := exec.Command("git", "-C", repo, "worktree", "list").Output()
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(string(trees), "\n"), string(trees))
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "zksim-bisect-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

// One failure makes a commit bad, whatever else could not be judged; silence
// counts only where at least half of the continuations were judged.
func TestCommitIsSettled(t *testing.T) {
	fails, holds := trial{end: trialFails}, trial{end: trialHolds}
	other := unknownTrial(false, "it fails otherwise: AckOrder", "")
	for _, c := range []struct {
		runs []trial
		want bisect.Judgement
		rate string
	}{
		{[]trial{holds, holds, holds, holds, holds}, bisect.Good, "0/5"},
		{[]trial{holds, holds, fails, holds, holds}, bisect.Bad, "1/5"},
		{[]trial{fails, holds, holds, holds, holds}, bisect.Bad, "1/5"},
		{[]trial{holds, other, holds, holds, other}, bisect.Good, "0/3"},
		{[]trial{holds, other, other, other, holds}, bisect.Skipped, "0/2"},
		{[]trial{other, holds, holds, holds, holds}, bisect.Skipped, "0/4"},
		{[]trial{other, holds, fails, holds, holds}, bisect.Bad, "1/4"},
		{[]trial{holds}, bisect.Good, "0/1"},
	} {
		j := &judge{starts: make([]time.Duration, len(c.runs)-1), jobs: 2, told: func(string) {}}
		r := &judged{commit: &commitOf{id: "c0ffee"}}
		require.NoError(t, j.run(r, func(n int) trial { return c.runs[n] }))
		r.settle(len(j.starts))
		assert.Equal(t, c.want, r.word, "%+v", c)
		assert.Equal(t, c.rate, r.rate(), "%+v", c)
		assert.Equal(t, c.want == bisect.Skipped, r.reason != "", "%+v", c)
	}
}

func TestArgumentsWithoutBuild(t *testing.T) {
	assert.Equal(t, []string{"replay", "x", "--expect", "Progress"}, withoutBuild([]string{"replay", "--build", "x", "--expect", "Progress"}))
	assert.Equal(t, []string{"replay", "--", "--build"}, withoutBuild([]string{"replay", "--build=true", "--", "--build"}))
}

func TestComplaintsOfCompilers(t *testing.T) {
	assert.Equal(t, "a.go:1:1: expected 'package'", firstComplaint("go: downloading x v1\n# example.org/x\na.go:1:1: expected 'package'\nmore\n"))
	assert.Equal(t, "# only this", firstComplaint("# only this\n"))
	assert.Equal(t, "a\nb\n… 2 lines more", clipLines("a\nb\nc\nd\n", 2))
	_, err := parseLog("no commit\n")
	assert.ErrorContains(t, err, "which is no commit")
}
