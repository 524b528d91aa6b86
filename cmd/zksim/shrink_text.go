package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/zksim/zksim/sim/report"
	"github.com/zksim/zksim/sim/shrink"
)

// shrinkDocument is the JSON form of a shrinking: the small run, and how it was
// found.
type shrinkDocument struct {
	*report.Document
	Ended string `json:"ended"` // done, runs or interrupted
	Runs  int    `json:"runs"`  // that were tried this time
}

// ended says in a word why the search ended, and in a sentence what that means.
func (s *shrinking) ended() (word, sentence string) {
	switch s.result.Ending {
	case shrink.EndRuns:
		return "runs", fmt.Sprintf("all of --runs %d; with more it may become smaller", s.f.runs.n)
	case shrink.EndStopped:
		return "interrupted", "interrupted; this is what was reached"
	}
	return "done", "nothing smaller was found"
}

func (s *shrinking) print(run *report.Run) error {
	if s.f.out.json {
		word, _ := s.ended()
		return s.a.printJSON(&shrinkDocument{run.Document(), word, s.result.Runs})
	}
	to := s.a.stdout
	if s.path == "-" { // the bundle is there
		to = s.a.stderr
	}
	_, err := io.WriteString(to, s.text(run))
	return err
}

// text is what a person reads: what became smaller, the schedule that is left, and
// how to see it.
func (s *shrinking) text(run *report.Run) string {
	from, to := s.result.From, s.result.To
	place := ""
	if v := run.Violation; v.Place != "" {
		place = "  (" + v.Place + ")"
	}
	lines := []string{fmt.Sprintf("SHRUNK  %s%s  %d -> %d statements  %s", run.Violation.Property, place, from.Statements, to.Statements, s.path)}
	if s.f.out.quiet {
		return lines[0] + "\n"
	}
	row := func(name, from, to string) { lines = append(lines, fmt.Sprintf("%-12s%s -> %s", name, from, to)) }
	lines = append(lines, "")
	row("statements", number(from.Statements), number(to.Statements))
	row("servers", number(from.Servers), number(to.Servers))
	row("clients", number(from.Clients), number(to.Clients))
	row("operations", report.Number(from.Operations), report.Number(to.Operations))
	row("for", report.Span(from.For), report.Span(to.For))
	_, sentence := s.ended()
	lines = append(lines, fmt.Sprintf("%-12s%s  %s", "runs", number(s.result.Runs), sentence))
	lines = append(lines, fmt.Sprintf("schedule (%d of %s kept)", len(run.Schedule), report.Plural(from.Statements, "statement")))
	for _, st := range run.Statements() {
		lines = append(lines, "  "+st)
	}
	lines = append(lines, "repro")
	for _, line := range run.Repro {
		lines = append(lines, "  "+line)
	}
	return strings.Join(lines, "\n") + "\n"
}
