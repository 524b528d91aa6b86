//go:build unix

package host

import "syscall"

// maxDescriptors is how many files and connections the process may have, -1 if
// that is not known.
func maxDescriptors() int64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return -1
	}
	return int64(limit.Cur)
}
