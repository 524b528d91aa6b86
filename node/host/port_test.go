package host

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// freePort is an address that was free a moment ago.
func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
