package node_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node"
)

// TestGoldenWire sends a server by itself what Apache ZooKeeper 3.8.0 was sent,
// byte for byte, and compares what comes. The differences that are allowed are
// those that golden.Exemptions lists.
func TestGoldenWire(t *testing.T) {
	for _, set := range wireSets(t) {
		differences := playWire(t, set.exchanges, golden.ExemptionNames())
		for _, d := range differences {
			t.Error(d)
		}
		t.Logf("%s: %d of %d exchanges agree", set.name, len(set.exchanges)-len(differences), len(set.exchanges))
	}
}

// Each exemption is needed: without it, something differs.
func TestGoldenWireNotices(t *testing.T) {
	sets := wireSets(t)
	all := append(sets[0].exchanges, sets[1].exchanges...)
	for i, e := range golden.Exemptions() {
		names := golden.ExemptionNames()
		names = append(names[:i], names[i+1:]...)
		assert.NotEmpty(t, playWire(t, all, names), e.Name)
	}
}

type wireSet struct {
	name      string
	exchanges []golden.Exchange
}

func wireSets(t *testing.T) []wireSet {
	f, err := os.Open("../testdata/golden/wire.jsonl")
	require.NoError(t, err)
	defer f.Close()
	requests, err := golden.ParseWire(f)
	require.NoError(t, err)
	g, err := os.Open("../testdata/golden/wire-clients.jsonl")
	require.NoError(t, err)
	defer g.Close()
	clients, err := golden.ParseClients(g)
	require.NoError(t, err)
	return []wireSet{{"wire.jsonl", requests}, {"wire-clients.jsonl", clients}}
}

func playWire(t *testing.T, all []golden.Exchange, exempt []string) []string {
	return golden.PlayWire(all, func(server string) golden.Driver { return aloneFor(t, server) }, 1, exempt)
}

// aloneFor is a server with the settings of one that was recorded.
func aloneFor(t *testing.T, server string) wireWorld {
	w := newWorld(t, 1)
	w.cfg.MaxSessionTimeout = time.Minute
	w.cfg.Store = recordedStore()
	if server == "default" {
		w.cfg.Store = node.StoreConfig{}
	}
	w.cfg.Clients.Words = []string{"*"}
	w.hosts[0].start()
	w.run(time.Second)
	return wireWorld{alone{w}}
}

// wireWorld waits until nothing happens any more: what has not come by then
// never will.
type wireWorld struct{ alone }

func (a wireWorld) Wait(done func() bool) error {
	a.settle()
	done()
	return nil
}
