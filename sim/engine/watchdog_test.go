package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

func TestStandstill(t *testing.T) {
	var st standstill
	second := time.Second
	assert.Zero(t, st.look(0, false, 3, false))
	assert.Zero(t, st.look(1*second, true, 3, false))
	assert.Equal(t, 4*second, st.look(5*second, true, 3, false))
	assert.Zero(t, st.look(6*second, true, 4, false), "it took something")
	assert.Equal(t, 2*second, st.look(8*second, true, 4, false))
	assert.Zero(t, st.look(9*second, true, 4, true))
	assert.Zero(t, st.look(50*second, true, 4, false), "a fault explains what has not moved since")
	assert.Zero(t, st.look(51*second, true, 5, false))
	assert.Equal(t, 1*second, st.look(52*second, true, 5, false))
	assert.Zero(t, st.look(53*second, false, 5, false))
}

// deaf is a core of which one stage takes no turns any more after some time.
type deaf struct {
	*node.Node
	stage node.StageKind
	after time.Duration
	none  node.Output
}

func (d *deaf) Step(in *node.Input) *node.Output {
	if in.Kind == node.EventTurn && in.Stage.Kind == d.stage && in.Now > d.after {
		return &d.none
	}
	return d.Node.Step(in)
}

func TestDeadStagesAreFound(t *testing.T) {
	for _, stage := range []node.StageKind{node.StagePrep, node.StagePropose, node.StageLog, node.StageCommit, node.StageFinal} {
		t.Run(stage.String(), func(t *testing.T) {
			c := newCluster(Config{Seed: 5, Servers: 3, For: time.Minute}.withDefaults())
			c.newCore = func(cfg node.Config, r *store.Recovered) stepper {
				return &deaf{Node: node.New(cfg, r), stage: stage, after: 10 * time.Second}
			}
			c.run()
			require.NotNil(t, c.violation)
			assert.Equal(t, proto.ActorDeath, c.violation.Property, "%v", c.violation)
			assert.Contains(t, c.violation.Place, stage.String())
			assert.Less(t, c.violation.At, 40*time.Second)
		})
	}
}

func TestAStuckLaneIsFound(t *testing.T) {
	for _, excused := range []bool{false, true} {
		c := newCluster(Config{Servers: 3, Clients: NoClients}.withDefaults())
		s, k := c.servers[0], &kennel{}
		s.state = processUp
		s.lanes[node.LaneLog].push(&node.Write{ID: 7, Op: store.Op{Kind: store.OpFsync, Name: "log.1"}})
		if excused {
			s.diskFaults.put(1, &diskFault{})
		}
		for tick := range watchdogTicks + 1 {
			require.Nil(t, k.look(s, c.ticks(tick)))
		}
		s.diskFaults.clear()
		v := k.look(s, c.ticks(watchdogTicks+1))
		if excused {
			assert.Nil(t, v, "it hung when the disk was broken")
			continue
		}
		require.NotNil(t, v)
		assert.Equal(t, proto.ActorDeath, v.Property)
		assert.Equal(t, "LOOKING/disk", v.Place)
	}
}

func TestANewProcessStartsAfresh(t *testing.T) {
	c := newCluster(Config{Servers: 3, Clients: NoClients}.withDefaults())
	s, k := c.servers[0], &kennel{}
	for tick := range 5 * watchdogTicks {
		s.state = processUp
		if tick%watchdogTicks == 0 {
			s.bury()
			s.state = processUp
			s.lanes[node.LaneLog].push(&node.Write{ID: 7})
		}
		require.Nil(t, k.look(s, c.ticks(tick)))
	}
}
