package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/engine"
)

var (
	inDocument = regexp.MustCompile("(?m)(?:go run \\./cmd/zksim|^\\$ zksim|`zksim) ([^`#\\n]*[^`#\\s])")
	shellWord  = regexp.MustCompile(`'[^']*'|\S+`)
)

// Every command line that the documents show is one that the command accepts.
func TestCommandsInDocuments(t *testing.T) {
	seen := 0
	bundle := bundleOf(t, newBench(engine.Run), "--seed", "1")
	texts := map[string]string{}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "docs/model.md", "docs/explore.md",
		"docs/testing.md", "docs/ci.md", "docs/stability.md"} {
		text, err := os.ReadFile("../../" + name)
		require.NoError(t, err)
		texts[name] = string(text)
	}
	t.Chdir(t.TempDir()) // --out writes there
	for name, text := range texts {
		for _, m := range inDocument.FindAllStringSubmatch(text, -1) {
			args := words(m[1])
			if len(args) == 1 { // a verb is spoken of
				continue
			}
			seen++
			for i, w := range args {
				if strings.HasSuffix(w, ".simrun") {
					args[i] = bundle
				}
				if i > 0 && args[i-1] == "--timeout" {
					args[i] = "20ms"
				}
			}
			b := newBench(reportOK)
			if args[0] == "replay" || args[0] == "report" {
				b = newBench(engine.Run)
			}
			code := b.main(args)
			if slices.Contains([]string{"run", "explore", "replay", "check", "report"}, args[0]) {
				assert.Equal(t, exitOK, code, "%s: zksim %s: %s", name, m[1], b.err.String())
			}
			// The bundle is of a run that is ok, and files that are named are not there.
			assert.NotEqual(t, exitUsage, code, "%s: zksim %s: %s", name, m[1], b.err.String())
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
