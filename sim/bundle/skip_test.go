package bundle

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// Tasks that were left out, and what a run was made small from, are read back.
func TestSmallRunIsReadBack(t *testing.T) {
	skip := []engine.TaskSpan{{Client: 1, From: 1}, {Client: 2, From: 3, To: 9}, {Client: 2, From: 12}}
	rep, err := engine.Run(engine.Config{Seed: 4, Servers: 3, Clients: 2, For: 4 * time.Second, Skip: skip})
	require.NoError(t, err)
	small := &report.Shrunk{Statements: 412, Servers: 5, Clients: 10, Operations: 4000, ForNS: int64(time.Minute), Runs: 1204}
	b, err := New(&report.Run{Report: rep, Shrunk: small})
	require.NoError(t, err)
	data, err := b.Bytes()
	require.NoError(t, err)
	back, err := Parse("x", data)
	require.NoError(t, err)
	assert.Equal(t, small, back.Document.Shrunk)
	cfg, err := back.Config()
	require.NoError(t, err)
	assert.Equal(t, skip, cfg.Skip)
	again, err := engine.Run(cfg)
	require.NoError(t, err)
	assert.Equal(t, rep.Hash, again.Hash)

	_, err = Parse("x", []byte(strings.Replace(string(data), `"c2 3-9"`, `"c2 9-"x`, 1)))
	assert.ErrorIs(t, err, ErrDamaged)
	_, err = Parse("x", []byte(strings.Replace(string(data), `"c2 3-9"`, `"zk2 3-9"`, 1)))
	assert.ErrorIs(t, err, ErrDamaged)
	assert.ErrorContains(t, err, `config.skip: "zk2 3-9" is no row of tasks`)
}
