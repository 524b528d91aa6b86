package engine

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/fault"
)

var rewriteKept = flag.Bool("rewrite-kept", false, "write the statements that the kept seeds draw today into their files")

// TestKeptSeeds runs the seeds of testdata/seeds again. Each has shown a defect
// once, in the servers or in what judges them; its file says which, in comments,
// and holds the seed and the statements that it drew then.
func TestKeptSeeds(t *testing.T) {
	files, err := filepath.Glob("testdata/seeds/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			cfg := kept(t, name)
			r, err := Run(cfg)
			require.NoError(t, err)
			assert.Equal(t, VerdictOK, r.Verdict, "%v %v", r.Violation, r.Doubts)
			if *rewriteKept {
				rewrite(t, name, r.Schedule)
			}
		})
	}
}

// kept reads a file: comments, a line "seed N", and statements.
func kept(t *testing.T, name string) Config {
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	cfg := Config{Profile: ProfileSwarm}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		switch seed, is := strings.CutPrefix(line, "seed "); {
		case strings.HasPrefix(line, "#"):
		case is:
			cfg.Seed, err = strconv.ParseUint(seed, 0, 64)
			require.NoError(t, err)
		default:
			cfg.Schedule = append(cfg.Schedule, statement(t, line))
		}
	}
	return cfg
}

func rewrite(t *testing.T, name string, list []fault.Statement) {
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	var b strings.Builder
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "seed ") {
			b.WriteString(line + "\n")
		}
	}
	for _, s := range list {
		b.WriteString(s.String() + "\n")
	}
	require.NoError(t, os.WriteFile(name, []byte(b.String()), 0o644))
}
