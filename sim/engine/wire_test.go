package engine

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node"
)

// TestGoldenEnsembleWire sends one server of a simulated ensemble what Apache
// ZooKeeper 3.8.0 was sent, byte for byte, and compares what comes.
func TestGoldenEnsembleWire(t *testing.T) {
	f, err := os.Open("../../testdata/golden/wire.jsonl")
	require.NoError(t, err)
	defer f.Close()
	all, err := golden.ParseWire(f)
	require.NoError(t, err)
	differences := golden.PlayWire(all, func(server string) golden.Driver {
		store := recordedStore()
		if server == "default" {
			store = node.StoreConfig{}
		}
		return newEnsemble(t, 1, store, 500*time.Millisecond)
	}, 1, golden.ExemptionNames())
	for _, d := range differences {
		t.Error(d)
	}
	t.Logf("wire.jsonl: %d of %d exchanges agree", len(all)-len(differences), len(all))
}

// Monitors may ask every server, at any time.
func TestWordsInSimulation(t *testing.T) {
	e := newEnsemble(t, 1, recordedStore(), 0)
	ask := func(s *server, word string) string {
		p := e.askWord(s, word)
		require.NoError(t, e.Wait(func() bool { return p.over }))
		return string(p.text)
	}
	modes := 0
	for _, s := range e.servers {
		assert.Equal(t, "imok", ask(s, "ruok"))
		assert.Contains(t, ask(s, "mntr"), "zk_znode_count\t5\n")
		if strings.Contains(ask(s, "srvr"), "\nMode: leader\n") {
			modes++
		}
	}
	assert.Equal(t, 1, modes, "one leads")
}
