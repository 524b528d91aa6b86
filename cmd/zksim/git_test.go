package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A work tree that cannot be made is forgotten, and one of the user's that lies
// where nothing is mounted now is not.
func TestFailedTreeLeavesOthersAlone(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", filepath.Join(dir, "repo"), "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
		cmd.Env = plainEnvironment()
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "repo"), 0o777))
	git("init", "-q")
	git("commit", "-q", "--allow-empty", "-m", "one")
	git("worktree", "add", "-q", "--detach", filepath.Join(dir, "users"))
	require.NoError(t, os.Rename(filepath.Join(dir, "users"), filepath.Join(dir, "away")))
	r, err := openRepository(context.Background(), filepath.Join(dir, "repo"))
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o666))
	_, err = r.tree(filepath.Join(dir, "file", "tree"), "HEAD")
	assert.Error(t, err)
	assert.Contains(t, git("worktree", "list"), filepath.Join(dir, "users"))

	remove, err := r.tree(filepath.Join(dir, "tree"), "HEAD")
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "tree")))
	require.NoError(t, remove())
	assert.NotContains(t, git("worktree", "list"), filepath.Join(dir, "tree"))
	assert.Contains(t, git("worktree", "list"), filepath.Join(dir, "users"))
}
