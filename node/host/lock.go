package host

import (
	"errors"
	"os"
)

// ErrInUse: another server runs on the data directory.
var ErrInUse = errors.New("host: another server is using this directory")

// lockName is the file that a server holds locked while it runs.
const lockName = "zkserver.lock"

// lockDirs locks the folders of one server, one lock if they are the same.
func lockDirs(dirs []string) (locks []*os.File, err error) {
	for _, dir := range dirs {
		f, err := lockDir(dir)
		if err != nil {
			unlockDirs(locks)
			return nil, err
		}
		locks = append(locks, f)
	}
	return locks, nil
}

func unlockDirs(locks []*os.File) {
	for _, f := range locks {
		unlock(f)
	}
}
