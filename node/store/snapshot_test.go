package store_test

import (
	"hash/adler32"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/node/ztree"
)

// sealed appends a seal as protocol.md §8.2 describes it.
func sealed(b []byte) []byte {
	return append(proto.AppendLong(b, int64(adler32.Checksum(b))), 0, 0, 0, 1, '/')
}

// withEnd is a whole snapshot file with one of the ends that ZooKeeper writes.
func withEnd(tree *ztree.Tree, digest, lastZxid bool) []byte {
	b := []byte("ZKSN\x00\x00\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff")
	b, _ = tree.NewSnapshot().Append(b, 1<<30)
	b = sealed(b)
	if digest {
		b = proto.AppendLong(b, int64(tree.LastProcessed()))
		b = sealed(proto.AppendLong(proto.AppendInt(b, 2), tree.Digest()))
	}
	if lastZxid {
		b = sealed(proto.AppendLong(b, int64(tree.LastProcessed())))
	}
	return b
}

func TestSnapshotLayout(t *testing.T) {
	d := newDisk(t)
	s := newScribe(ztree.New())
	logged(t, d, s, 1, 20)
	snapshot(t, d, s.tree)
	assert.Equal(t, withEnd(s.tree, true, false), read(t, d, "snapshot.100000014"))
}

func TestSnapshotEnds(t *testing.T) {
	s := newScribe(ztree.New())
	logged(t, disksim.New(), s, 1, 20)
	for _, digest := range []bool{false, true} {
		for _, lastZxid := range []bool{false, true} {
			d := disksim.New()
			put(t, d, "snapshot.100000014", withEnd(s.tree, digest, lastZxid))
			r := mustRecover(t, d)
			assert.Equal(t, s.zxid, r.SnapshotZxid)
			checkPrefix(t, s, r)
		}
	}
	d := disksim.New()
	put(t, d, "snapshot.100000014", sealed(append(withEnd(s.tree, true, true), 1)))
	_, err := store.Recover(d, 0)
	require.ErrorIs(t, err, store.ErrDamagedSnapshot)
}

// While the pieces of a snapshot are written, transactions go on.
func TestFuzzySnapshotIsReplayed(t *testing.T) {
	d := newDisk(t)
	s := newScribe(ztree.New())
	logged(t, d, s, 1, 30)
	w, lw := store.NewSnapshotWriter(s.tree.LastProcessed()), store.NewLogWriter(0)
	ops := w.Begin(nil)
	sn := s.tree.NewSnapshot()
	for done := false; !done; {
		var b []byte
		b, done = sn.Append(nil, 60)
		do(t, d, w.Chunk(ops, b)...)
		ops = nil
		do(t, d, lw.Fsync(lw.Append(nil, []store.Record{s.write(1, len(s.txns))}))...)
		s.apply(s.zxid)
	}
	w.SetDigest(s.tree.LastProcessed(), s.tree.Digest())
	do(t, d, w.Finish(nil)...)
	r := mustRecover(t, d)
	assert.EqualValues(t, proto.MakeZxid(1, 30), r.SnapshotZxid)
	assert.Greater(t, r.LastLogged, r.SnapshotZxid+2)
	checkPrefix(t, s, r)

	t.Run("log lost", func(t *testing.T) {
		c := d.Clone()
		require.NoError(t, c.Remove("log.10000001f"))
		r := mustRecover(t, c)
		assert.Equal(t, s.zxid, r.InexactUntil)
		assert.Equal(t, r.SnapshotZxid, r.LastLogged)
	})
	t.Run("cut inside", func(t *testing.T) {
		r := do(t, d.Clone(), store.Op{Kind: store.OpCutLog, Off: int64(s.zxid - 1), Keep: keepAll})
		assert.Zero(t, r.SnapshotZxid, "the image holds an effect that was cut")
		assert.Equal(t, s.digests[s.zxid-1], r.Tree.Digest())
	})
	t.Run("wrong digest", func(t *testing.T) {
		c := d.Clone()
		require.NoError(t, c.Remove("snapshot.10000001e"))
		w := store.NewSnapshotWriter(s.tree.LastProcessed())
		body, _ := s.tree.NewSnapshot().Append(nil, 1<<30)
		w.SetDigest(s.zxid, s.tree.Digest()+1)
		do(t, c, w.Finish(w.Chunk(w.Begin(nil), body))...)
		r := mustRecover(t, c)
		assert.Equal(t, &store.DigestMismatch{Zxid: s.zxid, Want: s.tree.Digest() + 1, Got: s.tree.Digest()}, r.Mismatch)
	})
}

// A tree that differs from what a transaction foresaw is reported.
func TestForeseenDigestIsCompared(t *testing.T) {
	d, s := newDisk(t), newScribe(ztree.New())
	txns := []proto.Txn{}
	for i := range 3 {
		s.write(1, i)
		txns = append(txns, s.txns[i])
	}
	txns[1].Digest++
	w := store.NewLogWriter(0)
	for i := range txns {
		do(t, d, w.Fsync(w.Append(nil, []store.Record{store.NewRecord(&txns[i])}))...)
	}
	r := mustRecover(t, d)
	require.NotNil(t, r.Mismatch)
	assert.Equal(t, txns[1].Zxid, r.Mismatch.Zxid)
}

func TestEveryFlippedBitInASnapshotIsRefused(t *testing.T) {
	d := newDisk(t)
	s := newScribe(ztree.New())
	logged(t, d, s, 1, 6)
	name := store.SnapshotName(snapshot(t, d, s.tree))
	logged(t, d, s, 1, 2)
	whole := read(t, d, name)
	for at := range whole {
		bit := byte(1) << (at % 8)
		c := d.Clone()
		whole[at] ^= bit
		put(t, c, name, whole)
		whole[at] ^= bit
		r := mustRecover(t, c)
		require.Len(t, r.Refused, 1, "byte %d", at)
		require.ErrorIs(t, r.Refused[0], store.ErrDamagedSnapshot)
		require.ErrorContains(t, r.Refused[0], name+": offset ")
		require.Zero(t, r.SnapshotZxid)
		checkPrefix(t, s, r)
	}
	for n := range len(whole) {
		c := d.Clone()
		put(t, c, name, whole[:n])
		// A file that ends with the first seal is one of the valid forms.
		if r := mustRecover(t, c); n != len(whole)-33 {
			require.Len(t, r.Refused, 1, "length %d", n)
		}
	}
}

func TestSnapshotsThatAreMissed(t *testing.T) {
	s := newScribe(ztree.New())
	d := newDisk(t)
	logged(t, d, s, 1, 3)
	refuses := func(d store.FS, want error) {
		t.Helper()
		before := files(t, d)
		_, err := store.Recover(d, 0)
		require.ErrorIs(t, err, want)
		require.Equal(t, before, files(t, d))
	}
	c := d.Clone()
	require.NoError(t, c.Remove("snapshot.0"))
	refuses(c, store.ErrNoSnapshot)

	c = d.Clone()
	put(t, c, "snapshot.0", []byte("torn"))
	refuses(c, store.ErrNoSnapshot)
	refuses(c, store.ErrDamagedSnapshot)

	c = disksim.New()
	put(t, c, "currentEpoch", []byte("3"))
	refuses(c, store.ErrNoSnapshot)

	// The leader sent a snapshot, which was durable when it was acknowledged:
	// what is left without it is not the history that this server promised.
	c = d.Clone()
	put(t, c, "snapshot.200000000", []byte("torn"))
	refuses(c, store.ErrDamagedSnapshot)
}

func TestAbortedSnapshotLeavesNothing(t *testing.T) {
	d := newDisk(t)
	w := store.NewSnapshotWriter(5)
	do(t, d, w.Chunk(w.Begin(nil), []byte("x"))...)
	left := d.Clone()
	do(t, d, w.Abort(nil)...)
	assert.Equal(t, []string{"snapshot.0"}, names(t, d))
	put(t, left, "acceptedEpoch.tmp", []byte("1"))
	put(t, left, "snapshot.tmp", []byte("somebody else's"))
	mustRecover(t, left)
	assert.Equal(t, []string{"snapshot.0", "snapshot.tmp"}, names(t, left))
}

// After a snapshot from a leader, records of a history that was left may lie
// before it. They are not offered as part of this one.
func TestRecordsBeforeASnapshot(t *testing.T) {
	d := newDisk(t)
	s := newScribe(ztree.New())
	logged(t, d, s, 1, 9)
	snapshot(t, d, s.tree)
	r := mustRecover(t, d)
	assert.Equal(t, proto.MakeZxid(1, 1), r.Base)
	assert.Len(t, r.Log, 8)
	checkPrefix(t, s, r)
	r, err := store.Recover(d, 3)
	require.NoError(t, err)
	assert.Len(t, r.Log, 3)
	assert.Equal(t, proto.MakeZxid(1, 6), r.Base)

	s.tree.SetLastProcessed(proto.MakeZxid(2, 0))
	s.digests[proto.MakeZxid(2, 0)] = s.tree.Digest()
	snapshot(t, d, s.tree)
	r = mustRecover(t, d)
	assert.Empty(t, r.Log)
	assert.Equal(t, proto.MakeZxid(2, 0), r.Base)
	s.zxid = proto.MakeZxid(2, 0)
	logged(t, d, s, 2, 2)
	r = mustRecover(t, d)
	assert.Len(t, r.Log, 2)
	checkPrefix(t, s, r)
}
