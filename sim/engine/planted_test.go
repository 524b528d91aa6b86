package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/fault"
)

// lyingDisk is a core whose fsyncs of the log do nothing, though they say so.
type lyingDisk struct{ stepper }

func (l lyingDisk) Step(in *node.Input) *node.Output {
	out := l.stepper.Step(in)
	for i := range out.Writes {
		if op := &out.Writes[i].Op; op.Kind == store.OpFsync && op.Class == store.ClassTxnLog {
			*op = store.Op{Kind: store.OpWrite, Class: op.Class, Name: op.Name}
		}
	}
	return out
}

// amnesiac is a core that forgets to write the epochs that it has promised.
type amnesiac struct{ stepper }

func (a amnesiac) Step(in *node.Input) *node.Output {
	out := a.stepper.Step(in)
	for i := range out.Notes {
		if n := &out.Notes[i]; n.Kind == node.NoteAcceptedEpoch && in.Now > 10*time.Second {
			n.Epoch = 0
		}
	}
	return out
}

// forgetful is a core that now and then applies something else.
type forgetful struct{ stepper }

func (f forgetful) Step(in *node.Input) *node.Output {
	out := f.stepper.Step(in)
	for i := range out.Notes {
		if n := &out.Notes[i]; n.Kind == node.NoteApplied && n.Zxid.Counter() == 100 {
			n.Digest++
		}
	}
	return out
}

// Each defect of one server or of all is found in a whole run, and the same run
// without it is ok.
func TestPlantedDefectsAreFound(t *testing.T) {
	everybodyCrashes := []fault.Statement{statement(t, "at 10s for 1s crash zk1,zk2,zk3 lose-unsynced")}
	for name, defect := range map[string]struct {
		want  []proto.Property
		plant func(id proto.ServerID, s stepper) stepper
	}{
		"none": {nil, func(_ proto.ServerID, s stepper) stepper { return s }},
		"fsync does nothing": {[]proto.Property{proto.AckOrder},
			func(_ proto.ServerID, s stepper) stepper { return lyingDisk{s} }},
		"an epoch is forgotten": {[]proto.Property{proto.EpochMonotonic},
			func(_ proto.ServerID, s stepper) stepper { return amnesiac{s} }},
		"a tree differs": {[]proto.Property{proto.DigestEquality}, func(id proto.ServerID, s stepper) stepper {
			if id == 2 {
				return forgetful{s}
			}
			return s
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(Config{Seed: 3, Servers: 3, For: 20 * time.Second, Faults: everybodyCrashes}.withDefaults())
			honest := c.newCore
			c.newCore = func(cfg node.Config, r *store.Recovered) stepper { return defect.plant(cfg.ID, honest(cfg, r)) }
			c.run()
			if defect.want == nil {
				assert.Nil(t, c.violation)
				return
			}
			require.NotNil(t, c.violation)
			assert.Contains(t, defect.want, c.violation.Property, "%v", c.violation)
		})
	}
}
