package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
)

// 255 in the top byte of an ephemeral's owner means something else.
func TestNumbersOfServers(t *testing.T) {
	for s, want := range map[string]bool{"1": true, "254": true, "255": false, "0": false, "-1": false, "": false} {
		_, err := parseID(s)
		assert.Equal(t, want, err == nil, s)
	}
}

// Where a server's own line and the keys of clients say different things, neither
// is passed over.
func TestAddressOfClients(t *testing.T) {
	at := func(port, host, client string) (string, error) {
		s := newSettings()
		s.host.DataDir, s.clientPort, s.clientHost = "d", port, host
		s.members = []*member{{id: 1, line: 4, client: client}}
		err := s.complete()
		return s.host.Listen[node.PortClient], err
	}
	for _, c := range []struct{ port, host, client, want string }{
		{"2181", "127.0.0.1", "", "127.0.0.1:2181"},
		{"", "", "10.0.0.1:2182", "10.0.0.1:2182"},
		{"2182", "10.0.0.1", "10.0.0.1:2182", "10.0.0.1:2182"},
	} {
		got, err := at(c.port, c.host, c.client)
		require.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
	_, err := at("2181", "", "10.0.0.1:2182")
	assert.ErrorContains(t, err, "clientPort says 2181")
	_, err = at("", "127.0.0.1", ":2182")
	assert.ErrorContains(t, err, `clientPortAddress says "127.0.0.1"`)
}
