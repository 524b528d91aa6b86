package bundle

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
	"github.com/zksim/zksim/sim/rng"
)

// replayed runs what a bundle says.
func replayed(t require.TestingT, data []byte) (*Bundle, *engine.Report) {
	b, err := Parse("x", data)
	require.NoError(t, err)
	cfg, err := b.Config()
	require.NoError(t, err)
	rep, err := engine.Run(cfg)
	require.NoError(t, err)
	return b, rep
}

func TestChoicesAreTakenAgain(t *testing.T) {
	data, rep := sample(t)
	b, again := replayed(t, data)
	assert.Equal(t, rep.Choices, b.Choices)
	assert.Equal(t, rep.Events, b.Events)
	assert.Equal(t, rep.Hash, again.Hash)
	assert.Equal(t, len(rep.Choices), again.Matched)
	assert.Equal(t, report.Choices{Taken: len(rep.Choices)}, b.Document.Choices)
}

// A bundle of a replay is the bundle of the run.
func TestBundleOfAReplayIsTheSame(t *testing.T) {
	data, _ := sample(t)
	_, again := replayed(t, data)
	b, err := New(&report.Run{Report: again, Build: report.Build{Version: "v1", Commit: "c0ffee", Go: "go1"},
		Wall: time.Minute, Repro: []string{"zksim run"}})
	require.NoError(t, err)
	rewritten, err := b.Bytes()
	require.NoError(t, err)
	assert.Equal(t, string(data), string(rewritten))
}

// Whichever choices are taken out, the run goes on without them, and says how
// many it met.
func TestChoicesTakenOut(t *testing.T) {
	data, rep := sample(t)
	head, rest, _ := bytes.Cut(data, []byte("-- choices.jsonl --\n"))
	choices, tail, _ := bytes.Cut(rest, []byte("-- history.jsonl --\n"))
	lines := strings.SplitAfter(string(choices), "\n")
	lines = lines[:len(lines)-1]
	require.Len(t, lines, len(rep.Choices))
	rapid.Check(t, func(t *rapid.T) {
		var left []string
		for _, line := range lines {
			if rapid.Bool().Draw(t, "keep") {
				left = append(left, line)
			}
		}
		edited := string(head) + "-- choices.jsonl --\n" + strings.Join(left, "") + "-- history.jsonl --\n" + string(tail)
		b, again := replayed(t, []byte(edited))
		require.Len(t, b.Choices, len(left))
		require.Equal(t, Edits{Choices: len(left) < len(lines)}, b.Edits)
		require.LessOrEqual(t, again.Matched, len(left))
		rewritten, err := b.Bytes()
		require.NoError(t, err)
		require.Equal(t, edited, string(rewritten))
		if len(left) == len(lines) {
			require.Equal(t, rep.Hash, again.Hash)
		}
	})
}

func TestEditsAreSeen(t *testing.T) {
	data, _ := sample(t)
	edit := func(old, now string) *Bundle {
		require.Contains(t, string(data), old)
		b, err := Parse("x", []byte(strings.Replace(string(data), old, now, 1)))
		require.NoError(t, err)
		assert.Equal(t, b.Edits.Any(), b.Edited)
		return b
	}
	assert.Equal(t, Edits{Config: true}, edit(`"servers": 3`, `"servers": 4`).Edits)
	assert.Equal(t, Edits{Config: true}, edit("    \"sync-without-quorum\"\n  ],\n  \"lines\"", "    \n  ],\n  \"lines\"").Edits)
	assert.Equal(t, Edits{Config: true}, edit(`"seed": "0x0000000000000abc"`, `"seed": "0x0000000000000abd"`).Edits)
	assert.Equal(t, Edits{Choices: true}, edit(`"host":"zk1","purpose":"node"`, `"host":"zk2","purpose":"crash"`).Edits)
	assert.Equal(t, Edits{Schedule: true}, edit("\nat 5s kill leader\n", "\n").Edits)
	assert.Equal(t, Edits{}, edit(`"servers": 3`, `"servers":3`).Edits, "spaces change nothing")
	assert.Equal(t, "configuration, schedule, choices", Edits{true, true, true}.String())
}

// A choice of a purpose that only a later version has is kept, and never met.
func TestChoiceOfALaterVersion(t *testing.T) {
	data, rep := sample(t)
	const foreign = `{"host":"zk1","purpose":"weather","peer":0,"kind":0,"n":1,"value":3}`
	b, again := replayed(t, bytes.Replace(data, []byte("-- history.jsonl --\n"), []byte(foreign+"\n-- history.jsonl --\n"), 1))
	assert.Equal(t, []string{foreign}, b.Unknown)
	assert.Equal(t, rep.Hash, again.Hash)
	rewritten, err := b.Bytes()
	require.NoError(t, err)
	assert.Contains(t, string(rewritten), foreign)
}

// Hosts keep their names when there are more servers or fewer.
func TestHostsOfChoices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &Bundle{}
		b.Document.Config.Servers = rapid.IntRange(1, 9).Draw(t, "servers")
		host := rapid.Int32Range(-100, 1000).Draw(t, "host")
		name := b.hostName(host)
		back, err := b.parseHost(name)
		require.NoError(t, err)
		require.Equal(t, host, back)
		if strings.HasPrefix(name, "c") {
			b.Document.Config.Servers++
			back, err = b.parseHost(name)
			require.NoError(t, err)
			require.Equal(t, host+1, back)
		}
	})
	for _, bad := range []string{"", "zk", "zk0", "c0", "c-1", "zk-1", "0", "7", "-40000", "zk99999", "x", "-1x"} {
		_, err := (&Bundle{}).parseHost(bad)
		assert.Error(t, err, bad)
	}
}

// Bundles of format 1 tell of no choices: the seed draws them all.
func TestFormatOne(t *testing.T) {
	data, rep := sample(t)
	old := string(data)
	cut := func(from, to string) {
		i := strings.Index(old, from)
		n := strings.Index(old[i:], to)
		require.True(t, i >= 0 && n >= 0, from)
		old = old[:i] + old[i+n:]
	}
	cut("\n  \"events\": ", "\n  \"checkpoints\"")
	cut("{\"host\"", "-- history.jsonl")
	old = old[:strings.Index(old, "-- events --")]
	old = strings.Replace(old, "format 2", "format 1", 1)
	b, again := replayed(t, []byte(old))
	assert.False(t, b.Edited)
	assert.Nil(t, b.Choices)
	assert.Equal(t, rep.Hash, again.Hash)
	assert.Zero(t, again.Matched)
	rewritten, err := b.Bytes()
	require.NoError(t, err)
	back, err := Parse("x", rewritten)
	require.NoError(t, err)
	assert.Nil(t, back.Choices)
}

// A run that was continued elsewhere is a run like others.
func TestContinuationIsReadBack(t *testing.T) {
	data, rep := sample(t)
	b, err := Parse("x", data)
	require.NoError(t, err)
	cfg, err := b.Config()
	require.NoError(t, err)
	for _, only := range []engine.Draws{engine.DrawsAll, engine.DrawsDelays, engine.DrawsChoices} {
		cfg.Redraw = engine.Redraw{Step: rep.Step / 2, Draw: 7, Only: only}
		other, err := engine.Run(cfg)
		require.NoError(t, err)
		require.True(t, other.Redrawn)
		b, err = New(&report.Run{Report: other})
		require.NoError(t, err)
		data, err = b.Bytes()
		require.NoError(t, err)
		_, again := replayed(t, data)
		assert.Equal(t, other.Hash, again.Hash, only)
		assert.Equal(t, len(other.Choices), again.Matched, only)
	}
}

func TestChoiceValuesAreExact(t *testing.T) {
	b := &Bundle{Choices: []rng.Choice{{Key: rng.Key{Host: -3, Purpose: rng.PurposeFault, Peer: math.MinInt32, Kind: math.MaxUint16}, N: math.MaxUint64, Value: math.MinInt64}}}
	text, err := b.choicesText()
	require.NoError(t, err)
	assert.Equal(t, `{"host":"-3","purpose":"fault","peer":-2147483648,"kind":65535,"n":18446744073709551615,"value":-9223372036854775808}`+"\n", string(text))
	c, known, err := b.parseChoice(bytes.TrimSpace(text))
	require.NoError(t, err)
	assert.True(t, known)
	assert.Equal(t, b.Choices[0], c)
}
