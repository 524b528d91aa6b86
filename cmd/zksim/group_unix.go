//go:build unix

package main

import "syscall"

// ownGroup puts a process into a group of its own: the keys that interrupt a
// command at the terminal are not for its jobs.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
