package proto

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPacketIdentitiesAreBounded: a receiver that waits for the rest of a packet
// never has to wait for more than a packet can hold.
func TestPacketIdentitiesAreBounded(t *testing.T) {
	long := string(make([]byte, MaxFrame))
	b := AppendPacket(nil, &Packet{Type: PktRequest, AuthInfo: []ID{{ID: long}, {ID: long}}})
	_, n, err := DecodePacket(b)
	require.NoError(t, err)
	assert.Equal(t, len(b), n)

	b = AppendPacket(nil, &Packet{Type: PktRequest, AuthInfo: []ID{{Scheme: long, ID: long}, {Scheme: long, ID: long}, {ID: long}}})
	for _, cut := range []int{len(b), len(b) - 1, maxPacket} {
		_, _, err = DecodePacket(b[:cut])
		require.ErrorIs(t, err, ErrMarshalling, "%d of %d bytes", cut, len(b))
	}
}
