package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/host/conformance"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// TestConformance: the simulator's driver does every duty of a driver, as the
// host does.
func TestConformance(t *testing.T) {
	for _, d := range conformance.Duties {
		t.Run(d.Name, func(t *testing.T) { assert.NoError(t, d.Check(newSimWorld())) })
	}
}

// TestConformanceNotices: each check fails when its duty is not done.
func TestConformanceNotices(t *testing.T) {
	for _, d := range conformance.Duties {
		if d.Breach != nil {
			t.Run(d.Name, func(t *testing.T) {
				assert.Error(t, d.Check(conformance.Spoilt{World: newSimWorld(), Alter: d.Breach}))
			})
		}
	}
}

// A driver that lets a dead process live on, or starts one without a word, is
// noticed too.
func TestConformanceNoticesTheDead(t *testing.T) {
	for _, d := range conformance.Duties {
		switch d.Name {
		case "the start is the first event":
			assert.Error(t, d.Check(idleWorld{newSimWorld()}))
		case "the death of a process closes its streams":
			assert.Error(t, d.Check(undyingWorld{newSimWorld()}))
		}
	}
}

type idleWorld struct{ *simWorld }

// Start is part of conformance.World.
func (w idleWorld) Start(id proto.ServerID) {
	w.simWorld.Start(id)
	w.Go(time.Second, func() bool { return w.puppets[id] != nil })
	w.Do(id, &node.Output{Turns: []node.Stage{{Kind: node.StagePrep}}})
	w.Rest()
}

type undyingWorld struct{ *simWorld }

// Kill is part of conformance.World.
func (w undyingWorld) Kill(proto.ServerID) {}

// simWorld is two servers of a simulation.
type simWorld struct {
	*cluster
	puppets map[proto.ServerID]*conformance.Puppet
}

func newSimWorld() *simWorld {
	w := &simWorld{newCluster(Config{Servers: 2, Clients: NoClients}.withDefaults()), map[proto.ServerID]*conformance.Puppet{}}
	w.newCore = func(cfg node.Config, r *store.Recovered) stepper {
		w.puppets[cfg.ID] = &conformance.Puppet{Recovered: r}
		return w.puppets[cfg.ID]
	}
	w.digest = hashStart
	return w
}

// Start is part of conformance.World.
func (w *simWorld) Start(id proto.ServerID) { w.servers[id-1].start(0) }

// Puppet is part of conformance.World.
func (w *simWorld) Puppet(id proto.ServerID) *conformance.Puppet { return w.puppets[id] }

// Kill is part of conformance.World.
func (w *simWorld) Kill(id proto.ServerID) { w.servers[id-1].kill() }

// Do is part of conformance.World.
func (w *simWorld) Do(id proto.ServerID, out *node.Output) { w.servers[id-1].carryOut(out) }

// Go is part of conformance.World.
func (w *simWorld) Go(within time.Duration, so func() bool) bool {
	for limit := w.clock.Now() + within; !so(); {
		if next, ok := w.clock.Peek(); !ok || next > limit {
			return false
		}
		w.kernel.turn()
	}
	return true
}

// Rest is part of conformance.World.
func (w *simWorld) Rest() {
	at := w.clock.Now() + 100*time.Millisecond
	w.Go(time.Second, func() bool { next, ok := w.clock.Peek(); return !ok || next > at })
}

// Files is part of conformance.World.
func (w *simWorld) Files(id proto.ServerID) store.FS { return w.servers[id-1].disk }
