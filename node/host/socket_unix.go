//go:build unix

package host

import (
	"io"
	"net"
	"syscall"
)

// rawConn gives access to the descriptor of a TCP connection, nil if it has none.
func rawConn(c net.Conn) syscall.RawConn {
	if sc, ok := c.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

func (a *attempt) prepare(call func(a *attempt, fd int) bool) {
	a.try = func(fd uintptr) bool { return call(a, int(fd)) }
}

// tryWrite writes what the kernel takes; it never waits.
func tryWrite(a *attempt, fd int) bool {
	for {
		a.n, a.err = syscall.Write(fd, a.p)
		if a.err != syscall.EINTR {
			break
		}
	}
	if a.n < 0 {
		a.n = 0
	}
	if a.err == syscall.EAGAIN {
		a.err = nil
	}
	return true
}

// tryRead takes a buffer and reads what has come; if there is nothing, it gives
// the buffer back and is called again when there is.
func tryRead(a *attempt, fd int) bool {
	a.buf = poolFor(a.large).Get().(*buffer)
	for {
		a.n, a.err = syscall.Read(fd, a.buf.b)
		if a.err != syscall.EINTR {
			break
		}
	}
	if a.err != syscall.EAGAIN {
		return true
	}
	a.buf.free()
	a.buf = nil
	return false
}

// writeNow writes what the kernel takes at once.
func (s *stream) writeNow(p []byte) (int, error) {
	if s.raw == nil {
		return 0, nil
	}
	s.attempt.p = p
	err := s.raw.Write(s.attempt.try)
	s.attempt.p = nil
	if err != nil {
		return 0, err
	}
	return s.attempt.n, s.attempt.err
}

// fill waits for bytes, and takes a buffer only when there are some: ten
// thousand connections on which nothing happens hold none.
func (s *stream) fill(large bool) (*buffer, error) {
	if s.raw == nil {
		return s.fillPlain(large)
	}
	a := &s.reading
	a.buf, a.large = nil, large
	err := s.raw.Read(a.try)
	buf := a.buf
	a.buf = nil
	if err == nil {
		err = a.err
	}
	if err == nil && a.n > 0 {
		buf.data = buf.b[:a.n]
		return buf, nil
	}
	if buf != nil {
		buf.free()
	}
	if err == nil {
		err = io.EOF
	}
	return nil, err
}
