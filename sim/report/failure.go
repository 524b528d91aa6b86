package report

import (
	"fmt"

	"github.com/zksim/zksim/sim"
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
	schedule := r.Schedule()
	told := Story(r.Story, StoryMax)
	if !verbose {
		forStory := max(storyMin, room-2-min(len(schedule), scheduleMin))
		told = Story(r.Story, min(StoryMax, forStory))
		schedule = some(schedule, max(scheduleMin, room-2-len(told)), false)
	}
	lines := append(seen, numbered("story", told)...)
	lines = append(lines, titled(fmt.Sprintf("schedule (%s)", Plural(len(r.Schedule()), "statement")), schedule)...)
	lines = append(lines, tail...)
	if verbose {
		lines = append(lines, counters(r.Counts, true)...)
	}
	return lines
}

// seen is one sentence of what was seen.
func (r *Run) seen() []string {
	if r.Violation == nil {
		return []string{""}
	}
	return append(append([]string{""}, wrap(r.Violation.Detail, Columns)...), "")
}

func (r *Run) tail() []string {
	var lines []string
	if len(r.Drawn) > 0 {
		lines = list("drawn", r.Drawn)
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

// State tells what a server is in one line.
func State(s sim.ServerState) string {
	line := fmt.Sprintf("%v  %-8s", s.ID, s.Process)
	if s.Process == "up" {
		line += fmt.Sprintf("%-10v", s.Role)
	}
	line += fmt.Sprintf("accepted %d  current %d", s.AcceptedEpoch, s.CurrentEpoch)
	if s.Process != "up" {
		return line
	}
	if s.Serving {
		line += "  serving"
	}
	return line + fmt.Sprintf("  applied %s  tree %s", zxid(s.History), Hash(uint64(s.Digest)))
}

// States tells what every server was at the end, in lines under a title.
func (r *Run) States() []string {
	lines := []string{fmt.Sprintf("state at %s, step %d", Clock(r.Virtual), r.Step)}
	for _, s := range r.Servers {
		lines = append(lines, "  "+State(s))
	}
	return lines
}
