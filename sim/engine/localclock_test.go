package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestClocksThatGoRight(t *testing.T) {
	var c localClock
	assert.Equal(t, 5*time.Second, c.now(5*time.Second))
	assert.Equal(t, 7*time.Second, c.when(7*time.Second))
	assert.Equal(t, int64(wallStart+5000), c.wall(5*time.Second))
}

func TestDriftMovesBothClocksAndOffsetOne(t *testing.T) {
	var c localClock
	c.turn(10*time.Second, 100_000)
	assert.Equal(t, 21*time.Second, c.now(20*time.Second))
	assert.Equal(t, int64(wallStart+21_000), c.wall(20*time.Second))
	c.offset = -time.Minute
	assert.Equal(t, 21*time.Second, c.now(20*time.Second))
	assert.Equal(t, int64(wallStart+21_000-60_000), c.wall(20*time.Second))
	c.turn(20*time.Second, 0)
	assert.Equal(t, 31*time.Second, c.now(30*time.Second), "the monotonic clock does not jump")
	c.offset = 0
	assert.Equal(t, int64(wallStart+30_000), c.wall(30*time.Second), "the wall clock is set right")
}

func TestAClockThatStandsNearlyStill(t *testing.T) {
	var c localClock
	c.turn(0, -million)
	assert.Equal(t, time.Microsecond, c.now(time.Second))
	assert.Equal(t, time.Second, c.when(time.Microsecond))
}

// The monotonic clock never goes back, and when gives the first instant at which
// it shows a time.
func TestLocalClockProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c localClock
		at := time.Duration(0)
		for range rapid.IntRange(0, 5).Draw(t, "turns") {
			at += time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "span"))
			before := c.now(at)
			c.turn(at, rapid.Int64Range(-million, million).Draw(t, "drift"))
			require.Equal(t, before, c.now(at))
		}
		local := c.now(at) + time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "delay"))
		when := c.when(local)
		require.GreaterOrEqual(t, when, at)
		require.GreaterOrEqual(t, c.now(when), local)
		if when > at {
			require.Less(t, c.now(when-1), local)
		}
	})
}
