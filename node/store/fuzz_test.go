package store_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/node/ztree"
)

// recoverFuzzed recovers a database with one file from the fuzzer. It may be
// refused, but must not panic, must not need memory out of proportion, and must
// find the same again when it was not refused.
func recoverFuzzed(t *testing.T, d *disksim.Disk, name string, content []byte) {
	put(t, d, name, content)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := store.Recover(d, keepAll)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20+200*len(content)))
	if err != nil {
		refusals := []error{store.ErrDamagedLog, store.ErrDamagedSnapshot, store.ErrNoSnapshot,
			store.ErrEpochFile, store.ErrEpochBehind, store.ErrEpochOrder}
		for _, refusal := range refusals {
			if errors.Is(err, refusal) {
				return
			}
		}
		t.Fatalf("unknown refusal: %v", err)
	}
	again := mustRecover(t, d)
	require.Equal(t, r.LastLogged, again.LastLogged)
	require.Equal(t, r.Tree.Digest(), again.Tree.Digest())
	require.Equal(t, r.Log, again.Log)
	require.Empty(t, again.Cut)
}

// seedHistory is a log of 5 transactions and the tree after it. It is small:
// the fuzzer spends its time on making interesting inputs shorter.
func seedHistory(t testing.TB) (*disksim.Disk, *scribe, []byte) {
	d, s := newDisk(t), newScribe(ztree.New())
	logged(t, d, s, 1, 5)
	return d, s, bytes.TrimRight(read(t, d, "log.100000001"), "\x00")
}

func FuzzLogFile(f *testing.F) {
	_, s, log := seedHistory(f)
	f.Add(log)
	f.Add(append(log[:len(log):len(log)], make([]byte, 20)...))
	f.Add(log[:len(log)-1])
	f.Add(log[:17])
	f.Add([]byte{})
	f.Add(append(append([]byte{}, log[:16]...), s.records[1].Bytes...))
	f.Fuzz(func(t *testing.T, content []byte) {
		recoverFuzzed(t, newDisk(t), "log.100000001", content)
	})
}

// A good checksum lets the fuzzer reach what lies behind it: transactions that
// no leader would make.
func FuzzLogPayload(f *testing.F) {
	_, s, log := seedHistory(f)
	for _, rec := range s.records {
		f.Add(rec.Payload())
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) < 32 {
			return
		}
		payload = append([]byte{}, payload...) // the fuzzer's is not ours to change
		binary.BigEndian.PutUint64(payload[12:], uint64(s.zxid.Next()))
		content := append(append([]byte{}, log...), store.RecordFromPayload(payload).Bytes...)
		recoverFuzzed(t, newDisk(t), "log.100000001", content)
	})
}

func FuzzSnapshotFile(f *testing.F) {
	_, s, _ := seedHistory(f)
	f.Add(withEnd(s.tree, false, false))
	f.Add(withEnd(s.tree, true, false))
	f.Add(withEnd(s.tree, true, true))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		recoverFuzzed(t, disksim.New(), "snapshot.100000005", content)
		// A good seal lets the fuzzer reach what lies behind it.
		recoverFuzzed(t, disksim.New(), "snapshot.100000005", sealed(content))
	})
}

func FuzzEpochFile(f *testing.F) {
	for _, text := range []string{"1", "12\n", "", "-1", "9223372036854775807", "0x1", " 1"} {
		f.Add([]byte(text), uint8(0))
		f.Add([]byte(text), uint8(1))
		f.Add([]byte(text), uint8(2))
	}
	d, _, _ := seedHistory(f)
	f.Fuzz(func(t *testing.T, content []byte, which uint8) {
		c := d.Clone()
		put(t, c, "acceptedEpoch", []byte("1"))
		put(t, c, "currentEpoch", []byte("0"))
		name := []string{"acceptedEpoch", "currentEpoch", "currentEpoch.tmp"}[which%3]
		recoverFuzzed(t, c, name, content)
	})
}

// A log of a few thousand transactions must be read in a few milliseconds.
func BenchmarkRecover(b *testing.B) {
	d, s := newDisk(b), newScribe(ztree.New())
	logged(b, d, s, 1, 3000)
	b.ReportAllocs()
	for b.Loop() {
		r, err := store.Recover(d, 500)
		require.NoError(b, err)
		require.Equal(b, proto.MakeZxid(1, 3000), r.LastLogged)
	}
}
