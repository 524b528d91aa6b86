package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// junitReport is the form as readers of it see it.
type junitReport struct {
	XMLName xml.Name `xml:"testsuites"`
	Suite   struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Cases    []struct {
			Name    string     `xml:"name,attr"`
			Failure *junitText `xml:"failure"`
			Skipped *junitText `xml:"skipped"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func readJUnit(t require.TestingT, path string) *junitReport {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	r := &junitReport{}
	require.NoError(t, xml.Unmarshal(text, r))
	return r
}

// One case for each seed, in their order; what is violated fails with the text
// of what was seen, what is unknown is skipped.
func TestJUnitHasACaseForEachSeed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sim.xml")
	b := newBench(mixed)
	require.Equal(t, exitViolated, b.main([]string{"explore", "--seeds", "1-21", "--jobs", "3", "--junit", path}), b.err.String())
	s := readJUnit(t, path).Suite
	assert.Equal(t, []int{21, 7, 2}, []int{s.Tests, s.Failures, s.Skipped})
	require.Len(t, s.Cases, 21)
	assert.Equal(t, "seed 0x0000000000000001", s.Cases[0].Name)
	assert.Nil(t, s.Cases[0].Failure)
	require.NotNil(t, s.Cases[2].Failure)
	assert.Equal(t, "Progress", s.Cases[2].Failure.Type)
	assert.Contains(t, s.Cases[2].Failure.Text, "stuck")
	assert.Contains(t, s.Cases[2].Failure.Text, "zksim run --seed 0x0000000000000003 --profile swarm")
	assert.NotNil(t, s.Cases[6].Skipped)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	require.NoError(t, err)
	assert.Empty(t, left, "nothing else is left there")
}

// Whatever a detail says, the report can be read, and says it.
func TestJUnitTakesEveryText(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		detail := rapid.String().Draw(t, "detail")
		b := newBench(func(cfg engine.Config) (*engine.Report, error) {
			return &engine.Report{Config: cfg, Verdict: engine.VerdictViolated, Violation: &proto.Violation{Property: proto.Progress, Place: detail, Detail: detail}}, nil
		})
		path := filepath.Join(dir, "sim.xml")
		require.Equal(t, exitViolated, b.main([]string{"explore", "--seeds", "1", "--junit", path, "--force"}), b.err.String())
		failure := readJUnit(t, path).Suite.Cases[0].Failure
		require.NotNil(t, failure)
		want := strings.Map(func(r rune) rune {
			if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff || r == utf8.RuneError {
				return -1
			}
			return r
		}, detail)
		require.Contains(t, failure.Text, want)
	})
}

// A search that ends early leaves a whole report of what was finished.
func TestJUnitOfAnInterruptedSearch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sim.xml")
	interrupts := make(chan os.Signal, 1)
	b := newBench(func(cfg engine.Config) (*engine.Report, error) {
		if cfg.Seed == 3 {
			interrupts <- os.Interrupt
			select {}
		}
		return mixed(cfg)
	})
	b.interrupts = interrupts
	assert.Equal(t, exitInterrupted, b.main([]string{"explore", "--seeds", "1-9", "--jobs", "1", "--junit", path}))
	assert.Len(t, readJUnit(t, path).Suite.Cases, 2)
}
