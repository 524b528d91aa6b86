package sim

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

func TestParseSeeds(t *testing.T) {
	ranges, err := parseSeeds("1,0x10,5-7")
	require.NoError(t, err)
	assert.Equal(t, []uint64{1, 16, 5, 6, 7}, slices.Collect(seedsOf(ranges)))
	ranges, err = parseSeeds("0xfffffffffffffffe-0xffffffffffffffff")
	require.NoError(t, err)
	assert.Len(t, slices.Collect(seedsOf(ranges)), 2, "the last seed of all ends a range too")
	ranges, err = parseSeeds("random:3")
	require.NoError(t, err)
	assert.Len(t, ranges, 3)
	for _, bad := range []string{"", "1,", "x", "7-5", "1-x", "-3", "0x10000000000000000", "random:0", "random:x", "commit:0", "random:9999999"} {
		_, err := parseSeeds(bad)
		assert.Error(t, err, bad)
	}
}

func TestSeedsOfACommit(t *testing.T) {
	assert.Equal(t, derived("a", 50), derived("a", 50))
	assert.NotEqual(t, derived("a", 1), derived("b", 1))
	assert.Equal(t, derived("a", 3), derived("a", 50)[:3])
}

// A commit is read however git keeps its reference.
func TestHeadCommit(t *testing.T) {
	const id = "0123456789012345678901234567890123456789"
	write := func(dir string, files map[string]string) string {
		for name, text := range files {
			path := filepath.Join(dir, filepath.FromSlash(name))
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		}
		return dir
	}
	for name, files := range map[string]map[string]string{
		"detached": {".git/HEAD": id + "\n"},
		"loose":    {".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": id + "\n"},
		"packed":   {".git/HEAD": "ref: refs/heads/main\n", ".git/packed-refs": "# pack-refs\n" + id + " refs/heads/main\n"},
		"worktree": {".git": "gitdir: main/w\n", "main/w/HEAD": "ref: refs/heads/x\n", "main/w/commondir": "..\n", "main/refs/heads/x": id + "\n"},
	} {
		top := write(t.TempDir(), files)
		sub := filepath.Join(top, "some", "package")
		require.NoError(t, os.MkdirAll(sub, 0o777))
		t.Chdir(sub)
		got, err := headCommit()
		require.NoError(t, err, name)
		assert.Equal(t, id, got, name)
	}
	t.Chdir(write(t.TempDir(), map[string]string{".git/HEAD": "ref: refs/heads/main\n"}))
	_, err := headCommit()
	assert.ErrorContains(t, err, "no commit yet")
}

func TestPlaces(t *testing.T) {
	top := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(top, "a", "b"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(top, "go.mod"), []byte("// mine\nmodule \"example.com/m\" // here\n"), 0o666))
	t.Chdir(filepath.Join(top, "a", "b"))
	p := here()
	assert.Equal(t, "example.com/m/a/b", p.pkg)
	assert.Equal(t, "./a/b", p.argument())
	assert.Equal(t, "a/b/testdata/x", p.fromTop("testdata/x"))
	t.Chdir(top)
	p = here()
	assert.Equal(t, "example.com/m", p.pkg)
	assert.Equal(t, ".", p.argument())
	assert.Equal(t, "testdata/x", p.fromTop("testdata/x"))
}

// No name of a test leads out of testdata.
func TestCorpusDir(t *testing.T) {
	assert.Equal(t, filepath.FromSlash("testdata/sim/TestX/a_b"), corpusDir("TestX/a b"))
	rapid.Check(t, func(rt *rapid.T) {
		dir := corpusDir(rapid.String().Draw(rt, "name"))
		require.True(rt, filepath.IsLocal(dir))
		require.True(rt, strings.HasPrefix(filepath.Clean(dir), filepath.FromSlash("testdata/sim/")), dir)
	})
}

func TestQuote(t *testing.T) {
	assert.Equal(t, "./lock", quote("./lock"))
	assert.Equal(t, `'it'\''s'`, quote("it's"))
	assert.Equal(t, "''", quote(""))
	assert.Equal(t, "'^TestX$'", quoteAlways("^TestX$"))
	assert.Equal(t, "'TestX'", quoteAlways("TestX"))
}

// What is kept has the name of its contents, is listed, and is not written twice.
func TestKeep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "testdata", "sim", "TestX")
	first, err := keep(dir, []byte("one"))
	require.NoError(t, err)
	again, err := keep(dir, []byte("one"))
	require.NoError(t, err)
	assert.Equal(t, first, again)
	_, err = keep(dir, []byte("two"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README"), nil, 0o666))
	files, err := corpus(dir)
	require.NoError(t, err)
	assert.Len(t, files, 2)
	assert.True(t, slices.IsSorted(files))
	files, err = corpus(filepath.Join(dir, "none"))
	require.NoError(t, err)
	assert.Empty(t, files)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o666))
	_, err = keep(filepath.Join(dir, "file"), []byte("x"))
	assert.ErrorContains(t, err, "the failure cannot be kept")
}

// Any bytes are a run that can be made.
func TestBytesAreRuns(t *testing.T) {
	sizes := rapid.IntRange(1, 5)
	rapid.Check(t, func(rt *rapid.T) {
		cfg := engine.Config{Servers: sizes.Draw(rt, "servers"), Clients: engine.NoClients, For: time.Duration(sizes.Draw(rt, "seconds")) * time.Second,
			Program: &engine.Program{Clients: make([]engine.ProgramClient, sizes.Draw(rt, "clients"))}}
		data := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(rt, "bytes")
		in := FromBytes(cfg, data)
		require.NoError(rt, fault.ValidateAll(in.Schedule, cfg.Servers, len(cfg.Program.Clients)))
		for _, st := range in.Schedule {
			require.Less(rt, st.At, cfg.For)
		}
		require.Equal(rt, in, FromBytes(cfg, data))
	})
	cfg := engine.Config{Servers: 3, For: time.Minute, Clients: engine.NoClients, Program: &engine.Program{Clients: make([]engine.ProgramClient, 1)}}
	in := FromBytes(cfg, fuzzBytes(7, 20))
	assert.Equal(t, uint64(7), in.Seed)
	assert.Greater(t, len(in.Schedule), 5)
}

func TestBlockedCode(t *testing.T) {
	const dump = `goroutine 1 [select]:
main.main()
	/x/main.go:1 +0x1

goroutine 7 [coroutine]:
github.com/zksim/zksim/sim/engine.(*thread).run(0x1)
	/x/thread.go:1 +0x1

goroutine 9 [chan receive, 2 minutes]:
runtime.gopark(0x1)
	/go/proc.go:1 +0x1
sync.(*WaitGroup).Wait(0x1)
	/go/wg.go:1 +0x1
example.com/lock.wait()
	/home/me/lock/lock_test.go:31 +0x1
github.com/zksim/zksim/sim/engine.(*thread).run(0x1)
	/x/thread.go:1 +0x1`
	number, state, line := blockedCode(dump)
	assert.Equal(t, []string{"9", "chan receive", "lock_test.go:31"}, []string{number, state, line})
	_, state, _ = blockedCode(strings.Replace(dump, "chan receive, 2 minutes", "GC assist wait", 1))
	assert.Empty(t, state, "it does not wait for anybody")
}

// Everything that a drawn class says of itself is true.
func TestDrawnFaultsAreOfTheirClass(t *testing.T) {
	for _, class := range engine.DrawnClasses() {
		cfg := engine.Config{Servers: 5, Clients: 3, For: 10 * time.Minute, Seed: uint64(class)}
		list := engine.Draw(cfg, []Class{class})
		require.NotEmpty(t, list, class)
		assert.True(t, slices.ContainsFunc(list, func(s fault.Statement) bool { return s.Class() == class }), class)
	}
}
