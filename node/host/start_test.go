package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/host"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// folder gives the names in a server's folder that begin so.
func folder(t *testing.T, dir, prefix string) []string {
	entries, err := os.ReadDir(filepath.Join(dir, "version-2"))
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			names = append(names, e.Name())
		}
	}
	return names
}

// content is everything that lies in a folder.
func content(t *testing.T, dir string) map[string]string {
	all := map[string]string{}
	for _, name := range folder(t, dir, "") {
		b, err := os.ReadFile(filepath.Join(dir, "version-2", name))
		require.NoError(t, err)
		all[name] = string(b)
	}
	return all
}

// A log with a gap behind the snapshot is refused, and left as it is.
func TestGapInTheLogIsRefused(t *testing.T) {
	e, _ := newAlone(t, func(cfg *host.Config) { cfg.Node.SnapCount, cfg.Node.PreAllocSize = 10, 0 })
	c := e.dial(0)
	for i := range 100 {
		require.Equal(t, proto.OK, call(t, c, create(fmt.Sprintf("/a%d", i), "x")).Result.Err)
	}
	require.NoError(t, e.hosts[0].Stop())
	dir := e.config(0).DataDir
	logs := folder(t, dir, "log.")
	require.Greater(t, len(logs), 3)
	for _, name := range append(folder(t, dir, "snapshot."), logs[1]) {
		if name != "snapshot.0" {
			require.NoError(t, os.Remove(filepath.Join(dir, "version-2", name)))
		}
	}
	before := content(t, dir)
	_, err := host.Start(e.config(0))
	require.ErrorIs(t, err, store.ErrDamagedLog)
	assert.ErrorContains(t, err, "log.")
	assert.Equal(t, before, content(t, dir))
	e.hosts[0] = nil
}

func TestSnapshotsAndLogsArePurged(t *testing.T) {
	e, _ := newAlone(t, func(cfg *host.Config) {
		cfg.Node.SnapCount, cfg.Node.PreAllocSize = 10, 0
		cfg.PurgeInterval, cfg.PurgeRetain = 20*time.Millisecond, 1
	})
	c := e.dial(0)
	dir := e.config(0).DataDir
	for i := range 200 {
		require.Equal(t, proto.OK, call(t, c, create(fmt.Sprintf("/a%d", i), "x")).Result.Err)
	}
	eventually(t, "three snapshots are left", func() bool { return len(folder(t, dir, "snapshot.")) == 3 })
	require.NoError(t, e.hosts[0].Stop())
	snapshots, logs := folder(t, dir, "snapshot."), folder(t, dir, "log.")
	assert.Less(t, len(logs), 12)
	assert.NotContains(t, snapshots, "snapshot.0")
	e.start(0) // and what is left is whole
	e.leader()
	assert.Equal(t, "x", string(call(t, e.dial(0), get("/a199")).Result.Data))
}

// Logs and snapshots can lie apart, and a server that finds them exchanged says so.
func TestLogsApart(t *testing.T) {
	logs := t.TempDir()
	e, _ := newAlone(t, func(cfg *host.Config) { cfg.LogDir = logs })
	require.Equal(t, proto.OK, call(t, e.dial(0), create("/a", "x")).Result.Err)
	require.NoError(t, e.hosts[0].Stop())
	dir := e.config(0).DataDir
	assert.Empty(t, folder(t, dir, "log."))
	assert.Len(t, folder(t, logs, "log."), 1)
	assert.Empty(t, folder(t, logs, "snapshot."))
	cfg := e.config(0)
	cfg.DataDir, cfg.LogDir = logs, dir
	_, err := host.Start(cfg)
	require.ErrorContains(t, err, "does not belong into")
	e.start(0)
	e.leader()
	assert.Equal(t, "x", string(call(t, e.dial(0), get("/a")).Result.Data))
}

// A server that has ended has left nothing behind in the process.
func TestNothingIsLeftRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	e, _ := newAlone(t, nil)
	c := e.dial(0)
	dialRaw(t, e.clients[0])
	for range 100 {
		op := get("/")
		c.Queue(&op)
	}
	require.NoError(t, c.Flush())
	require.NoError(t, e.hosts[0].Stop())
	assert.False(t, e.hosts[0].Look(func(*node.Node) { t.Error("looked at a core that has ended") }))
	eventually(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

// A disk that fails ends the server with a code and a reason: here a snapshot
// cannot be made, because its folder is gone.
func TestDiskErrorEndsTheServer(t *testing.T) {
	e, _ := newAlone(t, func(cfg *host.Config) { cfg.Node.SnapCount = 10 })
	c := e.dial(0)
	require.Equal(t, proto.OK, call(t, c, create("/a", "x")).Result.Err)
	require.NoError(t, os.RemoveAll(filepath.Join(e.config(0).DataDir, "version-2")))
	for i := range 100 {
		if _, err := c.Call(create(fmt.Sprintf("/b%d", i), "x")); err != nil {
			break
		}
	}
	err := e.hosts[0].Wait()
	e.hosts[0] = nil
	var exit *host.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Contains(t, []int{1, 10}, exit.Code)
	assert.Contains(t, exit.Reason, "no such file")
}

// A log that lies elsewhere, behind a link, is read as the others are.
func TestLinkedLogsAreRead(t *testing.T) {
	e, _ := newAlone(t, nil)
	c := e.dial(0)
	require.Equal(t, proto.OK, call(t, c, create("/a", "x")).Result.Err)
	require.NoError(t, e.hosts[0].Stop())
	dir := filepath.Join(e.config(0).DataDir, "version-2")
	log := folder(t, e.config(0).DataDir, "log.")[0]
	away := filepath.Join(t.TempDir(), log)
	require.NoError(t, os.Rename(filepath.Join(dir, log), away))
	require.NoError(t, os.Symlink(away, filepath.Join(dir, log)))
	e.start(0)
	e.leader()
	require.Equal(t, "x", string(call(t, e.dial(0), proto.Op{Type: proto.OpGetData, Path: "/a"}).Result.Data))
}

// Where a log is missing at the end of an epoch no number tells of it, but the
// digests do: the files are blamed, and left as they are.
func TestMissingEndOfAnEpochIsRefused(t *testing.T) {
	e, _ := newAlone(t, func(cfg *host.Config) { cfg.Node.SnapCount, cfg.Node.PreAllocSize = 10, 0 })
	dir := e.config(0).DataDir
	c := e.dial(0)
	for i := range 40 {
		require.Equal(t, proto.OK, call(t, c, create(fmt.Sprintf("/a%d", i), "x")).Result.Err)
	}
	require.NoError(t, e.hosts[0].Stop())
	lost := folder(t, dir, "log.")
	e.start(0)
	e.leader()
	require.Equal(t, proto.OK, call(t, e.dial(0), create("/b", "x")).Result.Err)
	require.NoError(t, e.hosts[0].Stop())
	for _, name := range append(folder(t, dir, "snapshot."), lost[len(lost)-1]) {
		if name != "snapshot.0" {
			require.NoError(t, os.Remove(filepath.Join(dir, "version-2", name)))
		}
	}
	before := content(t, dir)
	_, err := host.Start(e.config(0))
	require.ErrorContains(t, err, "do not fit together: a file of them is missing or altered")
	assert.ErrorContains(t, err, dir)
	assert.Equal(t, before, content(t, dir))
	e.hosts[0] = nil
}

// A directory in the place of a file is refused by name, and nothing is changed;
// directories of other names are nobody's business.
func TestDirectoriesInThePlaceOfFilesAreRefused(t *testing.T) {
	e, _ := newAlone(t, func(*host.Config) {})
	require.Equal(t, proto.OK, call(t, e.dial(0), create("/a", "x")).Result.Err)
	require.NoError(t, e.hosts[0].Stop())
	e.hosts[0] = nil
	cfg := e.config(0)
	before := content(t, cfg.DataDir)
	for _, name := range []string{"log.7", "snapshot.7", "currentEpoch", "currentEpoch.tmp", "snapshot.7.tmp"} {
		dir := filepath.Join(cfg.DataDir, "version-2", name)
		was, err := os.ReadFile(dir)
		if err == nil {
			require.NoError(t, os.Remove(dir))
		}
		require.NoError(t, os.Mkdir(dir, 0o755))
		_, err = host.Start(cfg)
		require.ErrorContains(t, err, dir+" is a directory, but a server keeps a file of that name: move the directory away")
		require.NoError(t, os.Remove(dir))
		if was != nil {
			require.NoError(t, os.WriteFile(dir, was, 0o644))
		}
	}
	assert.Equal(t, before, content(t, cfg.DataDir))
	for _, name := range []string{"log.07", "log.7.old", "backup"} {
		require.NoError(t, os.Mkdir(filepath.Join(cfg.DataDir, "version-2", name), 0o755))
	}
	e.start(0)
	e.leader()
}
