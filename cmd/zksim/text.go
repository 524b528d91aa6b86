package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim"
)

// columns is the width that text output keeps to.
const columns = 80

// result is a finished run with what only the command knows about it.
type result struct {
	report *sim.Report
	wall   time.Duration
	build  build
	repro  string
}

// printResult prints a result in the form that was asked for.
func (a *app) printResult(f *runFlags, res result) error {
	if f.json {
		return a.printJSON(res.document())
	}
	var b strings.Builder
	writeHeadline(&b, res, a.colourful(f.color.word))
	if !f.quiet {
		writeRun(&b, res)
		writeViolation(&b, res)
		writeDrawn(&b, res.report)
		writeCounts(&b, res.report.Counts, f.verbose)
	}
	if f.verbose {
		writeCheckpoints(&b, res.report.Checkpoints)
	}
	_, err := io.WriteString(a.stdout, b.String())
	return err
}

// writeHeadline writes the verdict, first, and the version on the right.
func writeHeadline(b *strings.Builder, res result, colour bool) {
	rep := res.report
	word := strings.ToUpper(string(rep.Verdict))
	line := word
	if v := rep.Violation; v != nil {
		line += "  " + string(v.Property)
	}
	pad := max(2, columns-len(line)-len(res.build.String()))
	line += strings.Repeat(" ", pad) + res.build.String()
	if colour {
		line = verdictColour(rep.Verdict) + word + plain + line[len(word):]
	}
	b.WriteString(line + "\n")
}

func verdictColour(v sim.Verdict) string {
	switch v {
	case sim.VerdictOK:
		return green
	case sim.VerdictViolated:
		return red
	}
	return yellow
}

// writeRun writes what identifies the run.
func writeRun(b *strings.Builder, res result) {
	rep, cfg := res.report, res.report.Config
	fmt.Fprintf(b, "seed %s  profile %s  %s  %s\n", repro.Seed(cfg.Seed), cfg.Profile,
		plural(cfg.Servers, "server"), plural(max(0, cfg.Clients), "client"))
	fmt.Fprintf(b, "%s virtual (%d.%02d s)  hash %s\n", repro.Span(rep.Virtual.Truncate(time.Millisecond)),
		int64(res.wall/time.Second), int64(res.wall%time.Second/(10*time.Millisecond)), repro.Hash(rep.Hash))
	for _, st := range cfg.Faults {
		fmt.Fprintf(b, "fault %v\n", st)
	}
	for _, slug := range repro.Slugs(cfg.Bugs) {
		fmt.Fprintf(b, "bug %s\n", slug)
	}
}

// writeViolation writes where and when a property ceased to hold, what was
// seen, and how to see it again.
func writeViolation(b *strings.Builder, res result) {
	rep := res.report
	if v := rep.Violation; v != nil {
		fmt.Fprintf(b, "at %s  step %d%s\n\n", clockText(v.At), rep.Step, placeText(v))
		writeWrapped(b, v.Detail)
	}
	if rep.Verdict != sim.VerdictOK {
		fmt.Fprintf(b, "\nrepro\n  %s\n", res.repro)
	}
}

func placeText(v *proto.Violation) string {
	var s string
	if v.Server != 0 {
		s += "  " + v.Server.String()
	}
	if v.Place != "" {
		s += "  (" + v.Place + ")"
	}
	return s
}

// writeWrapped writes text indented and broken at blanks. Its own line breaks
// stay: a detail may be a list.
func writeWrapped(b *strings.Builder, text string) {
	for line := range strings.Lines(text) {
		width := 0
		for word := range strings.FieldsSeq(line) {
			if width > 0 && width+1+len(word) > columns {
				b.WriteString("\n")
				width = 0
			}
			if width == 0 {
				b.WriteString(" ")
				width = 1
			}
			b.WriteString(" " + word)
			width += 1 + len(word)
		}
		b.WriteString("\n")
	}
}

func writeDrawn(b *strings.Builder, rep *sim.Report) {
	if len(rep.Drawn) == 0 {
		return
	}
	b.WriteString("\n")
	writeList(b, "drawn", rep.Drawn)
}

// writeList writes items after a label, as many on a line as fit.
func writeList(b *strings.Builder, label string, items []string) {
	const margin = 12
	line := fmt.Sprintf("%-*s", margin, label)
	for i, item := range items {
		if i > 0 && len(line)+2+len(item) > columns {
			b.WriteString(line + "\n")
			line = strings.Repeat(" ", margin)
		}
		if len(line) > margin {
			line += "  "
		}
		line += item
	}
	b.WriteString(line + "\n")
}

// writeCounts writes the counters by subject. Without all, those of the
// machinery are left out.
func writeCounts(b *strings.Builder, c sim.Counts, all bool) {
	b.WriteString("\n")
	writeList(b, "elections", []string{number(c.Elections), "DIFF " + number(c.Diff), "TRUNC " + number(c.Trunc), "SNAP " + number(c.Snap)})
	writeList(b, "sessions", []string{number(c.SessionsOpened) + " opened", number(c.SessionsExpired) + " expired",
		number(c.SessionsClosed) + " closed", number(c.Reconnects) + " reconnects"})
	writeList(b, "operations", []string{number(c.Operations), number(c.OperationsOK) + " ok",
		number(c.OperationsFailed) + " failed", number(c.OperationsUnknown) + " unknown", number(c.Watches) + " watch events"})
	writeList(b, "txns", []string{number(c.Txns), number(c.Snapshots) + " snapshots", number(c.Fsyncs) + " fsyncs"})
	writeList(b, "faults", faultCounts(c))
	if all {
		writeList(b, "events", []string{number(c.Events), number(c.Messages) + " messages", number(c.Bytes) + " bytes"})
	}
}

// faultCounts counts what was done to servers. What should be rare is told only
// when it happened.
func faultCounts(c sim.Counts) []string {
	items := []string{number(c.Crashes) + " crashes", number(c.Kills) + " kills", number(c.Starts) + " starts"}
	if c.Exits > 0 {
		items = append(items, number(c.Exits)+" exits")
	}
	if c.FaultsOnNobody > 0 {
		items = append(items, number(c.FaultsOnNobody)+" selected nobody")
	}
	return items
}

func writeCheckpoints(b *strings.Builder, list []sim.Checkpoint) {
	b.WriteString("\ncheckpoints\n")
	for _, c := range list {
		fmt.Fprintf(b, "  %s  step %-10d hash %s\n", clockText(c.At), c.Step, repro.Hash(c.Hash))
	}
}

// printInterrupted says what was being done when the user stopped it.
func (a *app) printInterrupted(f *runFlags, cfg sim.Config, res result) error {
	a.code = exitInterrupted
	if f.json {
		res.report = &sim.Report{Config: cfg, Verdict: sim.VerdictUnknown}
		doc := res.document()
		doc.Detail = "interrupted before the end"
		return a.printJSON(doc)
	}
	_, err := fmt.Fprintf(a.stdout, "INTERRUPTED after %s\nrepro\n  %s\n", repro.Span(res.wall.Truncate(time.Millisecond)), res.repro)
	return err
}

// clockText prints an instant of a run as minutes, seconds and milliseconds.
func clockText(at time.Duration) string {
	ms := at.Milliseconds()
	return fmt.Sprintf("%02d:%02d.%03d", ms/60000, ms/1000%60, ms%1000)
}

// number prints a count with commas between thousands.
func number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
