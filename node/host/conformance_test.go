package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/host/conformance"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// TestConformance: the host does every duty of a driver.
func TestConformance(t *testing.T) {
	for _, d := range conformance.Duties {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, d.Check(newWorld(t)))
		})
	}
}

// world is two hosts on loopback.
type world struct {
	t       *testing.T
	servers []node.Server
	dirs    []string
	hosts   [2]*Host
	puppets [2]*conformance.Puppet
}

func newWorld(t *testing.T) *world {
	w := &world{t: t}
	for id := range 2 {
		w.servers = append(w.servers, node.Server{ID: proto.ServerID(id + 1), QuorumAddr: freePort(t), ElectionAddr: freePort(t)})
		w.dirs = append(w.dirs, t.TempDir())
	}
	t.Cleanup(func() {
		for _, h := range w.hosts {
			if h != nil {
				h.Kill()
			}
		}
	})
	return w
}

// Start is part of conformance.World.
func (w *world) Start(id proto.ServerID) {
	i := id - 1
	cfg := Config{Node: node.Config{ID: id, Servers: w.servers}, DataDir: w.dirs[i],
		Listen: [3]string{"", w.servers[i].QuorumAddr, w.servers[i].ElectionAddr}, BindRetries: 1}
	h, err := start(cfg, func(_ node.Config, r *store.Recovered) stepper {
		w.puppets[i] = &conformance.Puppet{Recovered: r}
		return w.puppets[i]
	})
	require.NoError(w.t, err)
	w.hosts[i] = h
}

// Puppet is part of conformance.World.
func (w *world) Puppet(id proto.ServerID) *conformance.Puppet { return w.puppets[id-1] }

// Kill is part of conformance.World.
func (w *world) Kill(id proto.ServerID) { w.hosts[id-1].Kill() }

// Do is part of conformance.World.
func (w *world) Do(id proto.ServerID, out *node.Output) {
	h := w.hosts[id-1]
	require.True(w.t, h.Look(func(*node.Node) { h.carryOut(out) }))
}

// Go is part of conformance.World.
func (w *world) Go(within time.Duration, so func() bool) bool {
	for deadline := time.Now().Add(within); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// Rest is part of conformance.World.
func (w *world) Rest() { time.Sleep(100 * time.Millisecond) }

// Files is part of conformance.World.
func (w *world) Files(id proto.ServerID) store.FS { return w.hosts[id-1].files }
