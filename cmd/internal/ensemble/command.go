package ensemble

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Main is the main of a command that runs ensembles: it says why it failed.
func Main(name string, run func(args []string) error) {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// Place makes the paths of programs and of dir absolute, for servers run in
// directories of their own, and makes dir, or a temporary one where none is given.
// A dir that is there already is refused and left alone: the caller will remove
// what it gets, with all in it.
func Place(dir *string, pattern string, programs ...*string) error {
	var all error
	for _, p := range programs {
		abs, err := filepath.Abs(*p)
		*p, all = abs, errors.Join(all, err)
	}
	if all != nil {
		return all
	}
	made, err := makeDir(*dir, pattern)
	*dir = made
	return err
}

func makeDir(dir, pattern string) (string, error) {
	if dir == "" {
		made, err := os.MkdirTemp("", pattern)
		if err != nil {
			return "", err
		}
		return filepath.Abs(made)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return "", err
	}
	err = os.Mkdir(abs, 0o755)
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("--dir: %s exists; name a directory that does not, for it is removed in the end", abs)
	}
	return abs, err
}
