package golden_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
)

func TestParseRecordings(t *testing.T) {
	files, err := filepath.Glob("../../testdata/golden/basic/*.jsonl")
	require.NoError(t, err)
	require.Len(t, files, 10)
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(t, err)
		tr, err := golden.Parse(f)
		require.NoError(t, f.Close())
		require.NoError(t, err, name)
		require.NotEmpty(t, tr.Steps)
		for i := range tr.Steps {
			require.Empty(t, tr.Steps[i].Want.Compare(tr.Steps[i].Want))
		}
	}
}
