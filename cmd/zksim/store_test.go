package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/engine"
)

// names lists a directory.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// Searches that write the same bundle into the same directory find a whole one,
// whoever is first, and leave nothing else there.
func TestStoreIsSharedByProcesses(t *testing.T) {
	dir, data := t.TempDir(), bytes.Repeat([]byte("x"), 1<<20)
	var told sync.Map
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			s := &store{dir, false, func(path string) { told.Store(n, path) }}
			beside := filepath.Join(dir, string(rune('a'+n)))
			assert.NoError(t, s.write(filepath.Join(dir, "same"), data))
			assert.NoError(t, s.write(beside, data))
		})
	}
	wg.Wait()
	assert.Equal(t, []string{"a", "b", "c", "d", "e", "f", "g", "h", "same"}, names(t, dir))
	there, err := os.ReadFile(filepath.Join(dir, "same"))
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data, there))
}

// Another file is replaced with force only, and what is no file never is.
func TestStoreReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o666))
	s := &store{dir, false, func(string) {}}
	assert.ErrorContains(t, s.write(path, []byte("new")), "say --force")
	s.force = true
	require.NoError(t, s.write(path, []byte("new")))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "new", string(text))
	assert.Equal(t, []string{"x"}, names(t, dir))
	if _, err := os.Stat("/dev/zero"); err == nil {
		require.NoError(t, os.Symlink("/dev/zero", filepath.Join(dir, "zero")))
		assert.ErrorContains(t, s.write(filepath.Join(dir, "zero"), []byte("new")), "is no file")
	}
}

// A bundle of a test is run by the test, and the plain one behind it by this
// command again.
func TestPlainBundleBehindOneOfATest(t *testing.T) {
	plain := bundleOf(t, newBench(engine.Run), "--seed", "5")
	text, err := os.ReadFile(plain)
	require.NoError(t, err)
	ofTest := filepath.Join(t.TempDir(), "test.simrun")
	made := strings.NewReplacer(`"package": ""`, `"package": "example.org/x"`, `"test": ""`, `"test": "Test\u001bX"`).Replace(string(text))
	require.NotEqual(t, string(text), made)
	require.NoError(t, os.WriteFile(ofTest, []byte(made), 0o666))
	b := newBench(engine.Run)
	assert.Equal(t, exitUnknown, b.main([]string{"report", ofTest, plain}))
	assert.Contains(t, b.err.String(), "which cannot be found from here: change into its module")
	assert.NotContains(t, b.err.String(), "this version cannot run the bundle")
	assert.Contains(t, b.out.String(), "seed 0x0000000000000005")
	assert.NotContains(t, b.err.String(), "\x1b", "the name of a test does not reach the terminal")
}
