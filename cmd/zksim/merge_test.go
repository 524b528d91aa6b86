package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// linesOf reads what explore has printed with --json.
func linesOf(t *testing.T, text string) (list []*line) {
	t.Helper()
	for part := range strings.Lines(text) {
		l, err := parseLine([]byte(part))
		require.NoError(t, err)
		list = append(list, l)
	}
	return list
}

// shardFiles runs a search in shards and returns the files of their lines.
func shardFiles(t *testing.T, shards []string, args ...string) []string {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for _, shard := range shards {
		b := newBench(mixed)
		b.main(append([]string{"explore", "--json", "--quiet", "--shard", shard}, args...))
		require.Empty(t, b.err.String())
		path := filepath.Join(dir, strings.ReplaceAll(shard, "/", "-")+".jsonl")
		require.NoError(t, os.WriteFile(path, b.out.Bytes(), 0o666))
		files = append(files, path)
	}
	return files
}

// withoutSpeed is a summary without what hangs on the clock.
func withoutSpeed(text string) string {
	var kept []string
	for part := range strings.Lines(text) {
		if !strings.HasPrefix(part, "speed") {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "")
}

// What shards have found is what the whole search finds, to the letter.
func TestMergeIsTheWholeSearch(t *testing.T) {
	whole := newBench(mixed)
	code := whole.main([]string{"explore", "--seeds", "1-60", "--jobs", "2"})
	files := shardFiles(t, []string{"3/4", "1/4", "4/4", "2/4"}, "--seeds", "1-60")
	b := newBench(mixed)
	assert.Equal(t, code, b.main(append([]string{"merge"}, files...)), b.err.String())
	assert.Equal(t, withoutSpeed(whole.out.String()), withoutSpeed(b.out.String()))

	b = newBench(mixed)
	assert.Equal(t, code, b.main(append([]string{"merge", "--json", "--quiet"}, files...)))
	for i, l := range linesOf(t, b.out.String()) {
		assert.Equal(t, uint64(i+1), l.Search.Place)
	}
	assert.Empty(t, b.err.String())
}

// What somebody has written into the lines of a shard does not reach the terminal.
func TestMergeShowsWhatSteersATerminal(t *testing.T) {
	files := shardFiles(t, []string{"1/1"}, "--seeds", "1-60")
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	bad := strings.NewReplacer(`"place":"lag"`, `"place":"lag\u001b[2J\nOK  all is well\u202e"`, `"version":"`, `"version":"\u009b1m`).Replace(string(text))
	require.NotEqual(t, string(text), bad)
	require.NoError(t, os.WriteFile(files[0], []byte(bad), 0o666))
	b := newBench(mixed)
	assert.Equal(t, exitViolated, b.main(append([]string{"merge"}, files...)))
	assert.Contains(t, b.out.String(), `lag\x1b[2J\x0aOK  all is well\u202e`)
	assert.Contains(t, b.out.String(), `\x9b1m`)
	for _, steering := range []string{"\x1b", "\u009b", "\u202e", "\nOK  all"} {
		assert.NotContains(t, b.out.String(), steering)
	}
}

// Pieces of work that were not divided into shards can be joined too.
func TestMergeOfSeveralSearches(t *testing.T) {
	files := append(shardFiles(t, []string{"1/1"}, "--seeds", "1-2"), shardFiles(t, []string{"1/1"}, "--seeds", "4-5")...)
	b := newBench(mixed)
	assert.Equal(t, exitOK, b.main(append([]string{"merge"}, files...)), b.err.String())
	assert.Contains(t, b.out.String(), "OK  4 of 4 runs ok\n")
	assert.Contains(t, b.out.String(), "seeds 1-2, 4-5")
}

// edited writes a file with its lines changed.
func edited(t *testing.T, path string, change func(text string) string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	changed := change(string(text))
	require.NotEqual(t, string(text), changed)
	out := filepath.Join(t.TempDir(), "edited.jsonl")
	require.NoError(t, os.WriteFile(out, []byte(changed), 0o666))
	return out
}

func TestMergeRefusesWhatDoesNotFit(t *testing.T) {
	files := shardFiles(t, []string{"1/2", "2/2"}, "--seeds", "1-8")
	one, two := files[0], files[1]
	replace := func(old, with string) func(string) string {
		return func(text string) string { return strings.Replace(text, old, with, 1) }
	}
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"the same twice":  {[]string{one, two, one}, "1-2.jsonl:1: seed 0x0000000000000001 is also at "},
		"another profile": {[]string{one, edited(t, two, replace(`"profile":"swarm"`, `"profile":"lan"`))}, "edited.jsonl:1: the profile is lan, and swarm at "},
		"another size":    {[]string{one, shardFiles(t, []string{"2/2"}, "--seeds", "1-8", "--servers", "3")[0]}, "2-2.jsonl:1: the number of servers is 3, and 5 at "},
		"another fault": {[]string{one, shardFiles(t, []string{"2/2"}, "--seeds", "1-8", "--profile", "swarm", "--fault", "at 5s kill leader")[0]},
			"the list of faults is [at 5s kill leader], and [] at "},
		"another version":  {[]string{one, edited(t, two, replace(`"version":"devel"`, `"version":"v9"`))}, "edited.jsonl:1: the version is v9, and devel at "},
		"another commit":   {[]string{edited(t, one, func(s string) string { return strings.ReplaceAll(s, "c0ffee", "decaf") }), two}, "2-2.jsonl:1: the commit is c0ffee, and decaf at "},
		"another division": {[]string{one, shardFiles(t, []string{"2/3"}, "--seeds", "1-8")[0]}, "2-3.jsonl:1: the shard is 2/3, and at "},
		"another schema":   {[]string{one, edited(t, two, replace(`"schema":1`, `"schema":2`))}, "edited.jsonl:1: its schema is 2, this version reads 1"},
		"cut in line 1":    {[]string{one, edited(t, two, func(s string) string { return s[:20] })}, "edited.jsonl:1: the line has no end: the file was cut off"},
		"not ours":         {[]string{one, edited(t, two, func(s string) string { return "hello\n" + s })}, "edited.jsonl:1: this is no line of zksim explore --json"},
		"another object":   {[]string{one, edited(t, two, func(s string) string { return "{}\n" + s })}, "edited.jsonl:1: this is no line of zksim explore --json: it has no schema"},
		"two on a line":    {[]string{one, edited(t, two, replace("\n", " "))}, "edited.jsonl:1: this is no line of zksim explore --json: there is something behind"},
		"empty":            {[]string{one, edited(t, two, func(string) string { return "" })}, "edited.jsonl:1: the file is empty"},
		"moved":            {[]string{one, edited(t, two, replace(`"place":4`, `"place":6`))}, "edited.jsonl:2: seed 0x0000000000000004 is not at place 6 of shard 2/2"},
		"no such place":    {[]string{one, edited(t, two, replace(`"place":4`, `"place":0`))}, "edited.jsonl:2: seed 0x0000000000000004 is not at place 0"},
		"no verdict":       {[]string{one, edited(t, two, replace(`"verdict":"ok"`, `"verdict":"fine"`))}, `edited.jsonl:1: "fine" is no verdict`},
		"not there":        {[]string{one, "no-such-file"}, "no-such-file"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(mixed)
			assert.Equal(t, exitUnknown, b.main(append([]string{"merge"}, c.files...)))
			assert.Contains(t, b.err.String(), c.want)
			assert.Empty(t, b.out.String())
		})
	}
	b := newBench(mixed)
	assert.Equal(t, exitUsage, b.main([]string{"merge"}))
	b = newBench(mixed)
	assert.Equal(t, exitUsage, b.main([]string{"merge", "-", "-"}))
}

// What lacks is told, what is there is kept, and nothing is called ok.
func TestMergeOfAPart(t *testing.T) {
	files := shardFiles(t, []string{"1/3", "2/3", "3/3"}, "--seeds", "1,2,4,5,8,10")
	lastLine := func(s string) string { return s[:strings.LastIndex(s[:len(s)-1], "\n")+1] }
	firstLine := func(s string) string { return s[strings.Index(s, "\n")+1:] }
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"missing shard": {[]string{files[0], files[2]}, "shard 2/3 of the seeds 1,2,4,5,8,10 is missing: no file has a line of it"},
		"missing two":   {files[2:], "2 shards of the seeds 1,2,4,5,8,10 are missing, 1/3 is the first: no file has a line of them"},
		"missing end":   {[]string{files[0], files[1], edited(t, files[2], lastLine)}, "edited.jsonl:1: shard 3/3 of the seeds 1,2,4,5,8,10 ends here, after 1 of its 2 runs"},
		"cut in a line": {[]string{files[0], files[1], edited(t, files[2], func(s string) string { return s[:len(s)-20] })}, "edited.jsonl:2: the line has no end: the file was cut off"},
		"missing begin": {[]string{files[0], files[1], edited(t, files[2], firstLine)}, "the run at place 3 is missing before "},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(mixed)
			assert.Equal(t, exitUnknown, b.main(append([]string{"merge"}, c.files...)))
			assert.Contains(t, b.err.String(), c.want)
			assert.Regexp(t, `^UNKNOWN  \d of \d runs ok  incomplete\n`, b.out.String())
		})
	}
	b := newBench(mixed)
	assert.Equal(t, exitViolated, b.main([]string{"merge", shardFiles(t, []string{"1/2"}, "--seeds", "1-8")[0]}), "what is violated stays so")
}

// A shard that --timeout has cut is whole.
func TestMergeOfACutShard(t *testing.T) {
	files := shardFiles(t, []string{"1/2", "2/2"}, "--seeds", "1,2,4,5", "--timeout", "1h")
	b := newBench(mixed)
	assert.Equal(t, exitOK, b.main([]string{"merge", files[0], edited(t, files[1], func(s string) string { return s[:strings.Index(s, "\n")+1] })}))
	assert.Contains(t, b.out.String(), "OK  3 of 3 runs ok  cut by --timeout\n")
	assert.Empty(t, b.err.String())
}

func TestMergeReadsStandardInput(t *testing.T) {
	files := shardFiles(t, []string{"1/2", "2/2"}, "--seeds", "1,2,4,5")
	in, err := os.Open(files[1])
	require.NoError(t, err)
	defer in.Close()
	b := newBench(mixed)
	b.stdin = in
	assert.Equal(t, exitOK, b.main([]string{"merge", files[0], "-"}), b.err.String())
	assert.Contains(t, b.out.String(), "OK  4 of 4 runs ok\n")
}

// Whatever files hold, merge judges them or says what is wrong with them.
func FuzzMerge(f *testing.F) {
	b := newBench(mixed)
	b.main([]string{"explore", "--json", "--quiet", "--seeds", "1-3", "--shard", "1/2"})
	f.Add(b.out.Bytes(), []byte("{}\n"))
	f.Add(b.out.Bytes(), b.out.Bytes()[:100])
	f.Add([]byte(`{"schema":1,"verdict":"ok","seed":"0x1","search":{"shard":"1/1","place":1}}`+"\n"), []byte("\n"))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		m := newMerger(func() error { return nil })
		defer m.close()
		runs := 0
		for i, text := range [][]byte{one, two} {
			path := filepath.Join(t.TempDir(), "shard")
			require.NoError(t, os.WriteFile(path, text, 0o666))
			file, err := os.Open(path)
			require.NoError(t, err)
			if err := m.read("shard", file); err != nil {
				assert.Contains(t, err.Error(), "shard:", "the place of what is wrong in file %d", i)
				return
			}
			runs += strings.Count(string(text), "\n")
		}
		m.lacking()
		assert.Len(t, m.inOrder(), runs, "no line is lost")
	})
}
