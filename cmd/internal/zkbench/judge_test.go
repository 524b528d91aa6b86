package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	assert.Zero(t, median(nil))
	assert.InDelta(t, 3, median([]float64{3}), 0)
	assert.InDelta(t, 2.5, median([]float64{4, 1, 3, 2}), 0)
	assert.InDelta(t, 2, median([]float64{9, 1, 2}), 0)
}

// Each of the three bounds is able to fail by itself.
func TestReached(t *testing.T) {
	theirs := figures{perSecond: 1000, p99: 10, processor: 100}
	assert.True(t, reached(figures{1000, 11, 60}, theirs))
	assert.False(t, reached(figures{999, 11, 60}, theirs), "throughput")
	assert.False(t, reached(figures{1000, 11.1, 60}, theirs), "p99")
	assert.False(t, reached(figures{1000, 11, 60.1}, theirs), "processor time")
}

func TestWordsOfTheCommandLine(t *testing.T) {
	_, err := parse([]string{"--server", "a"})
	require.ErrorContains(t, err, "--load")
	_, err = parse([]string{"--server", "a", "--load", "b", "--only", "throughput,tre"})
	require.ErrorContains(t, err, `"tre"`)
	_, err = parse([]string{"--server", "a", "--load", "b", "--ops", "delete"})
	require.ErrorContains(t, err, `"delete"`)
	_, err = parse([]string{"--server", "a", "--load", "b", "--tree-of", "zk"})
	require.ErrorContains(t, err, `"zk"`)
	o, err := parse([]string{"--server", "a", "--load", "b", "--ops", "get,set", "--dir", filepath.Join(t.TempDir(), "new")})
	require.NoError(t, err)
	assert.Len(t, o.workloads(), 6)
}
