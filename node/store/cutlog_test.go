package store_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/node/ztree"
	"github.com/zksim/zksim/sim/rng"
)

// busyDisk is a directory with three logs of two epochs and two snapshots.
func busyDisk(t testing.TB) (*disksim.Disk, *scribe) {
	d, s := newDisk(t), newScribe(ztree.New())
	logged(t, d, s, 1, 7)
	logged(t, d, s, 1, 5)
	snapshot(t, d, s.tree)
	logged(t, d, s, 3, 6)
	snapshot(t, d, s.tree)
	logged(t, d, s, 3, 3)
	put(t, d, "acceptedEpoch", []byte("3"))
	put(t, d, "currentEpoch", []byte("3"))
	return d, s
}

func TestCutLogAtEveryTransaction(t *testing.T) {
	d, s := busyDisk(t)
	zxids := []proto.Zxid{0, proto.MakeZxid(3, 0)}
	for _, rec := range s.records {
		zxids = append(zxids, rec.Zxid)
	}
	for _, z := range zxids {
		c := d.Clone()
		r := do(t, c, store.Op{Kind: store.OpCutLog, Off: int64(z), Keep: keepAll})
		want := z
		if z == proto.MakeZxid(3, 0) {
			want = proto.MakeZxid(1, 12) // where the epochs before 3 end
		}
		require.Equal(t, want, r.LastLogged)
		checkPrefix(t, s, r)
		assert.EqualValues(t, 3, r.CurrentEpoch)
		c.Crash(disksim.LoseUnsynced, nil)
		again := mustRecover(t, c)
		require.Equal(t, want, again.LastLogged)
		checkPrefix(t, s, again)
		require.Empty(t, again.Cut)

		// The history goes on in a new file.
		w, next := store.NewLogWriter(0), newScribe(again.Tree)
		do(t, c, w.Fsync(w.Append(nil, []store.Record{next.write(4, 1)}))...)
		put(t, c, "acceptedEpoch", []byte("4"))
		put(t, c, "currentEpoch", []byte("4"))
		require.Equal(t, proto.MakeZxid(4, 1), mustRecover(t, c).LastLogged)
	}
}

func TestCutLogRefuses(t *testing.T) {
	d, s := busyDisk(t)
	for _, z := range []proto.Zxid{s.zxid + 1, proto.MakeZxid(1, 13), proto.MakeZxid(2, 0), proto.MakeZxid(2, 1), proto.MakeZxid(4, 0)} {
		before := files(t, d)
		_, err := store.CutLog(d, z, 0)
		require.ErrorIs(t, err, store.ErrNoSuchRecord, "%v", z)
		require.Equal(t, before, files(t, d))
	}
	require.NoError(t, d.Remove("snapshot.0"))
	_, err := store.CutLog(d, proto.MakeZxid(1, 3), 0)
	require.ErrorIs(t, err, store.ErrNoSnapshot)
}

// What lies above the cut need not be readable.
func TestCutLogThroughDamage(t *testing.T) {
	d, s := busyDisk(t)
	z := proto.MakeZxid(3, 2)
	whole := read(t, d, "log.300000001")
	at := 16 + len(s.records[12].Bytes) + len(s.records[13].Bytes)
	whole[at+20] ^= 1
	put(t, d, "log.300000001", whole)
	require.NoError(t, d.Remove("snapshot.300000006"))
	_, err := store.Recover(d, 0)
	require.ErrorIs(t, err, store.ErrDamagedLog)
	r := do(t, d, store.Op{Kind: store.OpCutLog, Off: int64(z), Keep: keepAll})
	assert.Equal(t, z, r.LastLogged)
	checkPrefix(t, s, mustRecover(t, d))
}

func TestCutLogUpTo(t *testing.T) {
	d, s := busyDisk(t)
	for z, want := range map[proto.Zxid]proto.Zxid{
		proto.MakeZxid(2, 9): proto.MakeZxid(1, 12), proto.MakeZxid(3, 0): proto.MakeZxid(1, 12),
		proto.MakeZxid(3, 4): proto.MakeZxid(3, 4), proto.MakeZxid(9, 9): s.zxid,
	} {
		cut := func(fs store.FS) error {
			_, err := store.Do(fs, store.Op{Kind: store.OpCutLog, Off: int64(z), Loose: true})
			return err
		}
		everyStop(t, d, cut, func(c *disksim.Disk) {
			r := mustRecover(t, c)
			checkPrefix(t, s, r)
			require.GreaterOrEqual(t, r.LastLogged, want)
			require.NoError(t, cut(c))
			require.Equal(t, want, mustRecover(t, c).LastLogged)
		})
	}
}

// Damage below the target is no reason to lose what follows it.
func TestCutLogRefusesDamageBelow(t *testing.T) {
	d, s := newDisk(t), newScribe(ztree.New())
	logged(t, d, s, 1, 9)
	whole := read(t, d, "log.100000001")
	whole[16+len(s.records[0].Bytes)+20] ^= 1
	put(t, d, "log.100000001", whole)
	before := files(t, d)
	for _, z := range []proto.Zxid{s.zxid, proto.MakeZxid(2, 0)} {
		_, err := store.CutLogUpTo(d, z, 0)
		require.ErrorIs(t, err, store.ErrDamagedLog)
		_, err = store.CutLog(d, z, 0)
		require.ErrorIs(t, err, store.ErrDamagedLog)
		require.Equal(t, before, files(t, d))
	}
}

// An installed snapshot that lies before the end of the log is where the
// history must end.
func TestCutLogAtAnInstalledSnapshot(t *testing.T) {
	d, s := busyDisk(t)
	other := newScribe(ztree.New())
	for i := range 3 {
		other.write(2, i)
	}
	other.apply(other.zxid)
	snapshot(t, d, other.tree)
	r := do(t, d, store.Op{Kind: store.OpCutLog, Off: int64(other.zxid), Keep: keepAll})
	assert.Equal(t, other.zxid, r.LastLogged)
	assert.Equal(t, other.tree.Digest(), r.Tree.Digest())
	assert.Empty(t, r.Log, "the log before it belongs to another history")
	r = mustRecover(t, d)
	assert.Equal(t, other.zxid, r.LastLogged)
	assert.Greater(t, other.zxid, s.records[11].Zxid)
}

var errStopped = errors.New("stopped")

// stopping fails every change after the first left ones.
type stopping struct {
	*disksim.Disk
	left int
}

func (d *stopping) allow(change func() error) error {
	if d.left == 0 {
		return errStopped
	}
	d.left--
	return change()
}

func (d *stopping) Create(n string) error { return d.allow(func() error { return d.Disk.Create(n) }) }
func (d *stopping) Remove(n string) error { return d.allow(func() error { return d.Disk.Remove(n) }) }
func (d *stopping) Sync(n string) error   { return d.allow(func() error { return d.Disk.Sync(n) }) }
func (d *stopping) SyncDir() error        { return d.allow(d.Disk.SyncDir) }
func (d *stopping) Rename(from, to string) error {
	return d.allow(func() error { return d.Disk.Rename(from, to) })
}
func (d *stopping) Truncate(n string, size int64) error {
	return d.allow(func() error { return d.Disk.Truncate(n, size) })
}
func (d *stopping) WriteAt(n string, off int64, p []byte) error {
	return d.allow(func() error { return d.Disk.WriteAt(n, off, p) })
}

// everyStop runs action on clones of d, stopped after each number of changes,
// then lets the power fail in several ways and calls after. It returns the
// number of changes of a whole run.
func everyStop(t *testing.T, d *disksim.Disk, action func(store.FS) error, after func(*disksim.Disk)) int {
	draw := rng.New(1).Stream(rng.Key{Purpose: rng.PurposeCrash})
	for n := 0; ; n++ {
		stop := &stopping{d.Clone(), n}
		err := action(stop)
		for _, power := range []disksim.Power{disksim.LoseUnsynced, disksim.KeepAll, disksim.Subset, disksim.Subset, disksim.Subset} {
			c := stop.Disk.Clone()
			c.Crash(power, &draw)
			after(c)
		}
		if err == nil {
			return n
		}
		require.ErrorIs(t, err, errStopped)
	}
}

func TestCutLogIsSafeAtEveryStep(t *testing.T) {
	d, s := busyDisk(t)
	for _, z := range []proto.Zxid{0, proto.MakeZxid(1, 3), proto.MakeZxid(1, 12), proto.MakeZxid(3, 5), proto.MakeZxid(3, 7)} {
		cut := func(fs store.FS) error { _, err := store.CutLog(fs, z, 0); return err }
		steps := everyStop(t, d, cut, func(c *disksim.Disk) {
			r := mustRecover(t, c)
			checkPrefix(t, s, r)
			require.GreaterOrEqual(t, r.LastLogged, z)
			require.NoError(t, cut(c))
			r = mustRecover(t, c)
			require.Equal(t, z, r.LastLogged)
			checkPrefix(t, s, r)
		})
		assert.GreaterOrEqual(t, steps, 3, "%v", z)
	}
}

func TestRecoverIsSafeAtEveryStep(t *testing.T) {
	torn, s := busyDisk(t)
	tail := read(t, torn, "log.300000007")
	put(t, torn, "log.300000007", tail[:len(s.records[18].Bytes)+30])
	put(t, torn, "log.400000001", []byte("ZKLG"))
	put(t, torn, "snapshot.3.tmp", []byte("x"))
	put(t, torn, "currentEpoch", []byte("2"))
	put(t, torn, "currentEpoch.tmp", []byte("3"))
	recover := func(fs store.FS) error { _, err := store.Recover(fs, 0); return err }
	want := []string{"acceptedEpoch", "currentEpoch", "log.100000001", "log.100000008", "log.300000001", "log.300000007",
		"snapshot.0", "snapshot.10000000c", "snapshot.300000006"}
	steps := everyStop(t, torn, recover, func(c *disksim.Disk) {
		r := mustRecover(t, c)
		require.Equal(t, proto.MakeZxid(3, 7), r.LastLogged)
		require.EqualValues(t, 3, r.CurrentEpoch)
		checkPrefix(t, s, r)
		require.Equal(t, want, names(t, c))
	})
	assert.Greater(t, steps, 8)

	everyStop(t, disksim.New(), recover, func(c *disksim.Disk) {
		require.Zero(t, mustRecover(t, c).LastLogged)
		require.Equal(t, []string{"snapshot.0"}, names(t, c))
	})
}
