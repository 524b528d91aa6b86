package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/fault"
)

// seedValue is the value of --seed.
type seedValue struct {
	seed  uint64
	given bool
}

// Set takes a decimal number, or a hexadecimal one after 0x.
func (v *seedValue) Set(s string) error {
	n, err := repro.ParseSeed(s)
	if err != nil {
		return err
	}
	v.seed, v.given = n, true
	return nil
}

// String prints nothing for a seed that is to be drawn.
func (v *seedValue) String() string {
	if !v.given {
		return ""
	}
	return repro.Seed(v.seed)
}

// Type is the placeholder in help.
func (v *seedValue) Type() string { return "N" }

// countValue is a number of servers or clients.
type countValue struct {
	n    int
	min  int
	noun string // in the plural
}

// Set takes a whole number from min.
func (v *countValue) Set(s string) error {
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		return fmt.Errorf("the number of %s is a whole number, such as 5", v.noun)
	case n < 0:
		return fmt.Errorf("the number of %s cannot be below zero; give a number from %d", v.noun, v.min)
	case n < v.min:
		return fmt.Errorf("a run without %s tells nothing; give a number from %d", v.noun, v.min)
	}
	v.n = n
	return nil
}

// String prints the number.
func (v *countValue) String() string { return strconv.Itoa(v.n) }

// Type is the placeholder in help.
func (v *countValue) Type() string { return "N" }

// spanValue is a virtual duration above zero.
type spanValue struct{ d time.Duration }

// Set takes a Go duration.
func (v *spanValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil && isNumber(s):
		return fmt.Errorf("a duration needs a unit; for seconds write %ss", s)
	case err != nil:
		return errors.New("a duration is a number with a unit, such as 90s, 10m or 1h30m")
	case d < 0:
		return errors.New("a run cannot last less than no time at all; give a duration above zero, such as 60s")
	case d == 0:
		return errors.New("a run of no time tells nothing; give a duration above zero, such as 60s")
	}
	v.d = d
	return nil
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// String prints the duration without zero parts.
func (v *spanValue) String() string { return repro.Span(v.d) }

// Type is the placeholder in help.
func (v *spanValue) Type() string { return "TIME" }

// faultsValue collects --fault.
type faultsValue struct{ list []fault.Statement }

// Set adds a statement.
func (v *faultsValue) Set(s string) error {
	st, err := fault.Parse(s)
	if err != nil {
		return err
	}
	v.list = append(v.list, st)
	return nil
}

// String prints the statements, separated as in a schedule written on one line.
func (v *faultsValue) String() string {
	var lines []string
	for _, st := range v.list {
		lines = append(lines, st.String())
	}
	return strings.Join(lines, "; ")
}

// Type is the placeholder in help.
func (v *faultsValue) Type() string { return "STMT" }

// bugsValue collects --bug.
type bugsValue struct{ bugs node.Bugs }

// Set plants a bug.
func (v *bugsValue) Set(s string) error {
	if repro.Plant(&v.bugs, s) {
		return nil
	}
	return fmt.Errorf("no such planted bug in this version; it has %s", strings.Join(repro.AllSlugs(), ", "))
}

// String prints the names.
func (v *bugsValue) String() string { return strings.Join(repro.Slugs(v.bugs), ",") }

// Type is the placeholder in help.
func (v *bugsValue) Type() string { return "SLUG" }

// wordValue is one of a few words, or any word when none are listed.
type wordValue struct {
	word  string
	words []string
	kind  string
}

// Set takes a word.
func (v *wordValue) Set(s string) error {
	if v.words != nil && !slices.Contains(v.words, s) {
		return fmt.Errorf("this is one of %s", strings.Join(v.words, ", "))
	}
	v.word = s
	return nil
}

// String prints the word.
func (v *wordValue) String() string { return v.word }

// Type is the placeholder in help.
func (v *wordValue) Type() string { return v.kind }
