//go:build !unix

package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// syncDir does nothing where folders cannot be synced.
func syncDir(string) error { return nil }

// lockDir takes a folder for this process. Where files cannot be locked a file
// that a dead process has left must be removed by hand.
func lockDir(dir string) (*os.File, error) {
	name := filepath.Join(dir, lockName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%w: %s; remove the file if no server runs", ErrInUse, name)
	}
	return f, err
}

func unlock(f *os.File) {
	_ = f.Close()
	_ = os.Remove(f.Name())
}
