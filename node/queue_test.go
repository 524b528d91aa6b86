package node

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

func TestQueueAgainstASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue[int]
		var ref []int
		for i := range rapid.IntRange(0, 200).Draw(t, "steps") {
			switch what := rapid.IntRange(0, 20).Draw(t, "what"); {
			case what == 0:
				q.clear()
				ref = nil
			case what < 9 && len(ref) > 0:
				require.Equal(t, ref[0], q.pop())
				ref = ref[1:]
			default:
				q.push(i)
				ref = append(ref, i)
			}
			require.Equal(t, len(ref), q.len())
			for k := range ref {
				require.Equal(t, ref[k], q.at(k))
			}
		}
	})
}

func TestQueueKeepsItsMemory(t *testing.T) {
	var q queue[*int]
	v := new(int)
	for range 10 {
		q.push(v)
	}
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		q.push(v)
		q.pop()
	}))
	for q.len() > 0 {
		q.pop()
	}
	for _, p := range q.items[:cap(q.items)] {
		assert.Nil(t, p, "a queue must not keep alive what was taken")
	}
}

func proposalOf(z proto.Zxid) *proposal { return &proposal{rec: store.Record{Zxid: z}} }

func TestTail(t *testing.T) {
	var l tail
	z := func(c uint32) proto.Zxid { return proto.MakeZxid(7, c) }
	assert.Nil(t, l.nextToCommit())
	assert.Nil(t, l.find(z(1)))
	for c := uint32(3); c < 8; c++ {
		l.push(proposalOf(z(c)))
	}
	assert.Equal(t, z(3), l.nextToCommit().zxid())
	l.ncommitted = 2
	assert.Equal(t, z(5), l.nextToCommit().zxid())
	assert.Equal(t, z(3), l.popApplied().zxid())
	assert.Equal(t, 1, l.ncommitted)
	for c := uint32(0); c < 12; c++ {
		if p := l.find(z(c)); c < 4 || c > 7 {
			assert.Nil(t, p, c)
		} else {
			assert.Equal(t, z(c), p.zxid())
		}
	}
	assert.Nil(t, l.find(proto.MakeZxid(8, 5)))
	assert.Nil(t, l.find(-1))
	l.ncommitted = l.len()
	assert.Nil(t, l.nextToCommit())
	l.clear()
	assert.Zero(t, l.len()+l.ncommitted)
}

// TestCommittedLogIsContiguous: base and entries are always the end of what was added.
func TestCommittedLogIsContiguous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		past := drawPast(t)
		h := drawHistory(t, past, "history")
		limit := rapid.IntRange(0, 12).Draw(t, "limit")
		c := cacheOf(h, limit)
		kept := min(limit, len(h))
		require.Equal(t, kept, c.entries.len())
		require.Equal(t, end(h), c.max())
		require.Equal(t, end(h[:len(h)-kept]), c.base)
		for i := range kept {
			require.Equal(t, h[len(h)-kept+i], c.entries.at(i).Zxid)
		}
	})
}
