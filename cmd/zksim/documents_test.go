package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	inDocument = regexp.MustCompile("(?m)(?:go run \\./cmd/zksim|^\\$ zksim|`zksim) ([^`#\\n]*[^`#\\s])")
	shellWord  = regexp.MustCompile(`'[^']*'|\S+`)
)

// Every command line that the documents show is one that the command accepts.
func TestCommandsInDocuments(t *testing.T) {
	seen := 0
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "docs/model.md"} {
		text, err := os.ReadFile("../../" + name)
		require.NoError(t, err)
		for _, m := range inDocument.FindAllStringSubmatch(string(text), -1) {
			seen++
			b := newBench(reportOK)
			assert.Equal(t, exitOK, b.main(words(m[1])), "%s: zksim %s: %s", name, m[1], b.err.String())
		}
	}
	assert.GreaterOrEqual(t, seen, 4, "the documents show commands")
}

// words splits a line as a shell does that knows single quotes only. The dots
// that stand for a seed become one.
func words(line string) []string {
	var out []string
	for _, w := range shellWord.FindAllString(line, -1) {
		if w == "0x…" {
			w = "0x1"
		}
		if len(w) > 1 && w[0] == '\'' {
			w = w[1 : len(w)-1]
		}
		out = append(out, w)
	}
	return out
}

func TestWords(t *testing.T) {
	assert.Equal(t, []string{"run", "--seed", "0x1", "--fault", "at 10s kill leader"}, words("run --seed 0x… --fault 'at 10s kill leader'"))
}
