package host_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

// Three servers elect, write, lose their leader, go on, and find everything in
// their files when all of them are started again.
func TestEnsembleLosesItsLeader(t *testing.T) {
	e := newEnsemble(t, 3, nil)
	first := e.leader()
	c := e.dial((first + 1) % 3)
	for i := range 20 {
		a := call(t, c, create(fmt.Sprintf("/a%d", i), "before"))
		require.Equal(t, proto.OK, a.Result.Err)
	}
	e.kill(first)
	second := e.leader()
	require.NotEqual(t, first, second)
	c = e.dial(second)
	require.Equal(t, proto.OK, call(t, c, create("/b", "after")).Result.Err)
	assert.Equal(t, proto.NodeExists, call(t, c, create("/a19", "again")).Result.Err)

	e.start(first) // it gets what it has missed
	e.leader()
	c = e.dial(first)
	require.Equal(t, proto.OK, call(t, c, proto.Op{Type: proto.OpSync, Path: "/"}).Result.Err)
	assert.Equal(t, "after", string(call(t, c, get("/b")).Result.Data))

	for i := range e.hosts {
		e.kill(i)
	}
	for i := range e.hosts {
		e.start(i)
	}
	c = e.dial(e.leader())
	for i := range 20 {
		assert.Equal(t, "before", string(call(t, c, get(fmt.Sprintf("/a%d", i))).Result.Data))
	}
	assert.Equal(t, "after", string(call(t, c, get("/b")).Result.Data))
}

func TestOneServerAlone(t *testing.T) {
	e := newEnsemble(t, 1, nil)
	e.leader()
	c := e.dial(0)
	require.Equal(t, proto.OK, call(t, c, create("/a", "x")).Result.Err)
	require.NoError(t, e.hosts[0].Stop())
	e.start(0)
	e.leader()
	assert.Equal(t, "x", string(call(t, e.dial(0), get("/a")).Result.Data))
}
