package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// repository is a git repository of which commits are judged. Its checkout, its
// index and its branches are left alone: commits are checked out into work trees
// of their own.
type repository struct {
	ctx    context.Context
	dir    string // below its top
	prefix string // of dir within it, with a slash behind; empty at the top
}

// repositoryVariables would turn git from the directory that it is asked about:
// git sets them for hooks and for what an alias runs.
var repositoryVariables = []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR",
	"GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_CEILING_DIRECTORIES"}

// plainEnvironment is the environment without variables of git that name a
// repository.
func plainEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(repositoryVariables, name)
	})
}

// openRepository finds the repository of a directory.
func openRepository(ctx context.Context, dir string) (*repository, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, usagef("--repo %s is not a directory", dir)
	}
	r := &repository{ctx: ctx, dir: dir}
	out, err := r.git("rev-parse", "--show-prefix")
	switch {
	case absent(err):
		return nil, unjudged("git is not installed, and commits cannot be judged without it")
	case errors.Is(err, errInterrupted):
		return nil, err
	case err != nil:
		return nil, usagef("%s is not in a git repository, or git cannot read it (%v); name one with --repo", dir, err)
	}
	r.prefix = strings.TrimSpace(string(out))
	return r, nil
}

// git runs git on the repository. Hooks are for checkouts that people work in.
func (r *repository) git(args ...string) ([]byte, error) {
	cmd := r.command(args)
	return output(cmd, r.ctx)
}

func (r *repository) command(args []string) *exec.Cmd {
	cmd := command(r.ctx, r.dir, "git", append([]string{"-c", "core.hooksPath=" + os.DevNull}, args...)...)
	cmd.Env = append(plainEnvironment(), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")
	return cmd
}

// commit resolves a revision; flag is the one that named it.
func (r *repository) commit(flag, rev string) (string, error) {
	if strings.HasPrefix(rev, "-") {
		return "", usagef("%s %q is not a revision", flag, rev)
	}
	out, err := r.git("rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	switch {
	case errors.Is(err, errInterrupted):
		return "", err
	case err != nil:
		return "", usagef("%s %s: there is no such commit here%s", flag, rev, r.shallowHint())
	}
	lines := strings.Fields(string(out))
	return lines[len(lines)-1], nil
}

// shallowHint is what to do about a clone without all of its history.
func (r *repository) shallowHint() string {
	out, err := r.git("rev-parse", "--is-shallow-repository")
	if err != nil || strings.TrimSpace(string(out)) != "true" {
		return ""
	}
	return "; the clone is shallow: git fetch --unshallow brings the rest of its history"
}

// commitOf is a commit of a history: its id, the places of its parents in the
// history, and the first line of its message.
type commitOf struct {
	id      string
	parents []int
	subject string
}

// short is the id as people write it.
func (c *commitOf) short() string { return c.id[:min(len(c.id), 7)] }

// between lists what bad has and good has not, bad first and children before
// parents. good must be an ancestor of bad.
func (r *repository) between(good, bad string) ([]commitOf, error) {
	if good == bad {
		return nil, usagef("--good and --bad are the same commit, %.7s: nothing lies between", good)
	}
	if err := r.descends(good, bad); err != nil {
		return nil, err
	}
	out, err := r.git("log", "--topo-order", "--no-show-signature", "--format=%H%x00%P%x00%s", bad, "^"+good)
	if err != nil {
		return nil, err
	}
	return parseLog(string(out))
}

// descends demands that bad descends from good.
func (r *repository) descends(good, bad string) error {
	_, err := r.git("merge-base", "--is-ancestor", good, bad)
	var exit *exec.ExitError
	if err == nil || !errors.As(err, &exit) || exit.ExitCode() != 1 {
		return err
	}
	hint := r.shallowHint()
	if base, err := r.git("merge-base", good, bad); err == nil && hint == "" {
		hint = fmt.Sprintf("; both descend from %.7s, which may be the --good to give", strings.TrimSpace(string(base)))
	}
	return usagef("--bad %.7s does not descend from --good %.7s%s", bad, good, hint)
}

// subject is the first line of a commit's message.
func (r *repository) subject(commit string) string {
	out, err := r.git("log", "-1", "--no-show-signature", "--format=%s", commit)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// parseLog reads what git log printed: id, parents and subject, a commit a
// line.
func parseLog(text string) ([]commitOf, error) {
	var list []commitOf
	var parents [][]string
	place := map[string]int{}
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), "\x00", 3)
		if len(fields) != 3 {
			return nil, fmt.Errorf("git log printed %.60q, which is no commit", line)
		}
		place[fields[0]] = len(list)
		list = append(list, commitOf{id: fields[0], subject: fields[2]})
		parents = append(parents, strings.Fields(fields[1]))
	}
	for i, ids := range parents {
		for _, id := range ids {
			if p, ok := place[id]; ok {
				list[i].parents = append(list[i].parents, p)
			}
		}
	}
	return list, nil
}

// tree checks a commit out into a work tree of its own at path, which must not
// be there. remove takes it away again, also when the user has interrupted.
func (r *repository) tree(path, commit string) (remove func() error, err error) {
	remove = func() error {
		after := &repository{ctx: context.WithoutCancel(r.ctx), dir: r.dir}
		_, err := after.git("worktree", "remove", "--force", "--force", path)
		if err == nil {
			return nil
		}
		err = os.RemoveAll(path)
		// What git knows of this one goes too, if it knows it; git worktree prune
		// would forget trees of the user that lie on a disk which is not there now.
		_, _ = after.git("worktree", "remove", "--force", "--force", path)
		return err
	}
	if _, err := r.git("worktree", "add", "--detach", "--quiet", path, commit); err != nil {
		return nil, errors.Join(err, remove())
	}
	return remove, nil
}

// moduleDir is where in a work tree the module is that lies at prefix or above
// it in the checkout.
func moduleDir(tree, prefix string) (string, error) {
	for below := filepath.Clean(prefix); ; below = filepath.Dir(below) {
		dir := filepath.Join(tree, below)
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if below == "." {
			return "", errNoModule
		}
	}
}

// errNoModule says that nothing can be built.
var errNoModule = errors.New("it has no go.mod")
