package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/report"
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
	return report.Seed(v.seed)
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

// parseDuration reads a Go duration.
func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil && isNumber(s):
		return 0, fmt.Errorf("a duration needs a unit; for seconds write %ss", s)
	case err != nil:
		return 0, errors.New("a duration is a number with a unit, such as 90s, 10m or 1h30m")
	}
	return d, nil
}

// spanValue is a virtual duration above zero.
type spanValue struct{ d time.Duration }

// Set takes a Go duration.
func (v *spanValue) Set(s string) error {
	d, err := parseDuration(s)
	switch {
	case err != nil:
		return err
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
func (v *spanValue) String() string { return report.Span(v.d) }

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

// Set plants a bug. The word list is no bug: its error names all there are.
func (v *bugsValue) Set(s string) error {
	if s != "list" {
		return node.ParseBug(s, &v.bugs)
	}
	var slugs []string
	for _, bug := range node.PlantedBugs() {
		slugs = append(slugs, bug.Slug)
	}
	return fmt.Errorf("the bugs that can be planted are %s", strings.Join(slugs, ", "))
}

// String prints the names.
func (v *bugsValue) String() string { return v.bugs.String() }

// Type is the placeholder in help.
func (v *bugsValue) Type() string { return "SLUG" }

// propertyValue is the name of a property.
type propertyValue struct{ name string }

// declaredName is the form of the properties that people's own tests declare.
var declaredName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// Set takes one of the closed list, or the name of a property that a test of a
// person's own declares, see check.
func (v *propertyValue) Set(s string) error {
	if !slices.Contains(proto.Properties(), proto.Property(s)) && !declaredName.MatchString(s) {
		return errors.New(noProperty(s))
	}
	v.name = s
	return nil
}

// check refuses a name that nobody declares: b is nil where there is no bundle. A
// test may declare any, but its bundle fails with one of them.
func (v *propertyValue) check(b *bundle.Bundle) error {
	known := v.name == "" || slices.Contains(proto.Properties(), proto.Property(v.name))
	switch {
	case known || b != nil && b.Document.Test != "" && (b.Document.Property == "" || b.Document.Property == v.name):
		return nil
	case b != nil && b.Document.Test != "":
		return usagef("--expect %s: %s fails with %.60q in this bundle; did you mean that?", v.name, b.Document.Test, b.Document.Property)
	}
	return usagef("--expect %s: %s", v.name, noProperty(v.name))
}

// String prints the name, or nothing.
func (v *propertyValue) String() string { return v.name }

// Type is the placeholder in help.
func (v *propertyValue) Type() string { return "PROPERTY" }

// wordValue is one of a few words, or any word when none are listed.
type wordValue struct {
	word  string
	given bool
	words []string
	kind  string
}

// Set takes a word.
func (v *wordValue) Set(s string) error {
	if v.words != nil && !slices.Contains(v.words, s) {
		return fmt.Errorf("this is one of %s", strings.Join(v.words, ", "))
	}
	v.word, v.given = s, true
	return nil
}

// String prints the word.
func (v *wordValue) String() string { return v.word }

// Type is the placeholder in help.
func (v *wordValue) Type() string { return v.kind }

// wallValue is a duration of the real clock; 0 is no bound.
type wallValue struct{ d time.Duration }

// Set takes a Go duration above zero.
func (v *wallValue) Set(s string) error {
	d, err := parseDuration(s)
	if err == nil && d <= 0 {
		err = errors.New("give a duration above zero, such as 10m")
	}
	v.d = d
	return err
}

// String prints the duration, or nothing.
func (v *wallValue) String() string {
	if v.d == 0 {
		return ""
	}
	return report.Span(v.d)
}

// Type is the placeholder in help.
func (v *wallValue) Type() string { return "TIME" }

// momentValue is a step, or an instant of virtual time.
type momentValue struct{ moment engine.Moment }

// clockForm is the form in which reports print an instant: 00:38.551.
var clockForm = regexp.MustCompile(`^(\d{2,}):([0-5]\d(?:\.\d+)?)$`)

// parseInstant reads a Go duration, or what a report prints.
func parseInstant(s string) (time.Duration, error) {
	if m := clockForm.FindStringSubmatch(s); m != nil {
		s = m[1] + "m" + m[2] + "s"
	}
	return time.ParseDuration(s)
}

// Set takes a number of steps, or a Go duration or 00:38.551, above zero.
func (v *momentValue) Set(s string) error {
	v.moment = engine.Moment{}
	step, err := strconv.ParseUint(s, 10, 64)
	if err == nil {
		v.moment.Step = step
	} else if v.moment.At, err = parseInstant(s); err != nil {
		return errors.New("this is a step, such as 8410, or an instant, such as 38.5s")
	}
	if step == 0 && v.moment.At <= 0 {
		return errors.New("give a step or an instant above zero")
	}
	return nil
}

// given reports whether there is one.
func (v *momentValue) given() bool { return v.moment != engine.Moment{} }

// String prints the moment, or nothing.
func (v *momentValue) String() string {
	switch {
	case v.moment.Step > 0:
		return strconv.FormatUint(v.moment.Step, 10)
	case v.moment.At > 0:
		return report.Span(v.moment.At)
	}
	return ""
}

// Type is the placeholder in help.
func (v *momentValue) Type() string { return "STEP|TIME" }
