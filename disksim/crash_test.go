package disksim

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/rng"
)

func crashStream(seed uint64) *rng.Stream {
	s := rng.New(seed).Stream(rng.Key{Purpose: rng.PurposeCrash})
	return &s
}

// must carries out steps that cannot fail.
func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

func read(t *testing.T, d *Disk, name string) string {
	t.Helper()
	content, err := d.ReadFile(name)
	require.NoError(t, err)
	return string(content)
}

func synced(t *testing.T, name, content string) *Disk {
	t.Helper()
	d := New()
	must(t, d.Create(name), d.WriteAt(name, 0, []byte(content)), d.Sync(name), d.SyncDir())
	return d
}

func TestContentWithoutNameIsLost(t *testing.T) {
	d := New()
	must(t, d.Create("log"), d.WriteAt("log", 0, []byte("x")), d.Sync("log"))
	d.Crash(LoseUnsynced, nil)
	_, err := d.ReadFile("log")
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

func TestNameWithoutContentIsEmpty(t *testing.T) {
	d := New()
	must(t, d.Create("log"), d.WriteAt("log", 0, []byte("x")), d.SyncDir())
	d.Crash(LoseUnsynced, nil)
	assert.Empty(t, read(t, d, "log"))
}

// The usual way to replace a file. Whatever the moment of the crash, one of the
// two contents is there, whole.
func TestReplacedFileIsOldOrNew(t *testing.T) {
	steps := []func(d *Disk) error{
		func(d *Disk) error { return d.Create("epoch.tmp") },
		func(d *Disk) error { return d.WriteAt("epoch.tmp", 0, []byte("2")) },
		func(d *Disk) error { return d.Sync("epoch.tmp") },
		func(d *Disk) error { return d.Rename("epoch.tmp", "epoch") },
		func(d *Disk) error { return d.SyncDir() },
	}
	seen := map[string]int{}
	for crashAfter := range len(steps) + 1 {
		for seed := range uint64(20) {
			d := synced(t, "epoch", "1")
			for _, step := range steps[:crashAfter] {
				must(t, step(d))
			}
			d.Crash(Subset, crashStream(seed))
			seen[read(t, d, "epoch")]++
		}
	}
	assert.Len(t, seen, 2)
	assert.Positive(t, seen["1"])
	assert.Positive(t, seen["2"])
}

// Three unsynced appends and a growth: all sixteen subsets come about.
func TestEverySubsetComesAbout(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(500) {
		d := synced(t, "log", "0")
		must(t, d.WriteAt("log", 1, []byte("1")), d.WriteAt("log", 2, []byte("2")),
			d.WriteAt("log", 3, []byte("3")), d.Truncate("log", 8))
		d.Crash(Subset, crashStream(seed))
		seen[read(t, d, "log")] = true
		assert.Zero(t, d.Unsynced())
	}
	assert.Len(t, seen, 16)
	assert.Contains(t, seen, "0\x00\x003\x00\x00\x00\x00")
	assert.Contains(t, seen, "01\x003")
}

// Every prefix of the directory operations comes about, and nothing else.
func TestEveryPrefixOfNamesComesAbout(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(100) {
		d := synced(t, "a", "A")
		must(t, d.Create("b"), d.Remove("a"), d.Rename("b", "c"), d.Create("a"))
		d.Crash(Subset, crashStream(seed))
		names, err := d.List()
		must(t, err)
		seen[strings.Join(names, " ")] = true
	}
	assert.Equal(t, map[string]bool{"a": true, "a b": true, "b": true, "c": true, "a c": true}, seen)
}

func TestCrashIsAFunctionOfItsStream(t *testing.T) {
	outcome := func(seed uint64) string {
		d := synced(t, "log", "0")
		for i := range int64(20) {
			must(t, d.WriteAt("log", i, []byte{byte('a' + i)}))
		}
		d.Crash(Subset, crashStream(seed))
		return read(t, d, "log")
	}
	assert.Equal(t, outcome(3), outcome(3))
	assert.NotEqual(t, outcome(3), outcome(5))
}

func TestPowerWords(t *testing.T) {
	assert.Equal(t, "lose-unsynced keep-all subset", LoseUnsynced.String()+" "+KeepAll.String()+" "+Subset.String())
	assert.Panics(t, func() { New().Crash(Power(9), nil) })
}

func TestDurableLeavesTheDiskAlone(t *testing.T) {
	d := synced(t, "log", "old")
	must(t, d.WriteAt("log", 0, []byte("new")), d.Create("other"))
	durable := d.Durable()
	assert.Equal(t, "old", read(t, durable, "log"))
	assert.Equal(t, "new", read(t, d, "log"))
	assert.Equal(t, 2, d.Unsynced())
	assert.Zero(t, durable.Unsynced())
}

func TestUnsyncedCountsWhatACrashCouldUndo(t *testing.T) {
	d := synced(t, "a", "A")
	steps := []error{d.Create("b"), d.WriteAt("b", 0, []byte("B")), d.Truncate("b", 9), d.Rename("b", "c"), d.Remove("a")}
	must(t, append(steps, d.Rename("c", "c"), d.WriteAt("c", 0, nil))...) // the last two do nothing
	assert.Equal(t, 5, d.Unsynced())
	must(t, d.Sync("c"))
	assert.Equal(t, 3, d.Unsynced())
	must(t, d.SyncDir())
	assert.Zero(t, d.Unsynced())
}

func TestCloneCopiesNoContent(t *testing.T) {
	d := synced(t, "log", "content")
	must(t, d.WriteAt("log", 7, []byte(" unsynced")))
	f, c := d.find("log"), d.Clone().find("log")
	assert.Same(t, &f.data[0], &c.data[0])
	assert.Same(t, &f.durable[0], &c.durable[0])
	assert.Same(t, &f.changes[0], &c.changes[0])
}

// Original and clone go on from the same unsynced state, each its own way.
func TestCloneGoesItsOwnWay(t *testing.T) {
	for unsynced := range 5 {
		d := synced(t, "log", "0")
		for i := range unsynced {
			must(t, d.Create(string(rune('a'+i))), d.WriteAt("log", int64(i+1), []byte("-")))
		}
		c := d.Clone()
		must(t, d.Create("x"), d.WriteAt("log", 9, []byte("X")))
		must(t, c.Create("y"), c.WriteAt("log", 9, []byte("Y")))
		d.Crash(KeepAll, nil)
		c.Crash(KeepAll, nil)
		for disk, want := range map[*Disk]string{d: "x", c: "y"} {
			names, err := disk.List()
			must(t, err)
			assert.Equal(t, "abcd"[:unsynced]+"log"+want, strings.Join(names, ""))
			assert.Equal(t, strings.ToUpper(want), read(t, disk, "log")[9:])
		}
	}
}
