package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim/bisect"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// print prints the result, and chooses the exit code.
func (s *momentSearch) print() error {
	if s.a.code == exitOK && !s.turn.Decisive() {
		s.a.code = exitUnknown
	}
	if s.f.out.json {
		return s.a.printJSON(s.document())
	}
	_, err := io.WriteString(s.a.stdout, visible(s.text()))
	return err
}

// text is what a person reads.
func (s *momentSearch) text() string {
	if len(s.turn.Curve) == 0 {
		return fmt.Sprintf("INTERRUPTED  nothing is known yet\nrepro\n  zksim bisect run %s\n", repro.QuotePath(s.file))
	}
	var b strings.Builder
	if s.a.code == exitInterrupted {
		b.WriteString("INTERRUPTED  so far:\n")
	}
	first, last := s.turn.Curve[0], s.turn.Curve[len(s.turn.Curve)-1]
	fmt.Fprintf(&b, "  P(fail) %v %s %v   %s\n", report.Rate(first.Rate), s.bars(), report.Rate(last.Rate), s.answer())
	if s.f.out.quiet {
		return b.String()
	}
	if s.turn.Step != 0 {
		fmt.Fprintf(&b, "  %d of %d fresh runs fail that branch right before it, %d of %d right after\n",
			s.turn.Before.Failed, s.turn.Before.Runs, s.turn.After.Failed, s.turn.After.Runs)
	}
	s.printSteps(&b)
	fmt.Fprintf(&b, "  %s; %s\n", s.manner(), report.Plural(s.turn.Runs, "run"))
	if s.a.code == exitUnknown && s.bundle.Document.Shrunk != nil {
		b.WriteString("  the bundle was made small, and what is left decides together; try the one that it was made from\n")
	}
	if s.written != "" {
		fmt.Fprintf(&b, "  written to %s\n", repro.Quote(s.written))
	}
	for i, line := range s.sides() {
		b.WriteString([]string{"repro\n  ", "  "}[i] + line + "\n")
	}
	return b.String()
}

// answer is what was found.
func (s *momentSearch) answer() string {
	t := s.turn
	if t.Step == 0 {
		return s.unnamed()
	}
	where := s.where(t.Step)
	switch {
	case t.Decisive():
		return "jump at " + where
	case len(t.Others) > 0 && bisect.JoinUp(s.steps()):
		return fmt.Sprintf("no event alone decides, but %d together do", len(t.Others)+1)
	case len(t.Others) > 0:
		return "no event decides; the largest rises are at " + s.places()
	}
	return fmt.Sprintf("no event decides; the largest rise, %v -> %v, is at %s", report.Rate(t.Before), report.Rate(t.After), where)
}

// unnamed is why no event is named.
func (s *momentSearch) unnamed() string {
	t := s.turn
	between := fmt.Sprintf("between steps %d and %d", t.From, t.To)
	switch {
	case t.Why == bisect.Alike:
		return fmt.Sprintf("not judged: too few of the runs that branch at steps %d and %d differ", t.From, t.To)
	case t.Why == bisect.UsedUp:
		return fmt.Sprintf("not narrowed down: %s; --runs may allow more than %d", between, s.f.runs.n)
	case t.From == 0 && t.To == s.last:
		return "no event decides: the run fails from its beginning on"
	}
	return "no event decides: the chance rises bit by bit, most " + between
}

// places are the steps of the events at which the chance rises.
func (s *momentSearch) places() string {
	var steps []string
	for _, r := range s.steps() {
		steps = append(steps, fmt.Sprint(r.Step))
	}
	return "steps " + strings.Join(steps[:len(steps)-1], ", ") + " and " + steps[len(steps)-1]
}

// where is an event with its instant, in words.
func (s *momentSearch) where(step uint64) string {
	where := fmt.Sprintf("step %d", step)
	if e := s.events[step]; e != nil {
		where += " (" + report.Clock(e.At) + "): " + e.String()
	}
	return where
}

// steps are the events at which the chance rises, in their order, where it takes
// more than one.
func (s *momentSearch) steps() []bisect.Rise {
	if s.turn.Step == 0 || len(s.turn.Others) == 0 {
		return nil
	}
	list := append(slices.Clone(s.turn.Others), s.turn.Rise)
	slices.SortFunc(list, func(a, b bisect.Rise) int { return cmp.Compare(a.Step, b.Step) })
	return list
}

// printSteps prints them.
func (s *momentSearch) printSteps(b *strings.Builder) {
	for _, r := range s.steps() {
		fmt.Fprintf(b, "  %v -> %v  %s\n", report.Rate(r.Before), report.Rate(r.After), s.where(r.Step))
	}
}

// manner says what continuations have met, and what was drawn anew in them.
func (s *momentSearch) manner() string {
	faults := "all faults are kept; "
	if s.turn.Calm {
		faults = "no fault begins where a run branches or later: with all of them it fails too often or bit by bit\n  "
	}
	return faults + map[engine.Draws]string{
		engine.DrawsAll:     "everything else is drawn anew",
		engine.DrawsDelays:  "delays are drawn anew; whom faults hit, what they leave and what clients ask for is not",
		engine.DrawsChoices: "whom faults hit and what they leave is drawn anew; delays and what clients ask for are not",
	}[s.turn.Only]
}

// bars draws the curve, an eighth of the run each, and its end.
func (s *momentSearch) bars() string {
	marks := []rune("▁▂▃▄▅▆▇█")
	if !s.a.speaksUTF8() {
		marks = []rune("_.-~=+*#")
	}
	const parts = 8
	var b strings.Builder
	for i := range uint64(parts) {
		b.WriteRune(bar(marks, s.before(s.last/parts*i)))
	}
	b.WriteRune(bar(marks, s.before(s.last)))
	return b.String()
}

// before is the last point of the curve up to a step.
func (s *momentSearch) before(step uint64) bisect.Point {
	i, known := slices.BinarySearchFunc(s.turn.Curve, step, func(p bisect.Point, step uint64) int {
		switch {
		case p.Step < step:
			return -1
		case p.Step > step:
			return 1
		}
		return 0
	})
	if !known {
		i = max(0, i-1)
	}
	return s.turn.Curve[i]
}

// bar is a rate as one of some marks.
func bar(marks []rune, p bisect.Point) rune {
	return marks[min(p.Failed*len(marks)/max(1, p.Runs), len(marks)-1)]
}

// speaksUTF8 reports whether the locale has the characters of bars; where none is
// set, as in many containers, it has.
func (a *app) speaksUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(a.env(name)); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return true
}

// momentDocument is the JSON form of a search for an event.
type momentDocument struct {
	Schema   int              `json:"schema"`
	Found    bool             `json:"found"` // an event decides
	Property string           `json:"property"`
	Bundle   string           `json:"bundle"`
	Steps    uint64           `json:"steps"` // of the run
	Calm     bool             `json:"calm"`  // continuations met no faults but those that had begun
	Only     string           `json:"only"`  // delays or choices: what alone was drawn anew in them; empty: everything
	Jump     *report.Turning  `json:"jump"`  // the event with the largest rise; null where it is not known
	Parts    []report.Turning `json:"parts"` // where it takes more than one event: all that have a part in the rise, in order
	From     uint64           `json:"from"`  // where it is not known: it lies behind this step
	To       uint64           `json:"to"`    // and not behind this one
	Why      bisect.Why       `json:"why"`   // and why: runs, alike or gradual; empty where it is known
	Curve    []pointDocument  `json:"curve"`
	Runs     int              `json:"runs"`
	Artifact artifacts        `json:"artifacts"`
	Repro    []string         `json:"repro"`
}

// artifacts are files by kind.
type artifacts map[string]string

// pointDocument is the JSON form of a point of the curve.
type pointDocument struct {
	Step   uint64 `json:"step"` // so many steps were as they are
	Failed int    `json:"failed"`
	Runs   int    `json:"runs"`
}

func (s *momentSearch) document() *momentDocument {
	t := s.turn
	d := &momentDocument{Schema: report.Schema, Found: t.Decisive(), Property: s.property, Bundle: s.file, Steps: s.last, Calm: t.Calm, Only: string(t.Only), Parts: []report.Turning{},
		Jump: s.turning(t.Rise), From: t.From, To: t.To, Why: t.Why, Curve: []pointDocument{}, Runs: t.Runs, Artifact: artifacts{}, Repro: append([]string{}, s.sides()...)}
	for _, p := range t.Curve {
		d.Curve = append(d.Curve, pointDocument{p.Step, p.Failed, p.Runs})
	}
	for _, r := range s.steps() {
		if part := s.turning(r); part != nil {
			d.Parts = append(d.Parts, *part)
		}
	}
	if s.written != "" {
		d.Artifact["bundle"] = s.written
	}
	return d
}
