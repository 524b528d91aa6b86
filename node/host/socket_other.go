//go:build !unix

package host

import (
	"net"
	"syscall"
)

func rawConn(net.Conn) syscall.RawConn { return nil }

func (a *attempt) prepare(func(a *attempt, fd int) bool) {}

func tryWrite(*attempt, int) bool { return true }

func tryRead(*attempt, int) bool { return true }

// writeNow writes nothing: a goroutine does.
func (s *stream) writeNow([]byte) (int, error) { return 0, nil }

func (s *stream) fill(large bool) (*buffer, error) { return s.fillPlain(large) }
