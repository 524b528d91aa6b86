//go:build !linux

package ensemble

import "os/exec"

// Bind has a process die with the one that starts it, where the system can.
func Bind(*exec.Cmd) {}
