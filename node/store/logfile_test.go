package store_test

import (
	"bytes"
	"encoding/binary"
	"hash/adler32"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/node/ztree"
)

// The layout is written out here a second time, from protocol.md §8.1.
func TestLogLayout(t *testing.T) {
	txn := proto.Txn{TxnHeader: proto.TxnHeader{Session: 1, Cxid: 2, Zxid: proto.MakeZxid(1, 1), Time: 3, Type: proto.OpDelete}, Path: "/a"}
	payload := proto.AppendTxn(nil, &txn)
	want := []byte("ZKLG\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00")
	want = binary.BigEndian.AppendUint64(want, uint64(adler32.Checksum(payload)))
	want = binary.BigEndian.AppendUint32(want, uint32(len(payload)))
	want = append(append(want, payload...), 0x42)

	d, w := disksim.New(), store.NewLogWriter(0)
	do(t, d, w.Fsync(w.Append(nil, []store.Record{store.NewRecord(&txn)}))...)
	assert.Equal(t, want, read(t, d, "log.100000001"))

	framed := store.RecordFromPayload(payload)
	assert.Equal(t, store.NewRecord(&txn), framed)
	assert.Equal(t, payload, framed.Payload())
	assert.Equal(t, append([]byte("x"), framed.Bytes...), store.AppendRecord([]byte("x"), &txn))
}

func TestLogWriterPlansOneWriteForABatch(t *testing.T) {
	s, w := newScribe(ztree.New()), store.NewLogWriter(64<<10)
	ops := w.Fsync(w.Append(nil, []store.Record{s.write(1, 0), s.write(1, 1)}))
	assert.Equal(t, []store.OpKind{store.OpCreate, store.OpTruncate, store.OpWrite, store.OpFsync, store.OpSyncDir}, kinds(ops))
	assert.EqualValues(t, 64<<10, ops[1].Off)
	ops = w.Fsync(w.Append(nil, []store.Record{s.write(1, 2)}))
	assert.Equal(t, []store.OpKind{store.OpWrite, store.OpFsync}, kinds(ops))
	assert.Same(t, &s.records[2].Bytes[0], &ops[0].Data[0], "one record is not copied")
	assert.Empty(t, w.Fsync(w.Append(nil, nil)))
	w.Roll()
	ops = w.Append(nil, []store.Record{s.write(2, 3)})
	assert.Equal(t, "log.200000001", ops[0].Name)
}

func TestLogWriterPreallocatesBeforeTheEndIsNear(t *testing.T) {
	d, s, w := newDisk(t), newScribe(ztree.New()), store.NewLogWriter(8<<10)
	for range 200 {
		do(t, d, w.Fsync(w.Append(nil, []store.Record{s.write(1, len(s.txns))}))...)
		size := len(read(t, d, "log.100000001"))
		require.Zero(t, size%(8<<10))
	}
	checkPrefix(t, s, mustRecover(t, d))
}

func TestLogWriterInsists(t *testing.T) {
	s := newScribe(ztree.New())
	a, b, c := s.write(1, 0), s.write(1, 1), s.write(1, 2)
	violates := func(p proto.Property, f func()) {
		t.Helper()
		defer func() {
			v, ok := recover().(*proto.Violation)
			require.True(t, ok)
			assert.Equal(t, p, v.Property)
		}()
		f()
	}
	w := store.NewLogWriter(0)
	w.Append(nil, []store.Record{a})
	violates(proto.Durability, func() { w.Append(nil, []store.Record{b}) })
	violates(proto.LogShape, w.Roll)
	w.Fsync(nil)
	violates(proto.LogShape, func() { w.Append(nil, []store.Record{c}) })
}

func TestEveryTruncatedPrefixRecovers(t *testing.T) {
	d := newDisk(t)
	s := newScribe(ztree.New())
	logged(t, d, s, 1, 12)
	whole := read(t, d, "log.100000001")
	last := proto.Zxid(-1)
	for n := range len(whole) {
		c := d.Clone()
		put(t, c, "log.100000001", whole[:n])
		r := mustRecover(t, c)
		checkPrefix(t, s, r)
		require.GreaterOrEqual(t, r.LastLogged, last)
		last = r.LastLogged
		again := mustRecover(t, c)
		require.Empty(t, again.Cut, "a cut is made once")
		require.Equal(t, r.LastLogged, again.LastLogged)
	}
	assert.Equal(t, s.zxid, last)
}

func TestEveryFlippedBitInALogIsFound(t *testing.T) {
	d := newDisk(t)
	s := newScribe(ztree.New())
	logged(t, d, s, 1, 5)
	whole := bytes.TrimRight(read(t, d, "log.100000001"), "\x00")
	lastAt := len(whole) - len(s.records[4].Bytes)
	for at := range whole {
		for bit := range 8 {
			c := d.Clone()
			whole[at] ^= 1 << bit
			put(t, c, "log.100000001", whole)
			before := files(t, c)
			r, err := store.Recover(c, keepAll)
			whole[at] ^= 1 << bit
			if at < lastAt {
				require.ErrorIs(t, err, store.ErrDamagedLog, "byte %d bit %d", at, bit)
				require.ErrorContains(t, err, "log.100000001: offset ")
				require.Equal(t, before, files(t, c), "a refusal writes nothing")
				continue
			}
			require.NoError(t, err)
			require.Len(t, r.Cut, 1)
			require.EqualValues(t, lastAt, r.Cut[0].Offset)
			require.Equal(t, s.records[3].Zxid, r.LastLogged)
		}
	}
}

// A flaw in one file with records in the next is damage; with nothing valid in
// the next it is a torn tail, and the next goes too.
func TestFlawBeforeALaterLog(t *testing.T) {
	d := newDisk(t)
	s := newScribe(ztree.New())
	logged(t, d, s, 1, 5)
	logged(t, d, s, 1, 2)
	first := bytes.TrimRight(read(t, d, "log.100000001"), "\x00")
	put(t, d, "log.100000001", first[:len(first)-3])
	before := files(t, d)
	_, err := store.Recover(d, keepAll)
	require.ErrorIs(t, err, store.ErrDamagedLog)
	require.ErrorContains(t, err, "valid record follows in log.100000006 at offset 16")
	require.Equal(t, before, files(t, d))

	put(t, d, "log.100000006", make([]byte, 100))
	r := mustRecover(t, d)
	assert.Equal(t, proto.MakeZxid(1, 4), r.LastLogged)
	require.Len(t, r.Cut, 2)
	assert.Contains(t, r.Cut[0].String(), "log.100000001: cut ")
	assert.NotContains(t, files(t, d), "log.100000006")
}

func TestLogShape(t *testing.T) {
	body := func(first proto.Zxid, zxids ...proto.Zxid) []byte {
		b := []byte("ZKLG\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00")
		for _, z := range append([]proto.Zxid{first}, zxids...) {
			b = store.AppendRecord(b, &proto.Txn{TxnHeader: proto.TxnHeader{Zxid: z, Type: proto.OpError}})
		}
		return b
	}
	z := proto.MakeZxid
	for name, c := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"gap in a file":        {map[string][]byte{"log.100000001": body(z(1, 1), z(1, 3))}, "1.3 (0x100000003) after 1.1"},
		"going back":           {map[string][]byte{"log.100000001": body(z(1, 1), z(1, 2), z(1, 1))}, "after 1.2"},
		"epoch starting late":  {map[string][]byte{"log.100000001": body(z(1, 1), z(2, 2))}, "after 1.1"},
		"gap between files":    {map[string][]byte{"log.100000001": body(z(1, 1)), "log.100000003": body(z(1, 3))}, "does not follow 1.1"},
		"gap after a snapshot": {map[string][]byte{"log.2": body(2)}, "does not follow 0.0"},
		"wrong name":           {map[string][]byte{"log.100000002": body(z(1, 1))}, "begins with 1.1"},
		"unknown type": {map[string][]byte{"log.1": store.AppendRecord([]byte("ZKLG\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"),
			&proto.Txn{TxnHeader: proto.TxnHeader{Zxid: 1, Type: proto.OpReconfig}})}, "reconfig"},
		"not a log": {map[string][]byte{"log.1": []byte("something else that is long enough")}, "want header"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisk(t)
			for file, content := range c.files {
				put(t, d, file, content)
			}
			before := files(t, d)
			_, err := store.Recover(d, keepAll)
			require.ErrorIs(t, err, store.ErrDamagedLog)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, before, files(t, d))
		})
	}
}

// Space that was preallocated and a hole before garbage.
func TestZerosAtTheEnd(t *testing.T) {
	d := newDisk(t)
	s := newScribe(ztree.New())
	logged(t, d, s, 1, 3)
	name := "log.100000001"
	assert.Empty(t, mustRecover(t, d).Cut, "preallocated space is no torn tail")
	whole := bytes.TrimRight(read(t, d, name), "\x00")
	hole := append(append([]byte{}, whole...), make([]byte, 64)...)
	put(t, d, name, append(hole, "rubbish"...))
	r := mustRecover(t, d)
	require.Len(t, r.Cut, 1)
	assert.Equal(t, store.Cut{File: name, Offset: int64(len(whole)), Bytes: 71, Reason: r.Cut[0].Reason}, r.Cut[0])
	put(t, d, name, append(hole, s.write(1, 3).Bytes...))
	_, err := store.Recover(d, keepAll)
	require.ErrorIs(t, err, store.ErrDamagedLog, "a record behind a hole")
}

func TestFilesWithoutRecords(t *testing.T) {
	for name, content := range map[string][]byte{
		"empty":           {},
		"half a header":   []byte("ZKLG\x00\x00"),
		"zeros":           make([]byte, 5000),
		"header":          []byte("ZKLG\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"),
		"header, zeros":   append([]byte("ZKLG\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"), make([]byte, 5000)...),
		"header, rubbish": []byte("ZKLG\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00rubbish"),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisk(t)
			s := newScribe(ztree.New())
			logged(t, d, s, 1, 3)
			put(t, d, "log.100000004", content)
			checkPrefix(t, s, mustRecover(t, d))
			assert.NotContains(t, files(t, d), "log.100000004")

			put(t, d, "log.100000004", content)
			put(t, d, "log.100000001", nil) // and now an empty one before it
			put(t, d, "log.200000001", content)
			r := mustRecover(t, d)
			assert.Zero(t, r.LastLogged)
			assert.Equal(t, []string{"snapshot.0"}, names(t, d))
		})
	}
	d := newDisk(t)
	s := newScribe(ztree.New())
	logged(t, d, s, 1, 3)
	logged(t, d, s, 2, 3)
	put(t, d, "log.100000001", nil)
	_, err := store.Recover(d, keepAll)
	require.ErrorIs(t, err, store.ErrDamagedLog, "an empty log before one with records")
}

func names(t testing.TB, fs store.FS) []string {
	n, err := fs.List()
	require.NoError(t, err)
	return n
}

func kinds(ops []store.Op) []store.OpKind {
	var k []store.OpKind
	for _, op := range ops {
		k = append(k, op.Kind)
	}
	return k
}
