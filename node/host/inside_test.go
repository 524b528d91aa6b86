package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// breaking is a core that breaks an invariant at its first turn.
type breaking struct{ with any }

// Step is what the driver calls.
func (b breaking) Step(in *node.Input) *node.Output {
	if in.Kind == node.EventTurn {
		panic(b.with)
	}
	return &node.Output{Turns: []node.Stage{{Kind: node.StagePrep}}}
}

func breakWith(t *testing.T, with any) *ExitError {
	h, err := start(Config{Node: node.Config{ID: 1}, DataDir: t.TempDir()}, func(node.Config, *store.Recovered) stepper { return breaking{with} })
	require.NoError(t, err)
	var exit *ExitError
	require.ErrorAs(t, h.Wait(), &exit)
	assert.NotEmpty(t, exit.Stack)
	assert.NotZero(t, exit.Code)
	return exit
}

func TestBrokenInvariantsEndTheServer(t *testing.T) {
	v := &proto.Violation{Property: proto.AckOrder, Detail: "acked too early"}
	assert.Equal(t, v, breakWith(t, v).Violation)
	assert.Equal(t, "oops", breakWith(t, "oops").Panic)
}

func TestAlarmsArePutOff(t *testing.T) {
	a := newAlarms()
	id := node.TimerID{Kind: node.TimerConnect, Peer: 1}
	set := func(at, now time.Duration) { a.set(&node.Timer{ID: id, Min: at - now, Max: at - now}, now) }
	set(10, 0)
	set(30, 5) // later: it stays where it is in the queue
	_, ok := a.due(20)
	assert.False(t, ok)
	next, ok := a.next()
	assert.True(t, ok)
	assert.Equal(t, time.Duration(30), next)
	set(25, 20) // earlier: it moves
	got, ok := a.due(25)
	assert.True(t, ok)
	assert.Equal(t, id, got)
	_, ok = a.due(100)
	assert.False(t, ok, "once")
	set(200, 100)
	a.set(&node.Timer{ID: id}, 100)
	_, ok = a.due(300)
	assert.False(t, ok, "cancelled")
	_, ok = a.next()
	assert.False(t, ok)
}
