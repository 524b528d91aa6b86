package model

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// version is an immutable map after a change, and what it must hold.
type version[S any] struct {
	s   S
	ref map[string]int
}

// drawVersions draws changes of a map, and gives what it was after each.
func drawVersions[S any](t *rapid.T, s S, with func(S, string, int) S, without func(S, string) S) []version[S] {
	ref := map[string]int{}
	var history []version[S]
	for i := range rapid.IntRange(0, 60).Draw(t, "changes") {
		key := rapid.StringMatching(`[a-e]{0,2}`).Draw(t, "key")
		if rapid.Bool().Draw(t, "delete") {
			s = without(s, key)
			delete(ref, key)
		} else {
			s = with(s, key, i)
			ref[key] = i
		}
		history = append(history, version[S]{s, maps.Clone(ref)})
	}
	return history
}

// The immutable map against the built-in one, and against its own history: no
// later change reaches an earlier version.
func TestSortedAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := drawVersions(t, sorted[string, int]{},
			func(s sorted[string, int], key string, value int) sorted[string, int] {
				return s.with(key, rankOfText(key), value)
			},
			sorted[string, int].without)
		for _, v := range history {
			require.Equal(t, v.ref, maps.Collect(v.s.all()))
			require.Equal(t, slices.Sorted(maps.Keys(v.ref)), slices.Collect(v.s.keys()))
			require.Equal(t, len(v.ref), v.s.len())
			for key := range v.ref {
				got, ok := v.s.get(key)
				require.True(t, ok)
				require.Equal(t, v.ref[key], got)
			}
			requireShape(t, v.s.root)
		}
	})
}

// requireShape: ranks fall from the root down, and sizes are right.
func requireShape(t require.TestingT, e *entry[string, int]) {
	if e == nil {
		return
	}
	require.Equal(t, e.size, e.left.count()+1+e.right.count())
	for _, below := range []*entry[string, int]{e.left, e.right} {
		if below != nil {
			require.LessOrEqual(t, below.rank, e.rank)
			requireShape(t, below)
		}
	}
}

// Sequential names are what comes nearest to an ill-spread set of keys.
func TestSortedStaysFlat(t *testing.T) {
	var s sorted[int64, struct{}]
	for i := range int64(10000) {
		s = s.with(i, rankOfNumber(i), struct{}{})
	}
	assert.Less(t, depth(s.root), 50)
}

func depth[V any](e *entry[int64, V]) int {
	if e == nil {
		return 0
	}
	return 1 + max(depth(e.left), depth(e.right))
}

func TestSortedStopsEarly(t *testing.T) {
	s := setOf("a", "b", "c")
	var seen []string
	for name := range s.keys() {
		if seen = append(seen, name); name == "b" {
			break
		}
	}
	assert.Equal(t, []string{"a", "b"}, seen)
}
