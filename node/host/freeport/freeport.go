// Package freeport finds ports for tests that must know a server's address
// before it listens, and that start it there again. It imports the standard
// library.
package freeport

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
)

// The ports lie below those that systems give to outgoing connections: one of
// these would keep a server from coming back.
const (
	first = 10_000
	count = 20_000
)

// stride spreads processes that run at the same time.
const stride = 211

var next atomic.Int64

// Port gives a port of 127.0.0.1 that nobody listens on, another one each time.
func Port() (int, error) {
	for range count {
		n := int64(os.Getpid())*stride + next.Add(1)
		port := int(first + n%count)
		l, err := net.Listen("tcp", Address(port))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("freeport: none of the ports %d to %d is free", first, first+count-1)
}

// Address is host:port of a port.
func Address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
