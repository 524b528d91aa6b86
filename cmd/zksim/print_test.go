package main

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/zksim/zksim/sim/report"
)

func TestBuildIsNamedByVersionOrCommit(t *testing.T) {
	b := stamped(report.Build{Version: "devel"}, []debug.BuildSetting{{Key: "vcs.revision", Value: "a1b2c3d4e5f6"}, {Key: "vcs.modified", Value: "true"}})
	assert.Equal(t, "a1b2c3d4e5f6+dirty", b.Commit)
	assert.Equal(t, "zksim devel a1b2c3d", b.String())
	b.Version = "v0.4.0"
	assert.Equal(t, "zksim v0.4.0", b.String())
}
