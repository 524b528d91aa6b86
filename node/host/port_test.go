package host

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/host/freeport"
)

// freePort is an address that nobody listens on.
func freePort(t testing.TB) string {
	port, err := freeport.Port()
	require.NoError(t, err)
	return freeport.Address(port)
}
