package ensemble

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUsageOfThisProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	before, err := processorTime(os.Getpid())
	require.NoError(t, err)
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		if now, err := processorTime(os.Getpid()); err != nil || now > before {
			require.NoError(t, err)
			break
		}
	}
	after, err := processorTime(os.Getpid())
	require.NoError(t, err)
	assert.Greater(t, after, before)
}

func TestStatusLine(t *testing.T) {
	status := []byte("Name:\tx VmRSS: 1\nVmHWM:\t  900 kB\nVmRSS:\t  800 kB\n")
	n, err := statusLine(status, "VmRSS:")
	require.NoError(t, err)
	assert.EqualValues(t, 800, n)
	_, err = statusLine(status, "VmSwap:")
	require.ErrorContains(t, err, "VmSwap:")
}
