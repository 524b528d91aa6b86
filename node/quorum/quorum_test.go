package quorum

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
)

func ids() *rapid.Generator[[]proto.ServerID] {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) proto.ServerID {
		return proto.ServerID(rapid.Int64Range(1, int64(MaxID)).Draw(t, "id"))
	}), 1, 20, func(id proto.ServerID) proto.ServerID { return id })
}

func drawMajority(t *rapid.T) Majority {
	m, err := NewMajority(ids().Draw(t, "voters"))
	require.NoError(t, err)
	return m
}

// drawVotes draws any subset of the voters and some strangers.
func drawVotes(t *rapid.T, m Majority, label string) Set {
	var s Set
	for _, id := range m {
		if rapid.Bool().Draw(t, label) {
			s.Add(id)
		}
	}
	for _, id := range ids().Draw(t, label+" strangers") {
		if !m.IsVoter(id) {
			s.Add(id)
		}
	}
	return s
}

// twoQuorumsIntersect is the property that the planted defect below must break.
func twoQuorumsIntersect(m Majority, a, b Set, isQuorum func(Majority, Set) bool) bool {
	if !isQuorum(m, a) || !isQuorum(m, b) {
		return true
	}
	return slices.ContainsFunc(m, func(id proto.ServerID) bool { return a.Has(id) && b.Has(id) })
}

func TestAnyTwoQuorumsShareAVoter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMajority(t)
		a, b := drawVotes(t, m, "a"), drawVotes(t, m, "b")
		require.True(t, twoQuorumsIntersect(m, a, b, Majority.Contains), "%v and %v of %v", a, b, m)
	})
}

func TestHalfOfTheVotersIsCaughtByTheProperty(t *testing.T) {
	half := func(m Majority, votes Set) bool { return 2*m.Count(votes) >= len(m) }
	m, err := NewMajority([]proto.ServerID{1, 2, 3, 4})
	require.NoError(t, err)
	assert.False(t, twoQuorumsIntersect(m, SetOf(1, 2), SetOf(3, 4), half))
	assert.True(t, twoQuorumsIntersect(m, SetOf(1, 2), SetOf(3, 4), Majority.Contains))
}

func TestQuorumAgainstThePlainCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMajority(t)
		votes := drawVotes(t, m, "votes")
		n := 0
		for _, id := range votes.Members() {
			if slices.Contains(m, id) {
				n++
			}
		}
		assert.Equal(t, n, m.Count(votes))
		assert.Equal(t, 2*n > len(m), m.Contains(votes))
		assert.Equal(t, n >= m.Size(), m.Contains(votes))
		assert.True(t, m.Contains(m.Voters()), "all voters are a quorum")
		assert.False(t, m.Contains(Set{}), "nobody is no quorum")
	})
}

func TestMoreVotesNeverUnmakeAQuorum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMajority(t)
		votes := drawVotes(t, m, "votes")
		before := m.Contains(votes)
		votes.Add(ids().Draw(t, "one more")[0])
		if before {
			require.True(t, m.Contains(votes))
		}
	})
}

func TestSizes(t *testing.T) {
	for _, c := range []struct{ voters, size int }{{1, 1}, {2, 2}, {3, 2}, {4, 3}, {5, 3}, {6, 4}, {7, 4}, {9, 5}} {
		var voters []proto.ServerID
		for i := range c.voters {
			voters = append(voters, proto.ServerID(i+1))
		}
		m, err := NewMajority(voters)
		require.NoError(t, err)
		assert.Equal(t, c.size, m.Size(), "%d voters", c.voters)
	}
}

func TestNoVotersNoQuorum(t *testing.T) {
	assert.False(t, Majority(nil).Contains(SetOf(1, 2, 3)))
}

func TestVotersAreChecked(t *testing.T) {
	for _, c := range []struct {
		name   string
		voters []proto.ServerID
		want   string
	}{
		{"nobody", nil, "at least one voter"},
		{"zero", []proto.ServerID{1, 0}, "server id 0 is not between 1 and 254"},
		{"negative", []proto.ServerID{-1}, "server id -1 is not"},
		{"too large", []proto.ServerID{255}, "server id 255 is not"},
		{"twice", []proto.ServerID{3, 1, 3}, "server id 3 is named twice"},
	} {
		_, err := NewMajority(c.voters)
		require.ErrorContains(t, err, c.want, c.name)
	}
	given := []proto.ServerID{3, 1, 2}
	m, err := NewMajority(given)
	require.NoError(t, err)
	assert.Equal(t, Majority{1, 2, 3}, m)
	assert.Equal(t, []proto.ServerID{3, 1, 2}, given, "the caller's slice stays as it was")
	assert.True(t, m.IsVoter(2))
	assert.False(t, m.IsVoter(4))
}

func TestSetAgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Set
		ref := map[proto.ServerID]bool{}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			id := proto.ServerID(rapid.Int64Range(-3, 300).Draw(t, "id"))
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				s.Clear()
				clear(ref)
			case 1, 2:
				s.Remove(id)
				delete(ref, id)
			default:
				s.Add(id)
				if id >= 1 && id <= MaxID {
					ref[id] = true
				}
			}
			require.Equal(t, ref[id], s.Has(id))
			require.Equal(t, len(ref), s.Len())
		}
		require.Equal(t, s, SetOf(s.Members()...))
		require.True(t, slices.IsSorted(s.Members()))
	})
}

func TestSetPrints(t *testing.T) {
	assert.Equal(t, "zk1 zk64 zk254", SetOf(254, 1, 64).String())
	assert.Empty(t, Set{}.String())
}

func TestAskingAllocatesNothing(t *testing.T) {
	m := Majority{1, 2, 3, 4, 5}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		var s Set
		s.Add(1)
		s.Add(5)
		s.Add(3)
		if !m.Contains(s) {
			t.Fatal("three of five")
		}
	}))
}
