package bundle

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/report"
)

func statement(t testing.TB, text string) fault.Statement {
	s, err := fault.Parse(text)
	require.NoError(t, err)
	return s
}

// sample is a bundle of a short run with two faults and a planted bug.
func sample(t testing.TB) ([]byte, *engine.Report) {
	rep, err := engine.Run(engine.Config{Seed: 0xabc, Servers: 3, Clients: 1, For: 12 * time.Second,
		Faults: []fault.Statement{statement(t, "at 5s kill leader"), statement(t, "at 8s for 2s crash one")},
		Bugs:   node.Bugs{SyncWithoutQuorum: true}})
	require.NoError(t, err)
	b, err := New(&report.Run{Report: rep, Build: report.Build{Version: "v1", Commit: "c0ffee", Go: "go1"},
		Wall: time.Second, Repro: []string{"zksim run"}})
	require.NoError(t, err)
	data, err := b.Bytes()
	require.NoError(t, err)
	return data, rep
}

func TestBundleIsReadBack(t *testing.T) {
	data, rep := sample(t)
	again, _ := sample(t)
	assert.Equal(t, string(data), string(again), "equal runs give equal bytes")
	assert.Equal(t, Name(data), Name(again))
	assert.Regexp(t, `^[0-9a-f]{12}\.simrun$`, Name(data))

	b, err := Parse("x", data)
	require.NoError(t, err)
	assert.False(t, b.Edited)
	assert.Equal(t, rep.Checkpoints, b.Checkpoints)
	assert.Equal(t, "c0ffee", b.Document.Commit)
	assert.Equal(t, report.Hash(rep.Hash), b.Document.Hash)
	assert.Equal(t, bytes.Count(b.History, []byte("\n")), len(rep.History.Ops)+len(rep.History.Events))

	cfg, err := b.Config()
	require.NoError(t, err)
	replayed, err := engine.Run(cfg)
	require.NoError(t, err)
	assert.Equal(t, rep.Hash, replayed.Hash)
	rewritten, err := b.Bytes()
	require.NoError(t, err)
	assert.Equal(t, string(data), string(rewritten))
}

func TestRunWithoutClientsIsReadBack(t *testing.T) {
	rep, err := engine.Run(engine.Config{Servers: 1, Clients: engine.NoClients, For: time.Second})
	require.NoError(t, err)
	b, err := New(&report.Run{Report: rep})
	require.NoError(t, err)
	data, err := b.Bytes()
	require.NoError(t, err)
	back, err := Parse("x", data)
	require.NoError(t, err)
	cfg, err := back.Config()
	require.NoError(t, err)
	assert.Equal(t, engine.NoClients, cfg.Clients)
}

func TestEditedScheduleIsSeen(t *testing.T) {
	data, _ := sample(t)
	commented := strings.Replace(string(data), "-- schedule --\n", "-- schedule --\n# the leader goes\n\n", 1)
	b, err := Parse("x", []byte(commented))
	require.NoError(t, err)
	assert.False(t, b.Edited, "a comment changes nothing")
	assert.Len(t, b.Schedule, 2)

	edited := strings.Replace(string(data), "\nat 5s kill leader\n", "\nat 6s kill leader\n", 1)
	b, err = Parse("x", []byte(edited))
	require.NoError(t, err)
	assert.True(t, b.Edited)
	assert.Equal(t, "at 6s kill leader", b.Schedule[0].String())
}

// The number of an occurrence is no comment; a comment behind it is one.
func TestCountedEventIsReadBack(t *testing.T) {
	const text = "on zk2:txnlog.fsync#794 crash zk2 lose-unsynced"
	rep, err := engine.Run(engine.Config{Servers: 3, Clients: 1, For: 2 * time.Second, Faults: []fault.Statement{statement(t, text)}})
	require.NoError(t, err)
	b, err := New(&report.Run{Report: rep})
	require.NoError(t, err)
	data, err := b.Bytes()
	require.NoError(t, err)
	canonical := rep.Schedule[0].String()
	require.Contains(t, canonical, "#794")
	for _, line := range []string{canonical, canonical + " # the last one"} {
		back, err := Parse("x", bytes.Replace(data, []byte("\n"+canonical+"\n"), []byte("\n"+line+"\n"), 1))
		require.NoError(t, err)
		assert.False(t, back.Edited)
		require.Len(t, back.Schedule, 1)
		assert.Equal(t, canonical, back.Schedule[0].String())
		again, err := back.Bytes()
		require.NoError(t, err)
		assert.Equal(t, string(data), string(again))
	}
}

// An edit that contradicts itself is told; a drawn schedule may, and so may what
// somebody makes of it.
func TestContradictionOfAnEdit(t *testing.T) {
	data, _ := sample(t)
	edit := func(data []byte, old, now string) *Bundle {
		at := bytes.Index(data, []byte("-- schedule --"))
		require.Contains(t, string(data[at:]), old)
		b, err := Parse("x", append(bytes.Clone(data[:at]), bytes.Replace(data[at:], []byte(old), []byte(now), 1)...))
		require.NoError(t, err)
		return b
	}
	assert.NoError(t, edit(data, "5s", "6s").Contradiction())
	assert.ErrorContains(t, edit(data, "5s kill leader", "5s start zk1").Contradiction(), `statement 1: fault "at 5s start zk1"`)
	drawn := bytes.ReplaceAll(data, []byte("at 5s kill leader"), []byte("at 5s start zk1"))
	assert.NoError(t, edit(drawn, "8s", "9s").Contradiction())
	endless := edit(data, "5s kill leader", "5s for 2s net leader -> all blackhole")
	endless.Document.Config.Servers = 1 << 30
	assert.NoError(t, endless.Contradiction(), "the engine refuses so many servers at once")
}

func TestNoteStaysANote(t *testing.T) {
	data, _ := sample(t)
	b, err := Parse("x", data)
	require.NoError(t, err)
	b.Note = "seen twice\n-- schedule --\nat 1s kill zk1"
	data, err = b.Bytes()
	require.NoError(t, err)
	back, err := Parse("x", data)
	require.NoError(t, err)
	assert.Equal(t, "seen twice\n -- schedule --\nat 1s kill zk1\n", back.Note)
	assert.Len(t, back.Schedule, 2)
}

// Whatever is wrong is told with file, line and word.
func TestParseRefuses(t *testing.T) {
	whole, _ := sample(t)
	change := func(old, now string) []byte {
		require.Contains(t, string(whole), old)
		return []byte(strings.Replace(string(whole), old, now, 1))
	}
	choice := string(firstLine(whole, "-- choices.jsonl --\n"))
	withoutEvents := whole[:bytes.Index(whole, []byte("-- events --"))]
	before := func(mark string) []byte { return whole[:bytes.Index(whole, []byte(mark))] }
	for name, c := range map[string]struct {
		data []byte
		kind error
		text string
	}{
		"empty":                {nil, ErrTruncated, "x:1: the bundle is cut off: the file is empty"},
		"half a line":          {whole[:9], ErrTruncated, "x:1: "},
		"a picture":            {[]byte("\x89PNG\r\n\x1a\nabc"), ErrForeign, `x:1: not a bundle of zksim: a bundle begins with "zksim run bundle, format 2"`},
		"another archive":      {[]byte("-- go.mod --\nmodule x\n"), ErrForeign, "x:1: "},
		"newer":                {change("format 2", "format 7"), ErrVersion, "x:1: a bundle of another version of zksim: its format is 7, this version reads up to 2"},
		"a newer schema":       {change(`"schema": 1`, `"schema": 99`), ErrVersion, "run.json: its schema is 99, this version reads up to 1"},
		"no format":            {change("format 2", "format one"), ErrDamaged, `"one" is no format number`},
		"no schedule":          {before("-- schedule --"), ErrTruncated, "schedule is missing"},
		"no history":           {before("-- history.jsonl --"), ErrTruncated, "history.jsonl is missing"},
		"within a line":        {withoutEvents[:len(withoutEvents)-5], ErrTruncated, "history.jsonl ends within a line"},
		"a line less":          {withoutEvents[:bytes.LastIndexByte(withoutEvents[:len(withoutEvents)-1], '\n')+1], ErrTruncated, "run.json tells of"},
		"a line more":          {change("-- events --\n", "{}\n-- events --\n"), ErrDamaged, "run.json tells of"},
		"no events":            {withoutEvents, ErrTruncated, "events is missing"},
		"events within a line": {whole[:len(whole)-1], ErrTruncated, "events ends within a line"},
		"events less":          {whole[:bytes.LastIndexByte(whole[:len(whole)-1], '\n')+1], ErrTruncated, "run.json of"},
		"other events":         {change("-- events --\n", "-- events --\nAAAA\n"), ErrDamaged, "events is not what was written"},
		"no base64":            {change("-- events --\n", "-- events --\n!\n"), ErrDamaged, "events: the line is not in base64"},
		"no sums":              {change(`"sums"`, `"summs"`), ErrDamaged, "run.json lacks sums"},
		"a choice of nobody":   {change(choice, `{"host":"zk0","purpose":"crash","n":1,"value":0}`), ErrDamaged, `choices.jsonl: "zk0" is no host`},
		"a choice of a number": {change(choice, `{"host":"5","purpose":"crash","n":1,"value":0}`), ErrDamaged, `choices.jsonl: "5" is no host`},
		"a choice of nothing":  {change(choice, `{"host":"zk1","purpose":"crash","n":1}`), ErrDamaged, "choices.jsonl: a choice has"},
		"a choice twice":       {change(choice, choice+"\n"+choice), ErrDamaged, "choices.jsonl: the choice is there twice"},
		"a choice misspelt":    {change(choice, choice[:20]), ErrDamaged, "choices.jsonl: unexpected end of JSON input"},
		"a choice of a word":   {change(choice, `{"host":"zk1","purpose":"crash","n":"x"}`), ErrDamaged, `choices.jsonl: "n" is of type uint64, not string`},
		"run.json cut":         {change("\n  ]\n}\n-- schedule", "\n-- schedule"), ErrDamaged, "run.json: unexpected end of JSON input"},
		"no number":            {change(`"servers": 3`, `"servers": "three"`), ErrDamaged, `x:16: the bundle is damaged: run.json: "config.servers" is of type int, not string`},
		"no seed":              {change(`"seed": "0x`, `"seed": "`), ErrDamaged, `the seed "0000000000000abc" is not`},
		"no configuration":     {change(`"profile": "lan"`, `"profiel": "lan"`), ErrDamaged, "config lacks servers, for_ns or profile"},
		"no hash":              {change(`,"`+report.Hash(firstHash(whole))+`"]`, `,"beef"]`), ErrDamaged, `"beef"`},
		"an unknown bug":       {change("\"bugs\": [\n    \"sync-without-quorum\"", "\"bugs\": [\n    \"gremlin\""), ErrVersion, `bug "gremlin"`},
		"a part twice":         {change("-- choices.jsonl --\n", "-- choices.jsonl --\n-- schedule --\n"), ErrDamaged, `"schedule" is there twice`},
		"too many parts":       {append(bytes.Clone(whole), strings.Repeat("-- x --\n", 40)...), ErrDamaged, "more than 32 parts"},
		"a statement misspelt": {change("\nat 5s kill leader\n", "\nat 5s kil leader\n"), ErrDamaged, `"kil"`},
		"an endless line":      {change("\nat 5s kill leader\n", "\nat 5s kill "+strings.Repeat("z", lineMax)+"\n"), ErrDamaged, "schedule: the line has"},
		"too many statements":  {change("\nat 5s kill leader\n", "\n"+strings.Repeat("at 5s kill leader\n", statementsMax)), ErrDamaged, "more than 10000 statements"},
		"too large":            {append(bytes.Clone(whole), make([]byte, SizeMax)...), ErrDamaged, "more than 64 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("x", c.data)
			require.ErrorIs(t, err, c.kind)
			assert.Contains(t, err.Error(), c.text)
			assert.Regexp(t, `^x:[0-9]+: `, err.Error())
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

// firstLine is the one below a mark.
func firstLine(bundle []byte, mark string) []byte {
	_, rest, _ := bytes.Cut(bundle, []byte(mark))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return line
}

func firstHash(bundle []byte) uint64 {
	b, err := Parse("", bundle)
	if err != nil {
		panic(err)
	}
	return b.Checkpoints[0].Hash
}

// The line of a bad statement is the one that an editor shows.
func TestLineOfABadStatement(t *testing.T) {
	whole, _ := sample(t)
	bad := bytes.Replace(whole, []byte("crash one"), []byte("crush one"), 2)
	bad = bytes.Replace(bad, []byte("crush one"), []byte("crash one"), 1) // the first is in run.json
	_, err := Parse("x", bad)
	require.Error(t, err)
	line := 1 + bytes.Count(bad[:bytes.Index(bad, []byte("crush"))], []byte("\n"))
	assert.Contains(t, err.Error(), "x:"+report.Number(uint64(line))+": ")
}

// Every beginning of a bundle is refused as cut off or damaged, never read as
// another run, and no flipped byte brings the reader down.
func TestCutsAndFlips(t *testing.T) {
	whole, _ := sample(t)
	rapid.Check(t, func(t *rapid.T) {
		cut := rapid.IntRange(0, len(whole)-1).Draw(t, "cut")
		_, err := Parse("x", whole[:cut])
		require.Error(t, err)
		require.True(t, errors.Is(err, ErrTruncated) || errors.Is(err, ErrDamaged), err)
		flipped := bytes.Clone(whole)
		flipped[rapid.IntRange(0, len(whole)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		if b, err := Parse("x", flipped); err == nil {
			_, err = b.Config()
			require.NoError(t, err)
		}
	})
}

// A bundle whose format says that it has no events is refused where it has some.
func TestEventsOfFormatOne(t *testing.T) {
	whole, _ := sample(t)
	_, err := Parse("x", bytes.Replace(whole, []byte("format 2"), []byte("format 1"), 1))
	assert.ErrorIs(t, err, ErrDamaged)
	assert.ErrorContains(t, err, "a bundle of format 1 has no events")
}

// short is a whole bundle of few lines, with choices and events, for the fuzzer.
func short(t testing.TB) []byte {
	_, rep := sample(t)
	rep.Checkpoints, rep.Choices, rep.Events, rep.History = rep.Checkpoints[:2], rep.Choices[:4], rep.Events[:60], nil
	b, err := New(&report.Run{Report: rep})
	require.NoError(t, err)
	data, err := b.Bytes()
	require.NoError(t, err)
	return data
}

func FuzzParse(f *testing.F) {
	f.Add(short(f)) // small, so that the fuzzer is quick
	f.Add([]byte("zksim run bundle, format 1\n-- run.json --\n{\"seed\":\"0x1\",\"config\":{\"servers\":3,\"for_ns\":1,\"profile\":\"lan\"}}\n-- schedule --\nat 1s kill zk1 # c\n-- choices.jsonl --\n-- history.jsonl --\n-- note.md --\nhello"))
	f.Add([]byte("-- ../../etc/passwd --\nx\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Parse("x", data)
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		out, err := b.Bytes()
		require.NoError(t, err)
		back, err := Parse("x", out)
		require.NoError(t, err)
		again, err := back.Bytes()
		require.NoError(t, err)
		assert.Equal(t, string(out), string(again))
	})
}
