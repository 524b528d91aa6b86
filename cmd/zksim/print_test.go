package main

import (
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestNumber(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 123456: "123,456"} {
		assert.Equal(t, want, number(n))
	}
}

func TestClockText(t *testing.T) {
	assert.Equal(t, "00:39.204", clockText(39204*time.Millisecond))
	assert.Equal(t, "61:02.000", clockText(time.Hour+62*time.Second))
}

func TestBuildIsNamedByVersionOrCommit(t *testing.T) {
	b := build{Version: "devel"}.stamped([]debug.BuildSetting{{Key: "vcs.revision", Value: "a1b2c3d4e5f6"}, {Key: "vcs.modified", Value: "true"}})
	assert.Equal(t, "a1b2c3d4e5f6+dirty", b.Commit)
	assert.Equal(t, "zksim devel a1b2c3d", b.String())
	b.Version = "v0.4.0"
	assert.Equal(t, "zksim v0.4.0", b.String())
}
