package host_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node/host"
)

// TestGoldenHostWire sends a real server on loopback what Apache ZooKeeper 3.8.0
// was sent, byte for byte, and compares what comes, but for golden.Exemptions.
func TestGoldenHostWire(t *testing.T) {
	requests, err := golden.ParseWire(open(t, "wire.jsonl"))
	require.NoError(t, err)
	clients, err := golden.ParseClients(open(t, "wire-clients.jsonl"))
	require.NoError(t, err)
	for name, all := range map[string][]golden.Exchange{"wire.jsonl": requests, "wire-clients.jsonl": clients} {
		var servers []*played
		differences := golden.PlayWire(all, func(server string) golden.Driver {
			servers = append(servers, newWirePlayed(t, server))
			return bare{servers[len(servers)-1]}
		}, 1, golden.ExemptionNames())
		for _, d := range differences {
			t.Error(d)
		}
		for _, w := range servers {
			w.end()
		}
		t.Logf("%s: %d of %d exchanges agree", name, len(all)-len(differences), len(all))
		assert.NotEmpty(t, all)
	}
}

func open(t *testing.T, name string) *os.File {
	f, err := os.Open("../../testdata/golden/" + name)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// newWirePlayed is a server with the settings of one that was recorded.
func newWirePlayed(t *testing.T, server string) *played {
	return newPlayedWith(t, func(cfg *host.Config) {
		cfg.Node.TickTime, cfg.Node.MinSessionTimeout = 500*time.Millisecond, time.Second
		cfg.Node.Clients.Words = []string{"*"}
		if server != "default" {
			cfg.Node.Store = recordedStore()
		}
	})
}

// bare sends nothing of its own: whatever comes is compared. What should not
// have come is found with the next exchange of its connection at the latest.
type bare struct{ *played }

// Quiet is part of golden.Driver.
func (w bare) Quiet() error {
	eventually(w.e.t, "the server has done all that it was asked", w.idle)
	return nil
}
