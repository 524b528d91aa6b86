package node_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
)

func TestEachPlantedBugIsItsOwn(t *testing.T) {
	seen := map[node.Bugs]bool{{}: true}
	for _, bug := range node.PlantedBugs() {
		var b node.Bugs
		require.NoError(t, node.ParseBug(bug.Slug, &b))
		assert.False(t, seen[b], bug.Slug)
		seen[b] = true
		assert.Equal(t, []string{bug.Slug}, b.Slugs())
		assert.Equal(t, bug.Slug, b.String())
		assert.NotEmpty(t, bug.Summary)
	}
}

func TestABareSlugMeansTheFirstLevel(t *testing.T) {
	var b node.Bugs
	require.NoError(t, node.ParseBug("ack-newleader-before-fsync", &b))
	assert.Equal(t, node.BugLevelA, b.AckNewLeaderBeforeFsync)
	require.NoError(t, node.ParseBug("diff-without-trunc", &b))
	assert.Equal(t, "ack-newleader-before-fsync/a,diff-without-trunc", b.String())
}

func TestNoBug(t *testing.T) {
	var b node.Bugs
	for _, slug := range []string{"", "/a", "no-such-bug", "epoch-before-log/b", "diff-without-trunc/a"} {
		assert.ErrorContains(t, node.ParseBug(slug, &b), "epoch-before-log", slug)
	}
	assert.Equal(t, node.Bugs{}, b)
	assert.Empty(t, b.String())
	assert.NotNil(t, b.Slugs())
}
