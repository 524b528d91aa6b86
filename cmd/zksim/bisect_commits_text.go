package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim/bisect"
	"github.com/zksim/zksim/sim/report"
)

// told is a line about a commit that was judged.
func (s *commitSearch) told(r *judged) string {
	line := fmt.Sprintf("%s  %-7s  ", r.commit.short(), r.word)
	if r.word == bisect.Skipped {
		return visible(line + r.detail)
	}
	return visible(line + fmt.Sprintf("%-6s  %s", r.rate(), r.commit.subject))
}

// print prints the result, and chooses the exit code.
func (s *commitSearch) print() error {
	_, ok := s.firstBad()
	if !ok {
		s.a.code = exitUnknown
	}
	if s.f.out.json {
		return s.a.printJSON(s.document())
	}
	_, err := io.WriteString(s.a.stdout, visible(s.text()))
	return err
}

// text is what a person reads.
func (s *commitSearch) text() string {
	var b strings.Builder
	if !s.f.out.quiet {
		b.WriteString("  " + s.summary())
	}
	first, ok := s.firstBad()
	if ok {
		fmt.Fprintf(&b, "  first bad: %s %q   (%s -> %s)\n", first.commit.short(), first.commit.subject,
			s.lastGood(s.search.Suspects()[0]).rate(), first.rate())
		return b.String()
	}
	list := s.suspects()
	fmt.Fprintf(&b, "  first bad: one of %d commits, which cannot be told apart\n", len(list))
	for _, r := range list {
		why := r.rate()
		if r.word == bisect.Skipped {
			why = r.detail
		}
		fmt.Fprintf(&b, "    %s %q   (%s)\n", r.commit.short(), r.commit.subject, why)
	}
	return b.String()
}

// summary is the line above the answer. Both ends of the range count as judged.
func (s *commitSearch) summary() string {
	skipped := s.skipped()
	line := fmt.Sprintf("%d of %s judged", len(s.order)-skipped, report.Plural(len(s.history)+1, "commit"))
	if skipped > 0 {
		line += fmt.Sprintf(", %d skipped (%s)", skipped, reasons(s.order))
	}
	return fmt.Sprintf("%s   each judged on 1 exact + %s\n", line, report.Plural(s.f.tries.n, "continued run"))
}

// interrupted makes an interruption the exit code, where nothing is there to be
// shown.
func (a *app) interrupted(err error) error {
	if !errors.Is(err, errInterrupted) {
		return err
	}
	a.code = exitInterrupted
	return nil
}

// abandoned says how far the search was when the user stopped it.
func (s *commitSearch) abandoned(err error) error {
	if !errors.Is(err, errInterrupted) {
		return err
	}
	s.a.code = exitInterrupted
	if s.f.out.json {
		return s.a.printJSON(s.document())
	}
	fmt.Fprintf(s.a.stdout, "INTERRUPTED  %s left of %d, %d judged\n", report.Plural(s.search.Left(), "suspect"), len(s.history), len(s.order)-s.skipped())
	_, err = fmt.Fprintf(s.a.stdout, "repro\n  %s\n", s.line())
	return err
}

// line is the command that searches again.
func (s *commitSearch) line() string {
	words := []string{"zksim bisect commits", repro.QuotePath(s.file), "--good", repro.Quote(s.f.good), "--bad", repro.Quote(s.f.bad)}
	if s.f.repo != "." {
		words = append(words, "--repo", repro.Quote(s.f.repo))
	}
	if s.f.tries.n != 20 {
		words = append(words, "--tries", s.f.tries.String())
	}
	return strings.Join(words, " ")
}

// commitsDocument is the JSON form of a search among commits.
type commitsDocument struct {
	Schema   int              `json:"schema"`
	Found    bool             `json:"found"`
	Property string           `json:"property"`
	Bundle   string           `json:"bundle"`
	Good     string           `json:"good"`
	Bad      string           `json:"bad"`
	Commits  int              `json:"commits"`   // in the range, the good end not counted
	Tries    int              `json:"tries"`     // continuations of each
	FirstBad *commitDocument  `json:"first_bad"` // null unless found
	LastGood *commitDocument  `json:"last_good"` // what it was compared with
	Suspects []commitDocument `json:"suspects"`  // the first bad one is among them; oldest first
	Judged   []commitDocument `json:"judged"`    // in the order in which they were
	Repro    []string         `json:"repro"`
}

// commitDocument is the JSON form of a commit.
type commitDocument struct {
	Commit    string `json:"commit"`
	Subject   string `json:"subject"`
	Judgement string `json:"judgement"`
	Failed    int    `json:"failed"`
	Runs      int    `json:"runs"`
	Reason    string `json:"reason"`
}

func (r *judged) document() commitDocument {
	return commitDocument{r.commit.id, r.commit.subject, r.word.String(), r.failed, r.runs, r.detail}
}

func (s *commitSearch) document() *commitsDocument {
	d := &commitsDocument{Schema: report.Schema, Property: s.property, Bundle: s.file, Good: s.good.id, Bad: s.history[0].id,
		Commits: len(s.history), Tries: s.f.tries.n, Suspects: []commitDocument{}, Judged: []commitDocument{}, Repro: []string{s.line()}}
	for _, r := range s.order {
		d.Judged = append(d.Judged, r.document())
	}
	for _, i := range s.search.Suspects() {
		c := &s.history[i]
		r := s.found[c.id]
		if r == nil { // an interrupted search has not come to it
			r = &judged{commit: c}
		}
		d.Suspects = append([]commitDocument{r.document()}, d.Suspects...)
	}
	if first, ok := s.firstBad(); ok && first != nil {
		bad, good := first.document(), s.lastGood(s.search.Suspects()[0]).document()
		d.Found, d.FirstBad, d.LastGood = true, &bad, &good
	}
	return d
}
