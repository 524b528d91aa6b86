package repro

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// The shell is asked what it reads.
func TestQuoteIsReadBackByTheShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell here")
	}
	for _, word := range []string{"plain", "at 10s kill leader", "it's", "", "$HOME `date` \\ \"x\"", "a*b?c[d]", "~", "#x", "a\nb"} {
		out, err := exec.Command(sh, "-c", "printf %s "+Quote(word)).Output()
		require.NoError(t, err)
		assert.Equal(t, word, string(out))
	}
	assert.Equal(t, "zk1,zk2", Quote("zk1,zk2"), "safe words stay bare")
}

func TestQuotePathIsNoFlag(t *testing.T) {
	for path, want := range map[string]string{"-x/a.simrun": "./-x/a.simrun", "--force": "./--force", "-": "-", "a-b": "a-b", "-a b": "'./-a b'", "/-x": "/-x"} {
		assert.Equal(t, want, QuotePath(path))
	}
}

func TestLineLeavesDefaultsOut(t *testing.T) {
	st, err := fault.Parse("at 10s kill leader")
	require.NoError(t, err)
	assert.Equal(t, "zksim run --seed 0x0000000000000007", Line(engine.Config{Seed: 7}))
	assert.Equal(t, "zksim run --seed 0x0000000000000007", Line(engine.Config{Seed: 7, Servers: 5, Clients: 10, For: time.Minute, Profile: "lan"}))
	assert.Equal(t, "zksim run --seed 0x0000000000000007 --servers 3 --clients 2 --for 30s --profile wan-3dc --fault 'at 10s kill leader' --bug sync-without-quorum",
		Line(engine.Config{Seed: 7, Servers: 3, Clients: 2, For: 30 * time.Second, Profile: "wan-3dc",
			Faults: []fault.Statement{st}, Bugs: node.Bugs{SyncWithoutQuorum: true}}))
}

func TestLineOfARunWithoutClients(t *testing.T) {
	assert.Equal(t, "zksim run --seed 0x0000000000000007 --clients 0", Line(engine.Config{Seed: 7, Clients: engine.NoClients}))
}

func TestParseSeeds(t *testing.T) {
	seeds, err := ParseSeeds("1,0x10,5-7")
	require.NoError(t, err)
	assert.Equal(t, []uint64{1, 16, 5, 6, 7}, seeds)
	seeds, err = ParseSeeds("0xfffffffffffffffe-0xffffffffffffffff")
	require.NoError(t, err)
	assert.Len(t, seeds, 2, "the last seed of all ends a range too")
	for _, bad := range []string{"", "1,", "x", "7-5", "1-x", "-3", "0-0xffffffffffffffff", "0x10000000000000000", "1-10000001"} {
		_, err := ParseSeeds(bad)
		assert.Error(t, err, bad)
	}
}
