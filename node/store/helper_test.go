package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/node/ztree"
)

// scribe makes transactions as a leader does and remembers the tree's digest
// after each.
type scribe struct {
	tree    *ztree.Tree
	out     *ztree.Outstanding
	zxid    proto.Zxid // of the last transaction made
	txns    []proto.Txn
	records []store.Record
	digests map[proto.Zxid]int64
}

func newScribe(tree *ztree.Tree) *scribe {
	z := tree.LastProcessed()
	return &scribe{tree: tree, out: ztree.NewOutstanding(tree), zxid: z, digests: map[proto.Zxid]int64{z: tree.Digest()}}
}

// write makes the next transaction of an epoch; n chooses which.
func (s *scribe) write(e proto.Epoch, n int) store.Record {
	if s.zxid.Epoch() == e {
		s.zxid = s.zxid.Next()
	} else {
		s.zxid = proto.MakeZxid(e, 1)
	}
	h := proto.TxnHeader{Session: 7, Cxid: int32(n), Zxid: s.zxid, Time: 1000 + int64(n)}
	op := chooseOp(n)
	h.Type = op.Type
	txn := s.out.Prepare(h, &op, nil, proto.OK)
	rec := store.NewRecord(&txn)
	s.txns = append(s.txns, txn)
	s.records = append(s.records, rec)
	s.digests[s.zxid] = txn.Digest
	return rec
}

// apply applies everything made up to z.
func (s *scribe) apply(z proto.Zxid) {
	for i := range s.txns {
		if t := &s.txns[i]; t.Zxid <= z && t.Zxid > s.tree.LastProcessed() {
			s.tree.Apply(t, nil, nil)
			s.out.Applied(t.Zxid)
		}
	}
}

// chooseOp gives operations that often meet on the same few nodes.
func chooseOp(n int) proto.Op {
	path := fmt.Sprintf("/n%d", n%5)
	data := []byte(fmt.Sprintf("data %d", n))
	create := proto.Op{Type: proto.OpCreate, Path: path, Data: data, ACL: proto.OpenACL()}
	set := proto.Op{Type: proto.OpSetData, Path: path, Data: data, Version: -1}
	switch n % 7 {
	case 0, 3:
		return create
	case 1:
		return proto.Op{Type: proto.OpCreateSession, Timeout: 4000}
	case 2:
		return proto.Op{Type: proto.OpDelete, Path: path, Version: -1}
	case 4:
		return proto.Op{Type: proto.OpMulti, Ops: []proto.Op{create, set}}
	case 5:
		create.Path += "/seq-"
		create.Flags = 2
		return create
	}
	return set
}

// do carries out ops and returns the result of the last.
func do(t require.TestingT, fs store.FS, ops ...store.Op) *store.Recovered {
	var r *store.Recovered
	for _, op := range ops {
		var err error
		r, err = store.Do(fs, op)
		require.NoError(t, err, "%v %s", op.Kind, op.Name)
	}
	return r
}

// keepAll asks for every record.
const keepAll = 1 << 20

func mustRecover(t require.TestingT, fs store.FS) *store.Recovered {
	r, err := store.Recover(fs, keepAll)
	require.NoError(t, err)
	return r
}

// newDisk returns a disk with an empty database.
func newDisk(t testing.TB) *disksim.Disk {
	d := disksim.New()
	mustRecover(t, d)
	return d
}

// logged appends n transactions of epoch e, durable, in one file, in batches.
func logged(t testing.TB, d store.FS, s *scribe, e proto.Epoch, n int) {
	w := store.NewLogWriter(4 << 10)
	for i := 0; i < n; {
		var batch []store.Record
		for range min(1+i%3, n-i) {
			batch = append(batch, s.write(e, len(s.txns)))
			i++
		}
		do(t, d, w.Fsync(w.Append(nil, batch))...)
	}
	s.apply(s.zxid)
}

// snapshot writes the scribe's tree.
func snapshot(t testing.TB, d store.FS, tree *ztree.Tree) proto.Zxid {
	z := tree.LastProcessed()
	w := store.NewSnapshotWriter(z)
	ops := w.Begin(nil)
	sn := tree.NewSnapshot()
	for done := false; !done; {
		var b []byte
		b, done = sn.Append(nil, 100)
		ops = w.Chunk(ops, b)
	}
	w.SetDigest(tree.LastProcessed(), tree.Digest())
	do(t, d, w.Finish(ops)...)
	return z
}

// files returns every file's content.
func files(t require.TestingT, fs store.FS) map[string]string {
	names, err := fs.List()
	require.NoError(t, err)
	all := map[string]string{}
	for _, name := range names {
		b, err := fs.ReadFile(name)
		require.NoError(t, err)
		all[name] = string(b)
	}
	return all
}

// put replaces a file's content, durably.
func put(t require.TestingT, fs store.FS, name string, content []byte) {
	require.NoError(t, fs.Create(name))
	require.NoError(t, fs.WriteAt(name, 0, content))
	require.NoError(t, fs.Sync(name))
	require.NoError(t, fs.SyncDir())
}

func read(t require.TestingT, fs store.FS, name string) []byte {
	b, err := fs.ReadFile(name)
	require.NoError(t, err)
	return append([]byte{}, b...)
}

// checkPrefix checks that what was recovered is the history of s up to some
// point, with the tree that belongs there.
func checkPrefix(t require.TestingT, s *scribe, r *store.Recovered) {
	want, known := s.digests[r.LastLogged]
	require.True(t, known, "recovered %v, which was never logged", r.LastLogged)
	require.Equal(t, r.LastLogged, r.Tree.LastProcessed())
	require.Nil(t, r.Mismatch)
	require.Zero(t, r.InexactUntil)
	require.Equal(t, want, r.Tree.Digest(), "tree at %v", r.LastLogged)
	last := r.Base
	for _, rec := range r.Log {
		require.True(t, rec.Zxid.Follows(last), "%v after %v", rec.Zxid, last)
		txn, err := proto.DecodeTxn(rec.Payload())
		require.NoError(t, err)
		require.Equal(t, s.digests[rec.Zxid], txn.Digest)
		last = rec.Zxid
	}
	require.Equal(t, r.LastLogged, last)
}
