package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// line tells a kind: how often, the seed of the first, and where to find it.
func (k *kind) line() string {
	word := "FAIL"
	if k.verdict == engine.VerdictUnknown {
		word = "UNKNOWN"
	}
	line := fmt.Sprintf("%s  %-18s  %-24s  %s  first %s", word, k.property, k.place, report.Plural(k.count, "seed"), k.first)
	if k.bundle != "" {
		line += "  " + k.bundle
	}
	return visibleLine(line)
}

// results tells what was found: the verdict, then the distinct failures.
func (t *tally) results(ending string, colour bool) []string {
	lines := []string{t.verdictLine(colour) + ending}
	for _, k := range t.failures() {
		lines = append(lines, k.line())
	}
	return lines
}

// details tells of what was run, how fast, which faults there were, which states
// were reached, and how to see the failures again.
func (t *tally) details(subject []string, speed []string) []string {
	for i := range subject { // of merged files it may be anything, as may the commands
		subject[i] = visibleLine(subject[i])
	}
	lines := append([]string{""}, report.List("runs", subject)...)
	lines = append(lines, report.List("speed", speed)...)
	lines = append(lines, report.List("faults", met(t.classes()))...)
	lines = append(lines, report.List("reached", met(t.reached()))...)
	lines = append(lines, report.List("never", missing(t))...)
	if len(t.kinds) > 0 {
		lines = append(lines, "repro")
		for _, k := range t.failures() {
			lines = append(lines, "  "+visibleLine(k.repro))
		}
	}
	return lines
}

// summary tells how the search went: the verdict, the distinct failures, then
// speed, faults and states.
func (s *search) summary(colour bool) string {
	lines := s.tally.results(s.ending(), colour)
	if !s.f.out.quiet {
		wall := s.a.now().Sub(s.began)
		took := fmt.Sprintf("%s in %s", report.Plural(s.tally.runs, "run"), report.Span(wall.Truncate(10*time.Millisecond)))
		lines = append(lines, s.tally.details(s.subject(), []string{took, s.tally.rates(wall)})...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// subject is what was run.
func (s *search) subject() []string {
	cfg := s.f.config(0)
	p := s.placeOf(&finished{})
	return p.subject(cfg.Profile, cfg.Servers, max(0, cfg.Clients), cfg.For, cfg.Bugs.Slugs(), s.build)
}

// subject is what was run in a search.
func (p *place) subject(profile string, servers, clients int, length time.Duration, bugs []string, build report.Build) []string {
	seeds := p.Seeds
	if seeds == "" {
		seeds = "from 1 on"
	}
	items := []string{"seeds " + seeds}
	if p.Shard != wholeShard && p.Shard != "" {
		items = append(items, "shard "+p.Shard)
	}
	items = append(items, "profile "+profile, report.Plural(servers, "server"), report.Plural(clients, "client"),
		report.Span(length)+" each", build.String())
	for _, slug := range bugs {
		items = append(items, "bug "+slug)
	}
	for _, st := range p.Faults {
		items = append(items, "fault "+st)
	}
	return items
}

// ending says why the search ended before its seeds did.
func (s *search) ending() string {
	switch {
	case s.interrupted:
		return "  interrupted"
	case s.timedOut:
		return "  cut by --timeout"
	case s.failed != nil:
		return "  cut by a failure of the tool"
	}
	return ""
}

// verdictLine is the verdict of all runs together.
func (t *tally) verdictLine(colour bool) string {
	v := t.verdict()
	line := report.Paint(strings.ToUpper(string(v)), v, colour)
	line += fmt.Sprintf("  %s of %s", number(t.ok), report.Plural(t.runs, "run")+" ok")
	if t.violated > 0 {
		line += fmt.Sprintf("  %s violated", number(t.violated))
	}
	if t.unknown > 0 {
		line += fmt.Sprintf("  %s unknown", number(t.unknown))
	}
	return line
}

func number(n int) string { return report.Number(uint64(n)) }

// rates are runs and virtual hours a minute of the real clock.
func (t *tally) rates(wall time.Duration) string {
	ms := max(1, wall.Milliseconds())
	tenths := t.virtual.Milliseconds() / ms / 6 // 60 virtual ms a ms are a virtual hour a minute
	return fmt.Sprintf("%s runs/min  %s.%d virtual h/min", report.Number(uint64(int64(t.runs)*60_000/ms)),
		report.Number(uint64(tenths/10)), tenths%10)
}

// met lists what was counted at least once.
func met(counts []report.Count) []string {
	var items []string
	for _, c := range counts {
		if c.Times > 0 {
			items = append(items, c.Name+" "+report.Number(c.Times))
		}
	}
	if items == nil {
		return []string{"none"}
	}
	return items
}

// missing lists the states that no run has reached, and the classes of faults
// that never took effect.
func missing(t *tally) []string {
	var items []string
	for _, c := range append(t.reached(), t.classes()...) {
		if c.Times == 0 {
			items = append(items, c.Name)
		}
	}
	if items == nil {
		return []string{"nothing"}
	}
	return items
}
