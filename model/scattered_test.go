package model

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The immutable map against the built-in one, and against its own history: no
// later change reaches an earlier version, and equal contents are equal however
// they came about. Hashes are drawn so that keys share all of one, or much.
func TestScatteredAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mask := rapid.SampledFrom([]uint64{0, 1, 7, 0x8000000000000007, ^uint64(0)}).Draw(t, "mask")
		hash := func(key string) uint64 { return rankOfText(key) & mask }
		var s scattered[int]
		ref := map[string]int{}
		type version struct {
			s   scattered[int]
			ref map[string]int
		}
		var history []version
		for i := range rapid.IntRange(0, 60).Draw(t, "changes") {
			key := rapid.StringMatching(`[a-e]{0,2}`).Draw(t, "key")
			if rapid.Bool().Draw(t, "delete") {
				s = s.without(key, hash(key))
				delete(ref, key)
			} else {
				s = s.with(key, hash(key), i)
				ref[key] = i
			}
			history = append(history, version{s, maps.Clone(ref)})
		}
		for _, v := range history {
			requireScattered(t, v.s, v.ref, hash)
			require.Equal(t, maps.Equal(v.ref, ref), equalPlaces(v.s.top, s.top, func(a, b int) bool { return a == b }))
		}
	})
}

// requireScattered: a map holds what the reference holds, and is the one that is
// made of that from nothing.
func requireScattered(t require.TestingT, s scattered[int], ref map[string]int, hash func(string) uint64) {
	require.Equal(t, len(ref), s.len())
	var fresh scattered[int]
	for key, value := range ref {
		got, ok := s.get(key, hash(key))
		require.True(t, ok)
		require.Equal(t, value, got)
		fresh = fresh.with(key, hash(key), value)
	}
	_, ok := s.get("none", hash("none"))
	require.False(t, ok)
	require.Equal(t, fresh, s, "the shape")
}

// Maps that differ in one key, one value or one entry are not equal.
func TestScatteredTellsMapsApart(t *testing.T) {
	same := func(a, b int) bool { return a == b }
	for _, mask := range []uint64{0, ^uint64(0)} {
		put := func(s scattered[int], key string, v int) scattered[int] { return s.with(key, rankOfText(key)&mask, v) }
		base := put(put(scattered[int]{}, "a", 1), "b", 2)
		assert.True(t, equalPlaces(base.top, put(put(scattered[int]{}, "b", 2), "a", 1).top, same))
		for name, other := range map[string]scattered[int]{
			"value": put(base, "b", 3), "more": put(base, "c", 3), "less": base.without("a", rankOfText("a")&mask),
			"key": put(base.without("b", rankOfText("b")&mask), "c", 2), "none": {},
		} {
			assert.False(t, equalPlaces(base.top, other.top, same), name)
			assert.False(t, equalPlaces(other.top, base.top, same), name)
		}
	}
}
