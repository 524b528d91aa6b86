package proto

import (
	"cmp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func drawZxid(t *rapid.T, label string) (Zxid, Epoch, uint32) {
	e := Epoch(rapid.Int64Range(0, 1<<31-1).Draw(t, label+" epoch"))
	c := rapid.Uint32().Draw(t, label+" counter")
	return MakeZxid(e, c), e, c
}

func TestZxidHoldsEpochAndCounter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, e, c := drawZxid(t, "z")
		require.Equal(t, e, z.Epoch())
		require.Equal(t, c, z.Counter())
		require.Equal(t, z, MakeZxid(z.Epoch(), z.Counter()))
	})
}

func TestZxidsOrderByEpochThenCounter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, ae, ac := drawZxid(t, "a")
		b, be, bc := drawZxid(t, "b")
		require.Equal(t, cmp.Or(cmp.Compare(ae, be), cmp.Compare(ac, bc)), cmp.Compare(a, b))
	})
}

func TestZxidFollowsItsPredecessorAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, e, c := drawZxid(t, "z")
		prev, pe, pc := drawZxid(t, "prev")
		if rapid.Bool().Draw(t, "near") {
			pe, pc = e, c-uint32(rapid.IntRange(0, 2).Draw(t, "back"))
			prev = MakeZxid(pe, pc)
		}
		want := pe == e && uint64(pc)+1 == uint64(c) || pe < e && c == 1
		require.Equal(t, want, z.Follows(prev))
		if z.Follows(prev) {
			require.Greater(t, z, prev)
		}
	})
}

func TestZxidNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z, e, c := drawZxid(t, "z")
		if c == 0xFFFFFFFF {
			return
		}
		require.Equal(t, MakeZxid(e, c+1), z.Next())
		require.True(t, z.Next().Follows(z))
	})
	assert.Panics(t, func() { MakeZxid(3, 0xFFFFFFFF).Next() }, "the next zxid would belong to another epoch")
}

func TestIdsPrint(t *testing.T) {
	assert.Equal(t, "5.12", MakeZxid(5, 12).String())
	assert.Equal(t, "0x50000000c", MakeZxid(5, 12).Hex())
	assert.Equal(t, "0.4294967295", Zxid(0xFFFFFFFF).String())
	assert.Equal(t, "0xffffffffffffffff", Zxid(-1).Hex())
	assert.Equal(t, "zk3", ServerID(3).String())
	assert.Equal(t, "0x1000000000000ab", SessionID(0x1000000000000ab).String())
}

func TestNumbersPrintWithNames(t *testing.T) {
	for typ, name := range opNames {
		assert.Equal(t, name, typ.String())
	}
	assert.Equal(t, "op99", OpCode(99).String())
	for i, name := range packetNames {
		typ := PacketType(i)
		if !typ.known() {
			continue
		}
		assert.Equal(t, name, typ.String())
	}
	assert.Equal(t, "packet99", PacketType(99).String())
	assert.Equal(t, "no node (-101)", NoNode.Error())
	assert.Equal(t, "error 5", ErrCode(5).Error())
	assert.Equal(t, []string{"LOOKING", "FOLLOWING", "LEADING", "OBSERVING", "UNKNOWN"},
		[]string{Looking.String(), Following.String(), Leading.String(), Observing.String(), PeerState(9).String()})
	assert.Equal(t, []string{"None", "NodeCreated", "NodeDeleted", "NodeDataChanged", "NodeChildrenChanged"},
		[]string{EventType(-1).String(), EventType(1).String(), EventType(2).String(), EventType(3).String(), EventType(4).String()})
	assert.Equal(t, "Agreement: differs", (&Violation{Property: Agreement, Detail: "differs"}).Error())
	assert.Equal(t, "Agreement at zk2: differs", (&Violation{Property: Agreement, Server: 2, Detail: "differs"}).Error())
}

// TestBetterIsATotalOrder: of two different votes exactly one is better, and
// better votes chain; otherwise an election could run in circles.
func TestBetterIsATotalOrder(t *testing.T) {
	vote := rapid.Custom(func(t *rapid.T) Vote {
		small := rapid.Int64Range(-2, 3)
		return Vote{ServerID(small.Draw(t, "leader")), Zxid(small.Draw(t, "zxid")), Epoch(small.Draw(t, "epoch"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := vote.Draw(t, "a"), vote.Draw(t, "b"), vote.Draw(t, "c")
		require.Equal(t, a != b, a.Better(b) != b.Better(a))
		require.False(t, a.Better(a))
		if a.Better(b) && b.Better(c) {
			require.True(t, a.Better(c))
		}
		want := cmp.Or(cmp.Compare(a.PeerEpoch, b.PeerEpoch), cmp.Compare(a.Zxid, b.Zxid), cmp.Compare(a.Leader, b.Leader)) > 0
		require.Equal(t, want, a.Better(b))
	})
}
