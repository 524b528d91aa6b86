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
		history := drawVersions(t, scattered[int]{},
			func(s scattered[int], key string, value int) scattered[int] { return s.with(key, hash(key), value) },
			func(s scattered[int], key string) scattered[int] { return s.without(key, hash(key)) })
		for _, v := range history {
			requireScattered(t, v.s, v.ref, hash)
			last := history[len(history)-1]
			require.Equal(t, maps.Equal(v.ref, last.ref), equalPlaces(v.s.top, last.s.top, func(a, b int) bool { return a == b }))
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
