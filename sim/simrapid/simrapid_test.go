package simrapid_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim"
	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/simrapid"
)

// drawFew lowers how many schedules are drawn, unless the command line says how many.
func drawFew(t *testing.T) {
	f := flag.Lookup("rapid.checks")
	if was := f.Value.String(); was == f.DefValue {
		require.NoError(t, f.Value.Set("15"))
		t.Cleanup(func() { require.NoError(t, f.Value.Set(was)) })
	}
}

// Whatever befalls a small ensemble, one client reads what it has written.
func TestReadYourWrites(t *testing.T) {
	drawFew(t)
	simrapid.Check(t, func(c *sim.Cluster) {
		c.For(10 * time.Second)
		c.Client("a", func(conn client.API) {
			conn.Create("/x", nil, 0, zk.WorldACL(zk.PermAll))
			for n := byte(0); ; n++ {
				if stat, err := conn.Set("/x", []byte{n}, -1); err == nil {
					data, now, err := conn.Get("/x")
					if err == nil && (now.Version != stat.Version || len(data) != 1 || data[0] != n) {
						c.Errorf("wrote %d as version %d, read %v of version %d", n, stat.Version, data, now.Version)
					}
				}
				client.Sleep(conn, 300*time.Millisecond)
			}
		})
	})
}

// spoilt is code that works as long as no connection is ever lost, which it takes
// for granted.
func spoilt(c *sim.Cluster) {
	c.For(12 * time.Second)
	broken := false
	c.Client("a", func(conn client.API) {
		client.OnSession(conn, func(e zk.Event) { broken = broken || e.State == zk.StateDisconnected })
		client.Sleep(conn, time.Hour)
	})
	c.Always(sim.That("NeverAlone", func() error {
		if broken {
			return errors.New("the connection was lost")
		}
		return nil
	}))
}

// planted says that TestPlanted is to run, in a process of its own.
const planted = "ZKSIM_PLANTED"

func TestPlanted(t *testing.T) {
	if os.Getenv(planted) == "" {
		t.Skip("it fails, and is run by TestRapidFindsAndShrinks")
	}
	simrapid.Check(t, spoilt)
}

// FuzzPlanted runs what the fuzzer has kept of a planted bug.
func FuzzPlanted(f *testing.F) {
	if os.Getenv(planted) == "" {
		f.Skip("it fails, and is run by TestBytesFind")
	}
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 1, 22, 64, 0, 1}) // what a fuzzer would come to
	sim.Fuzz(f, spoilt)
}

// elsewhere runs a test of this package in a process and a directory of its own.
func elsewhere(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), planted+"=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err, "%s", out)
	return string(out)
}

// A planted bug is found, and rapid makes its schedule small.
func TestRapidFindsAndShrinks(t *testing.T) {
	out := elsewhere(t, "-test.run=^TestPlanted$", "-rapid.seed=1", "-rapid.checks=100", "-rapid.nofailfile", "-rapid.shrinktime=1s")
	assert.Contains(t, out, "VIOLATED NeverAlone at ")
	assert.Contains(t, out, "the connection was lost")
	assert.Contains(t, out, "[rapid] draw schedule: ")
	assert.Regexp(t, `\[rapid\] draw schedule: \[\]fault\.Statement\{"[^"]+"\}\n`, out, "one statement is left, in words")
	assert.Regexp(t, `saved  testdata/sim/TestPlanted/[0-9a-f]{12}\.simrun`, out)
}

func TestPlantedWait(t *testing.T) {
	if os.Getenv(planted) == "" {
		t.Skip("it fails, and is run by TestCodeThatIsLostIsNoSchedule")
	}
	simrapid.Check(t, func(c *sim.Cluster) {
		c.Client("a", func(client.API) { <-make(chan int) })
	})
}

// Code that waits outside of the simulation fails the test: it is not passed over
// as a schedule that cannot be run.
func TestCodeThatIsLostIsNoSchedule(t *testing.T) {
	out := elsewhere(t, "-test.run=^TestPlantedWait$", "-rapid.checks=3", "-rapid.nofailfile")
	assert.Regexp(t, `seed 0x[0-9a-f]{16}: the code of client a waits outside of the simulation \(chan receive\)`, out)
	assert.NotContains(t, out, "[rapid]")
}

// The same property under a fuzzer: bytes that are kept run with every go test.
func TestBytesFind(t *testing.T) {
	out := elsewhere(t, "-test.run=^FuzzPlanted$")
	assert.Contains(t, out, "VIOLATED NeverAlone at ")
	assert.Regexp(t, `fault  at \S+ (for \S+ )?client c1 (expire|cut)`, out)
}
