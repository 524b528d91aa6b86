package sim

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// errNoRepository says that there is no commit to derive seeds from.
var errNoRepository = errors.New("this is not within a git repository")

// headCommit reads the commit that is checked out, out of git's files: the go
// command then knows that a test's result hangs on them.
func headCommit() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if git, ok := gitDir(dir); ok {
			return commitOf(git)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errNoRepository
		}
		dir = parent
	}
}

// gitDir finds git's own directory of a work tree, which a file may name.
func gitDir(tree string) (string, bool) {
	path := filepath.Join(tree, ".git")
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	if info.IsDir() {
		return path, true
	}
	text, err := os.ReadFile(path)
	named, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	if err != nil || !ok {
		return "", false
	}
	return within(tree, named), true
}

func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// commitOf resolves HEAD.
func commitOf(git string) (string, error) {
	head, err := readLine(filepath.Join(git, "HEAD"))
	if err != nil {
		return "", err
	}
	ref, symbolic := strings.CutPrefix(head, "ref: ")
	if !symbolic {
		return head, nil
	}
	common := git
	if named, err := readLine(filepath.Join(git, "commondir")); err == nil {
		common = within(git, named)
	}
	for _, dir := range []string{git, common} {
		if id, err := readLine(filepath.Join(dir, filepath.FromSlash(ref))); err == nil {
			return id, nil
		}
	}
	return packed(common, ref)
}

// packed looks a reference up in the file of all that have no file of their own.
func packed(common, ref string) (string, error) {
	text, err := os.ReadFile(filepath.Join(common, "packed-refs"))
	if err != nil {
		return "", errors.New("the branch has no commit yet, or its reference is kept in a form that is not known")
	}
	for line := range strings.Lines(string(text)) {
		if id, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == ref {
			return id, nil
		}
	}
	return "", errors.New("the branch has no commit yet")
}

func readLine(path string) (string, error) {
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}
