package ztree

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestNames holds the chunked set against a plain sorted slice.
func TestNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s names
		var plain []string
		for range rapid.IntRange(0, 40).Draw(t, "rounds") {
			from := rapid.IntRange(0, 2000).Draw(t, "from")
			drop := rapid.Bool().Draw(t, "drop")
			for n := range rapid.IntRange(1, 400).Draw(t, "count") {
				name := strconv.Itoa(from + n)
				i, found := slices.BinarySearch(plain, name)
				if drop {
					require.Equal(t, found, s.remove(name))
					if found {
						plain = slices.Delete(plain, i, i+1)
					}
					continue
				}
				require.Equal(t, !found, s.add(name))
				if !found {
					plain = slices.Insert(plain, i, name)
				}
			}
		}
		requireNames(t, &s, plain)
	})
}

func requireNames(t *rapid.T, s *names, plain []string) {
	require.Equal(t, len(plain), s.len())
	require.True(t, slices.Equal(plain, s.list()))
	var walked []string
	for name, ok := s.first(); ok; name, ok = s.after(name) {
		walked = append(walked, name)
	}
	require.True(t, slices.Equal(plain, walked))
	for _, absent := range []string{"", "1x", "999999", "~"} {
		i, _ := slices.BinarySearch(plain, absent)
		next, ok := s.after(absent)
		require.Equal(t, i < len(plain), ok)
		if ok {
			require.Equal(t, plain[i], next)
		}
	}
	for _, c := range s.chunks {
		require.NotEmpty(t, c)
		require.LessOrEqual(t, len(c), chunkMax)
	}
}

// TestNamesLarge would take minutes if a change cost the whole set.
func TestNamesLarge(t *testing.T) {
	var s names
	const n = 100_000
	for i := range n {
		s.add(strconv.Itoa(i * 7919 % n))
	}
	require.Equal(t, n, s.len())
	for i := range n {
		assert.True(t, s.remove(strconv.Itoa(i)))
	}
	assert.Zero(t, s.len())
	assert.Empty(t, s.chunks)
}
