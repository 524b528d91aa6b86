package engine

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node/proto"
)

// writesOf lists the values that a client has sent, in its order.
func writesOf(h *linearizability.History, client int32) []string {
	var values []string
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Client == client && op.Op.Type == proto.OpSetData {
			values = append(values, op.Op.Path+" "+string(op.Op.Data[:8]))
		}
	}
	return values
}

// Tasks that are left out are not begun; the others keep their times.
func TestTasksAreLeftOut(t *testing.T) {
	cfg := Config{Seed: 3, Servers: 3, Clients: 3, For: 20 * time.Second}
	whole, err := Run(cfg)
	require.NoError(t, err)
	require.Len(t, whole.Tasks, 3)
	cfg.Skip = []TaskSpan{{1, 40, 70}, {2, 50, 0}, {3, 1, 0}}
	part, err := Run(cfg)
	require.NoError(t, err)
	require.Equal(t, VerdictOK, part.Verdict, "%v", part.Violation)
	assert.Equal(t, whole.Tasks[:2], part.Tasks[:2], "the tasks keep their times")
	assert.Zero(t, part.Tasks[2])
	assert.Less(t, part.Counts.Operations, whole.Counts.Operations*2/3)
	assert.Empty(t, writesOf(part.History, 3))
	for _, e := range part.History.Events {
		assert.NotEqual(t, int32(3), e.Client, "c3 has no session")
	}

	again, err := Run(cfg)
	require.NoError(t, err)
	assert.Equal(t, part.Hash, again.Hash)

	cfg.Skip = []TaskSpan{{1, 40, 70}}
	part, err = Run(cfg)
	require.NoError(t, err)
	assert.Equal(t, writesOf(whole.History, 1)[:4], writesOf(part.History, 1)[:4], "what comes before stays")
	assert.Less(t, len(writesOf(part.History, 1)), len(writesOf(whole.History, 1)))
}

func TestTasksThatCannotBeLeftOut(t *testing.T) {
	for want, span := range map[string]TaskSpan{
		"tasks of c4 cannot be left out, the clients are c1 to c3": {4, 1, 0},
		`the tasks "c1 0-" cannot be left out`:                     {1, 0, 0},
		`the tasks "c1 7-6" cannot be left out`:                    {1, 7, 6},
	} {
		_, err := Run(Config{Servers: 3, Clients: 3, Skip: []TaskSpan{span}})
		assert.ErrorContains(t, err, want)
	}
	_, err := Run(Config{Clients: NoClients, Skip: []TaskSpan{{1, 1, 0}}})
	assert.ErrorContains(t, err, "has no clients")
}

func TestTaskSpanIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := TaskSpan{rapid.IntRange(1, 1000).Draw(t, "client"), rapid.Uint64Min(1).Draw(t, "from"), 0}
		if rapid.Bool().Draw(t, "ends") {
			span.To = rapid.Uint64Min(span.From).Draw(t, "to")
		}
		back, err := ParseTaskSpan(span.String())
		require.NoError(t, err)
		require.Equal(t, span, back)
	})
	for _, bad := range []string{"", "c0", "zk1", "c1 ", "c1 5", "c1 -7", "c1 1-", "c1 05-7", "c1 5-7-9", "c1 5 -7", "c1 5-x", "c1  5-7"} {
		_, err := ParseTaskSpan(bad)
		assert.ErrorContains(t, err, strconv.Quote(bad)+" is no row of tasks", bad)
	}
}
