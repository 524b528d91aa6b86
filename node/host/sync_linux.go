package host

import (
	"os"
	"syscall"
)

// syncData makes a file's content durable, and of its metadata what is needed
// to read it back: its size, not its times.
func syncData(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
		}
		return nil
	}
}
