package ensemble

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlaceMakesTheDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	dir, program := filepath.Join("a", "new"), "server"
	require.NoError(t, Place(&dir, "place-", &program))
	assert.True(t, filepath.IsAbs(program))
	assert.True(t, filepath.IsAbs(dir))
	assert.DirExists(t, dir)
}

func TestPlaceMakesATemporaryDirectory(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := ""
	require.NoError(t, Place(&dir, "place-"))
	assert.True(t, filepath.IsAbs(dir))
	assert.DirExists(t, dir)
}

// What a caller gets, it removes: nothing that was there before may be that.
func TestPlaceRefusesWhatExists(t *testing.T) {
	base := t.TempDir()
	file := filepath.Join(base, "file")
	require.NoError(t, os.WriteFile(file, []byte("precious"), 0o600))
	for _, dir := range []string{base, file} {
		err := Place(&dir, "place-")
		require.ErrorContains(t, err, "exists; name a directory that does not")
	}
	assert.FileExists(t, file)
}
