package main

import (
	"os/exec"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSpanText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Minute:             "1m",
		10 * time.Minute:        "10m",
		time.Hour:               "1h",
		90 * time.Second:        "1m30s",
		time.Hour + time.Second: "1h0m1s",
		30 * time.Second:        "30s",
		1500 * time.Millisecond: "1.5s",
		100 * time.Hour:         "100h",
		0:                       "0s",
	} {
		assert.Equal(t, want, spanText(d))
		back, err := time.ParseDuration(spanText(d))
		assert.NoError(t, err)
		assert.Equal(t, d, back)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 123456: "123,456"} {
		assert.Equal(t, want, number(n))
	}
}

func TestClockText(t *testing.T) {
	assert.Equal(t, "00:39.204", clockText(39204*time.Millisecond))
	assert.Equal(t, "61:02.000", clockText(time.Hour+62*time.Second))
}

// The shell is asked what it reads.
func TestQuoteIsReadBackByTheShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell here")
	}
	for _, word := range []string{"plain", "at 10s kill leader", "it's", "", "$HOME `date` \\ \"x\"", "a*b?c[d]", "~", "#x", "a\nb"} {
		out, err := exec.Command(sh, "-c", "printf %s "+quote(word)).Output()
		require.NoError(t, err)
		assert.Equal(t, word, string(out))
	}
	assert.Equal(t, "zk1,zk2", quote("zk1,zk2"), "safe words stay bare")
}

func TestBuildIsNamedByVersionOrCommit(t *testing.T) {
	b := build{Version: "devel"}.stamped([]debug.BuildSetting{{Key: "vcs.revision", Value: "a1b2c3d4e5f6"}, {Key: "vcs.modified", Value: "true"}})
	assert.Equal(t, "a1b2c3d4e5f6+dirty", b.Commit)
	assert.Equal(t, "zksim devel a1b2c3d", b.String())
	b.Version = "v0.4.0"
	assert.Equal(t, "zksim v0.4.0", b.String())
}
