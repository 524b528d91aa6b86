package bisect

import (
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// line is a history without merges.
func line(n int) [][]int {
	parents := make([][]int, n)
	for i := range n - 1 {
		parents[i] = []int{i + 1}
	}
	return parents
}

// drawHistory draws a history with merges in which commit 0 descends from all.
func drawHistory(t *rapid.T) [][]int {
	n := rapid.IntRange(1, 60).Draw(t, "commits")
	if rapid.Bool().Draw(t, "line") {
		return line(n)
	}
	parents := make([][]int, n)
	for i := 1; i < n; i++ { // one child at least
		child := rapid.IntRange(max(0, i-4), i-1).Draw(t, "child")
		parents[child] = append(parents[child], i)
		if second := rapid.IntRange(0, i-1).Draw(t, "second child"); i%5 == 0 && second != child {
			parents[second] = append(parents[second], i)
		}
	}
	return parents
}

// descendants marks a commit and all that descend from it, slowly.
func descendants(parents [][]int, of int) []bool {
	marked := make([]bool, len(parents))
	marked[of] = true
	for changed := true; changed; {
		changed = false
		for i, list := range parents {
			if !marked[i] && slices.ContainsFunc(list, func(p int) bool { return marked[p] }) {
				marked[i], changed = true, true
			}
		}
	}
	return marked
}

// search runs a search over a history in which culprit is the first bad commit,
// and returns it with the number of commits that were judged.
func search(t require.TestingT, parents [][]int, culprit int, skipped func(int) bool) (*Commits, int) {
	c, err := NewCommits(parents)
	require.NoError(t, err)
	bad := descendants(parents, culprit)
	asked := map[int]bool{}
	for {
		i, ok := c.Next()
		if !ok {
			return c, len(asked)
		}
		require.False(t, asked[i], "commit %d is judged twice", i)
		asked[i] = true
		switch {
		case skipped(i):
			c.Judge(i, Skipped)
		case bad[i]:
			c.Judge(i, Bad)
		default:
			c.Judge(i, Good)
		}
		require.Contains(t, c.Suspects(), culprit)
	}
}

// The culprit is a suspect to the end, whatever cannot be judged; the others that
// are left are those that cannot, and the one that is known to be bad.
func TestCulpritStaysSuspect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parents := drawHistory(t)
		culprit := rapid.IntRange(0, len(parents)-1).Draw(t, "culprit")
		skip := rapid.SliceOfN(rapid.Bool(), len(parents), len(parents)).Draw(t, "skipped")
		skip[0] = false // the bad end was judged before
		c, _ := search(t, parents, culprit, func(i int) bool { return skip[i] })
		known := 0
		for _, i := range c.Suspects() {
			if !skip[i] {
				known++
			}
		}
		require.Equal(t, 1, known, "suspects %v", c.Suspects())
		require.Equal(t, c.Left(), len(c.Suspects()))
	})
}

// On a line the suspects are exactly those that no judgement can tell apart.
func TestSuspectsOfALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "commits")
		culprit := rapid.IntRange(0, n-1).Draw(t, "culprit")
		skip := rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "skipped")
		skip[0] = false
		c, _ := search(t, line(n), culprit, func(i int) bool { return skip[i] })
		first := culprit
		for skip[first] { // the oldest that can be seen to be bad
			first--
		}
		last := culprit + 1
		for last < n && skip[last] {
			last++
		}
		var want []int
		for i := first; i < last; i++ {
			want = append(want, i)
		}
		require.Equal(t, want, c.Suspects())
	})
}

// Without skipped commits the search halves.
func TestSearchHalves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 2000).Draw(t, "commits")
		culprit := rapid.IntRange(0, n-1).Draw(t, "culprit")
		c, asked := search(t, line(n), culprit, func(int) bool { return false })
		require.Equal(t, []int{culprit}, c.Suspects())
		require.LessOrEqual(t, asked, bits.Len(uint(n)))
	})
}

// A long run of commits that do not build around the middle costs few tries,
// unless the culprit hides among them.
func TestSearchLeavesARunOfSkippedCommits(t *testing.T) {
	for culprit := 0; culprit < 1000; culprit += 7 {
		if culprit >= 400 && culprit < 600 {
			continue
		}
		c, asked := search(t, line(1000), culprit, func(i int) bool { return i > 400 && i < 600 })
		assert.Equal(t, []int{culprit}, c.Suspects())
		assert.LessOrEqual(t, asked, 35, "culprit %d", culprit)
	}
}

func TestAwayIsAPlace(t *testing.T) {
	assert.Equal(t, []int{-1, 24, 75, 12, 87, 6}, []int{away(0, 100), away(1, 100), away(2, 100), away(3, 100), away(4, 100), away(5, 100)})
	for n := 1; n < 20; n++ {
		seen := map[int]bool{}
		for k := range 1000 {
			assert.Less(t, away(k, n), n)
			assert.GreaterOrEqual(t, away(k, n), -1)
			seen[away(k, n)] = true
		}
		assert.True(t, seen[-1] && seen[0] && seen[n-1], "the middle and both ends of %d", n)
	}
}

func TestHistoriesThatAreNone(t *testing.T) {
	_, err := NewCommits(nil)
	assert.ErrorContains(t, err, "without commits")
	_, err = NewCommits([][]int{{1}, {0}})
	assert.ErrorContains(t, err, "commit 1 of 2 has parent 0")
	_, err = NewCommits([][]int{{1}})
	assert.ErrorContains(t, err, "commit 0 of 1 has parent 1")
	assert.Equal(t, "skipped", Skipped.String())
	assert.Equal(t, "judgement 9", Judgement(9).String())
}
