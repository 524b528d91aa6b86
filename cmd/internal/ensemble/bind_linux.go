package ensemble

import (
	"os/exec"
	"syscall"
)

// Bind has a process die with the one that starts it, however that ends.
func Bind(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
