package disksim

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestErrors(t *testing.T) {
	d := New()
	missing := map[string]error{
		"write":    d.WriteAt("no", 0, []byte("x")),
		"truncate": d.Truncate("no", 1),
		"sync":     d.Sync("no"),
		"rename":   d.Rename("no", "x"),
		"remove":   d.Remove("no"),
	}
	_, missing["read"] = d.ReadFile("no")
	for op, err := range missing {
		assert.ErrorIs(t, err, fs.ErrNotExist, op)
		assert.EqualError(t, err, op+" no: file does not exist")
	}
	must(t, d.Create("a"))
	assert.ErrorIs(t, d.Create("a/b"), fs.ErrInvalid)
	assert.ErrorIs(t, d.Create(""), fs.ErrInvalid)
	assert.ErrorIs(t, d.Rename("a", "b/c"), fs.ErrInvalid)
	assert.ErrorIs(t, d.WriteAt("a", -1, nil), fs.ErrInvalid)
	assert.ErrorIs(t, d.Truncate("a", -1), fs.ErrInvalid)
	assert.ErrorIs(t, d.Truncate("a", sizeMax+1), ErrTooLarge)
	assert.ErrorIs(t, d.WriteAt("a", sizeMax, []byte("x")), ErrTooLarge)
	names, _ := d.List()
	assert.Equal(t, []string{"a"}, names)
}

func TestPreallocationTakesNoMemory(t *testing.T) {
	d := New()
	must(t, d.Create("log"), d.Truncate("log", sizeMax), d.WriteAt("log", 0, []byte("x")), d.Sync("log"))
	assert.Equal(t, int64(sizeMax), d.Bytes())
	assert.Less(t, cap(d.find("log").data), 100)
}

func TestReadingAPreallocatedFileBuildsItOnce(t *testing.T) {
	d := New()
	must(t, d.Create("log"), d.WriteAt("log", 0, []byte("x")), d.Truncate("log", 1000))
	first, _ := d.ReadFile("log")
	again, _ := d.ReadFile("log")
	assert.Same(t, &first[0], &again[0])
	must(t, d.WriteAt("log", 1, []byte("y")))
	assert.Equal(t, "x"+strings.Repeat("\x00", 999), string(first))
	assert.Equal(t, "xy"+strings.Repeat("\x00", 998), read(t, d, "log"))
}

// A truncated tail must not come back when the file grows over it again.
func TestTruncatedTailIsGone(t *testing.T) {
	d := New()
	must(t, d.Create("log"), d.WriteAt("log", 0, []byte("abcdef")), d.Truncate("log", 2), d.WriteAt("log", 4, []byte("e")))
	assert.Equal(t, "ab\x00\x00e", read(t, d, "log"))
}

// A log's life in steady state: append, sync, and now and then a growth.
func TestAppendAndSyncAllocateOnlyToGrow(t *testing.T) {
	d := New()
	must(t, d.Create("log"), d.SyncDir())
	record, off := make([]byte, 200), int64(0)
	allocs := testing.AllocsPerRun(10_000, func() {
		_ = d.WriteAt("log", off, record)
		_ = d.Sync("log")
		off += int64(len(record))
	})
	assert.Zero(t, allocs)                          // an average, rounded down
	assert.Less(t, cap(d.find("log").changes), 100) // so a slow leak would not show
}

func BenchmarkAppendSync(b *testing.B) {
	d := New()
	_ = d.Create("log")
	record, off := make([]byte, 200), int64(0)
	b.ReportAllocs()
	for b.Loop() {
		_ = d.WriteAt("log", off, record)
		_ = d.Sync("log")
		if off += 200; off > 1<<20 {
			_ = d.Create("log")
			off = 0
		}
	}
}

func BenchmarkClone(b *testing.B) {
	d := New()
	for _, name := range strings.Fields("log.1 log.2 log.3 snapshot.1 snapshot.2 snapshot.3 acceptedEpoch currentEpoch") {
		_ = d.Create(name)
		_ = d.WriteAt(name, 0, make([]byte, 1<<16))
	}
	b.ReportAllocs()
	for b.Loop() {
		d.Clone()
	}
}
