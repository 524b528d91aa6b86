package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// The screen that the report of a failure fits, if its sentence is no longer
// than usual. Story and schedule share the lines that the rest leaves.
const (
	screen      = 24
	storyMin    = 4
	scheduleMin = 3
)

// failure is the rest of the report of a run that is not ok: what was seen, the
// story, the schedule, the drawn parameters, and how to see it again.
func (r *Run) failure(verbose bool) []string {
	seen := r.seen()
	tail := r.tail()
	room := screen - 1 - len(r.identity()) - len(seen) - len(tail) // the headline is one line
	schedule := r.Statements()
	told := StoryOf(r.Report, StoryMax)
	if !verbose {
		forStory := max(storyMin, room-2-min(len(schedule), scheduleMin))
		told = StoryOf(r.Report, min(StoryMax, forStory))
		schedule = r.latest(max(scheduleMin, room-2-len(told)))
	}
	lines := append(seen, numbered("story", told)...)
	lines = append(lines, titled(r.scheduleTitle(), schedule)...)
	lines = append(lines, tail...)
	if verbose {
		lines = append(lines, counters(r.Counts, true)...)
	}
	return lines
}

// latest is the schedule, if it is no longer than so many lines, else the last
// statements that began before the end of the run: the end is what they explain.
func (r *Run) latest(most int) []string {
	if len(r.Schedule) <= most {
		return r.Statements()
	}
	begun := slices.DeleteFunc(slices.Clone(r.Schedule), func(s fault.Statement) bool { return s.At > r.Virtual })
	slices.SortStableFunc(begun, func(a, b fault.Statement) int { return cmp.Compare(a.At, b.At) })
	begun = begun[max(0, len(begun)-most+1):]
	lines := []string{fmt.Sprintf("… %d others (-v shows all)", len(r.Schedule)-len(begun))}
	for _, s := range begun {
		lines = append(lines, clip(s.String(), Columns-2))
	}
	return lines
}

// seen is one sentence of what was seen.
func (r *Run) seen() []string {
	detail := r.doubts()
	if r.Violation != nil {
		detail = r.Violation.Detail
	}
	if detail == "" {
		return []string{""}
	}
	return append(append([]string{""}, wrap(detail, Columns)...), "")
}

// doubts says what could not be decided, and why; "" of a run that is not unknown.
func (r *Run) doubts() string { return strings.Join(r.Doubts, "\n") }

func (r *Run) tail() []string {
	lines := r.turningPoint()
	if len(r.Drawn) > 0 {
		lines = append(lines, list("drawn", r.Drawn)...)
	}
	return append(lines, titled("repro", r.Repro)...)
}

func titled(title string, items []string) []string {
	if len(items) == 0 {
		return nil
	}
	lines := []string{title}
	for _, item := range items {
		lines = append(lines, "  "+item)
	}
	return lines
}

func numbered(title string, items []string) []string {
	if len(items) == 0 {
		return nil
	}
	lines := []string{title}
	for i, item := range items {
		lines = append(lines, fmt.Sprintf("%3d  %s", i+1, item))
	}
	return lines
}

// state tells what a server is in one line: role, epochs accepted and current,
// the last transaction and the digest of the tree.
func state(s engine.ServerState) string {
	if s.Process != "up" {
		return fmt.Sprintf("%v  %s  epochs %d/%d", s.ID, s.Process, s.AcceptedEpoch, s.CurrentEpoch)
	}
	serving := "not serving"
	if s.Serving {
		serving = "serving"
	}
	return fmt.Sprintf("%v  %v  %s  epochs %d/%d  %s  tree %x", s.ID, s.Role, serving,
		s.AcceptedEpoch, s.CurrentEpoch, zxid(s.History), uint64(s.Digest))
}

// ServerStates tells what every server was at the end, in lines under a title.
func (r *Run) ServerStates() []string {
	lines := []string{fmt.Sprintf("state at %s, step %d", Clock(r.Virtual), r.Step)}
	for _, s := range r.Servers {
		lines = append(lines, "  "+state(s))
	}
	return lines
}
