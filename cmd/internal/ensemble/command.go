package ensemble

import (
	"errors"
	"fmt"
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
// directories of their own, and makes a temporary one where no dir is given.
func Place(dir *string, pattern string, programs ...*string) error {
	if *dir == "" {
		made, err := os.MkdirTemp("", pattern)
		if err != nil {
			return err
		}
		*dir = made
	}
	var all error
	for _, p := range append(programs, dir) {
		abs, err := filepath.Abs(*p)
		*p, all = abs, errors.Join(all, err)
	}
	return all
}
