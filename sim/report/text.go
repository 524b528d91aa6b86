package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// Options say how much text is wanted.
type Options struct {
	Colour  bool
	Quiet   bool // the verdict line only
	Verbose bool // every counter and statement, and the checkpoints
}

// Text writes a run for a person: that of a failure is on one screen.
func (r *Run) Text(o Options) string {
	lines := []string{r.headline(o.Colour)}
	if !o.Quiet {
		lines = append(lines, r.identity()...)
		if r.Verdict == engine.VerdictOK {
			lines = append(lines, r.success(o.Verbose)...)
		} else {
			lines = append(lines, r.failure(o.Verbose)...)
		}
		lines = append(lines, r.pictures()...)
	}
	if o.Verbose {
		lines = append(lines, checkpoints(r.Checkpoints)...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// Colours of verdicts. Words carry the meaning; colour only helps.
const (
	green  = "\x1b[32m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

// Paint colours the word of a verdict.
func Paint(word string, v engine.Verdict, colour bool) string {
	switch {
	case !colour:
		return word
	case v == engine.VerdictOK:
		return green + word + plain
	case v == engine.VerdictViolated:
		return red + word + plain
	}
	return yellow + word + plain
}

// headline is the verdict, first, and the version on the right.
func (r *Run) headline(colour bool) string {
	word := strings.ToUpper(string(r.Verdict))
	rest := ""
	if v := r.Violation; v != nil {
		rest = "  " + string(v.Property)
	}
	if r.Stopped {
		rest += " so far"
	}
	pad := max(2, Columns-len(word)-len(rest)-len(r.Build.String()))
	return Paint(word, r.Verdict, colour) + rest + strings.Repeat(" ", pad) + r.Build.String()
}

// identity is what tells the run from others.
func (r *Run) identity() []string {
	cfg := r.Config
	lines := []string{
		fmt.Sprintf("seed %s  profile %s  %s  %s", Seed(cfg.Seed), cfg.Profile,
			Plural(cfg.Servers, "server"), Plural(max(0, cfg.Clients), "client")),
		fmt.Sprintf("%s virtual%s  hash %s", Span(r.Virtual.Truncate(time.Millisecond)), wall(r.Wall), Hash(r.Hash)),
	}
	if v := r.Violation; v != nil {
		lines = append(lines, fmt.Sprintf("at %s  step %d%s", Clock(v.At), r.Step, place(v)))
	}
	for _, slug := range r.Config.Bugs.Slugs() {
		lines = append(lines, "bug "+slug)
	}
	return append(lines, r.leftOut()...)
}

// wall is how long a run took by the real clock; nothing where nobody has looked.
func wall(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d.%02d s)", int64(d/time.Second), int64(d%time.Second/(10*time.Millisecond)))
}

func place(v *proto.Violation) string {
	var s string
	if v.Server != 0 {
		s += "  " + v.Server.String()
	}
	if v.Place != "" {
		s += "  (" + v.Place + ")"
	}
	return s
}

// success is the rest of the report of a run that is ok.
func (r *Run) success(verbose bool) []string {
	var lines []string
	for _, st := range some(r.Statements(), scheduleShown, verbose) {
		lines = append(lines, "fault "+st)
	}
	lines = append(lines, r.drawn()...)
	return append(lines, counters(r.Counts, verbose)...)
}

func (r *Run) drawn() []string {
	if len(r.Drawn) == 0 {
		return nil
	}
	return append([]string{""}, list("drawn", r.Drawn)...)
}

// scheduleShown is how many statements the report of a run that is ok shows.
const scheduleShown = 6

// some keeps the first lines, and says how many more there are.
func some(lines []string, most int, all bool) []string {
	if all || len(lines) <= most {
		return lines
	}
	return append(lines[:most-1:most-1], fmt.Sprintf("… and %d more (-v shows all)", len(lines)-most+1))
}

func checkpoints(marks []engine.Checkpoint) []string {
	lines := []string{"", "checkpoints"}
	for _, c := range marks {
		lines = append(lines, fmt.Sprintf("  %s  step %-10d hash %s", Clock(c.At), c.Step, Hash(c.Hash)))
	}
	return lines
}

// counters are the counts by subject. Without all, those of the machinery are
// left out.
func counters(c engine.Counts, all bool) []string {
	lines := []string{""}
	add := func(label string, items ...string) { lines = append(lines, list(label, items)...) }
	add("elections", Number(c.Elections), "DIFF "+Number(c.Diff), "TRUNC "+Number(c.Trunc), "SNAP "+Number(c.Snap))
	add("sessions", Number(c.SessionsOpened)+" opened", Number(c.SessionsExpired)+" expired",
		Number(c.SessionsClosed)+" closed", Number(c.Reconnects)+" reconnects")
	add("operations", Number(c.Operations), Number(c.OperationsOK)+" ok",
		Number(c.OperationsFailed)+" failed", Number(c.OperationsUnknown)+" unknown", Number(c.Watches)+" watch events")
	add("txns", Number(c.Txns), Number(c.Snapshots)+" snapshots", Number(c.Fsyncs)+" fsyncs")
	add("faults", faultCounts(c)...)
	if all {
		add("events", Number(c.Events), Number(c.Messages)+" messages", Number(c.Bytes)+" bytes")
	}
	return lines
}

// faultCounts counts what was done to servers. What should be rare is told only
// when it happened.
func faultCounts(c engine.Counts) []string {
	items := []string{Number(c.Crashes) + " crashes", Number(c.Kills) + " kills", Number(c.Starts) + " starts"}
	for _, n := range Classes(c) {
		if n.Times > 0 && n.Name != fault.ClassCrash.String() && n.Name != fault.ClassKill.String() {
			items = append(items, Number(n.Times)+" "+n.Name)
		}
	}
	if c.Exits > 0 {
		items = append(items, Number(c.Exits)+" exits")
	}
	if c.FaultsOnNobody > 0 {
		items = append(items, Number(c.FaultsOnNobody)+" selected nobody")
	}
	return items
}
