package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// impatient is an app whose standard input never ends: the user interrupts the
// command as soon as it reads again.
func impatient(t *testing.T, text string) *bench {
	b := newBench(mixed)
	pipe, writer := io.Pipe()
	t.Cleanup(func() { writer.Close() })
	interrupts := make(chan os.Signal, 1)
	go func() {
		_, _ = io.WriteString(writer, text)
		interrupts <- os.Interrupt
	}()
	b.stdin, b.interrupts = pipe, interrupts
	return b
}

// Whatever waits for standard input can be interrupted, and leaves nothing
// behind.
func TestInterruptedWhileItReads(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, args := range []string{"merge -", "check -", "replay -", "replay - --build", "shrink -", "bisect run -", "bisect faults -",
		"report -", "state zk1 --at 1s -"} {
		for _, text := range []string{"", "{\"client"} {
			b := impatient(t, text)
			assert.Equal(t, exitInterrupted, b.main(strings.Fields(args)), "%s: %s", args, b.err.String())
		}
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

// A merge that ends early leaves no half of a JUnit report.
func TestInterruptedMerge(t *testing.T) {
	files := shardFiles(t, []string{"1/1"}, "--seeds", "1-9")
	dir := t.TempDir()
	b := newBench(mixed)
	interrupts := make(chan os.Signal, 1)
	b.interrupts = interrupts
	b.stdout = &trigger{func() { interrupts <- os.Interrupt }}
	m := newMerger(b.enough)
	defer m.close()
	require.NoError(t, b.mergeFile(m, files[0]))
	cases, err := b.openJUnit(filepath.Join(dir, "x.xml"), false, &outFlags{})
	require.NoError(t, err)
	err = b.mergeLines(&mergeFlags{out: outFlags{json: true}}, m, newTally(), cases)
	require.ErrorIs(t, err, errInterrupted)
	require.NoError(t, cases.abandon())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)

	interrupts <- os.Interrupt
	again := newBench(mixed)
	again.interrupts = interrupts
	assert.Equal(t, exitInterrupted, again.main([]string{"merge", files[0], "--junit", filepath.Join(dir, "x.xml")}), again.err.String())
	left, err = os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// trigger is a writer that does something at the first write.
type trigger struct{ do func() }

func (w *trigger) Write(p []byte) (int, error) {
	if w.do != nil {
		w.do()
		w.do = nil
	}
	return len(p), nil
}

// What cannot be written leaves no half of a JUnit report either.
func TestMergeWithoutAReader(t *testing.T) {
	files := shardFiles(t, []string{"1/1"}, "--seeds", "1-40")
	dir := t.TempDir()
	b := newBench(mixed)
	b.stdout = brokenPipe{}
	assert.Equal(t, exitInternal, b.main([]string{"merge", files[0], "--json", "--junit", filepath.Join(dir, "x.xml")}))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}
