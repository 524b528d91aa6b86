package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// bundlesPerKind is how many failures of one kind are written down.
const bundlesPerKind = 5

// kind is a distinct failure: runs that ended with the same property at the
// same place.
type kind struct {
	verdict         engine.Verdict
	property, place string
	count           int
	first           uint64 // seed
	bundles         []string
	repro           string // of the first
}

// tally sums runs up, in the order of their seeds.
type tally struct {
	runs, ok, violated, unknown int
	kinds                       []*kind // in the order of their first seeds
	virtual                     time.Duration
	classes                     map[string]uint64 // statements that took effect, by class of fault
	reached                     map[string]uint64 // runs that reached a state
}

func newTally() *tally { return &tally{classes: map[string]uint64{}, reached: map[string]uint64{}} }

// add counts a run, and returns its kind unless it was ok.
func (t *tally) add(run *report.Run) *kind {
	t.runs++
	t.virtual += run.Virtual
	for _, s := range report.States(run.Counts) {
		t.reached[s.Name] += s.Times
	}
	for _, c := range report.Classes(run.Counts) {
		t.classes[c.Name] += c.Times
	}
	switch run.Verdict {
	case engine.VerdictOK:
		t.ok++
		return nil
	case engine.VerdictViolated:
		t.violated++
	default:
		t.unknown++
	}
	k := t.kindOf(run)
	k.count++
	return k
}

func (t *tally) kindOf(run *report.Run) *kind {
	k := kind{verdict: run.Verdict, place: "undecided"}
	if v := run.Violation; v != nil {
		k.property, k.place = string(v.Property), v.Place
	}
	for _, known := range t.kinds {
		if known.verdict == k.verdict && known.property == k.property && known.place == k.place {
			return known
		}
	}
	k.first = run.Config.Seed
	t.kinds = append(t.kinds, &k)
	return &k
}

// verdict sums up: violated beats unknown beats ok. Nothing is known of no run.
func (t *tally) verdict() engine.Verdict {
	switch {
	case t.violated > 0:
		return engine.VerdictViolated
	case t.unknown > 0 || t.runs == 0:
		return engine.VerdictUnknown
	}
	return engine.VerdictOK
}

// failures are the kinds that violate something first, then the undecided ones.
func (t *tally) failures() []*kind {
	list := slices.Clone(t.kinds)
	slices.SortStableFunc(list, func(a, b *kind) int { return strings.Compare(string(b.verdict), string(a.verdict)) })
	return list
}

// write writes a run of the kind down.
func (k *kind) write(bundles *store, run *report.Run) error {
	path, err := bundles.put(run)
	if path != "" {
		k.bundles = append(k.bundles, path)
	}
	return err
}

// line tells a kind: how often, the seed of the first, and where to find it.
func (k *kind) line() string {
	word := "FAIL"
	if k.verdict == engine.VerdictUnknown {
		word = "UNKNOWN"
	}
	line := fmt.Sprintf("%s  %-18s  %-24s  %s  first %s", word, k.property, k.place, report.Plural(k.count, "seed"), report.Seed(k.first))
	if len(k.bundles) > 0 {
		return line + "  " + k.bundles[0]
	}
	return line
}

// summary tells how the search went: the verdict, the distinct failures, then
// speed, faults and states.
func (s *search) summary(colour bool) string {
	t := s.tally
	lines := []string{s.verdictLine(colour)}
	for _, k := range t.failures() {
		lines = append(lines, k.line())
	}
	if s.f.out.quiet {
		return strings.Join(lines, "\n") + "\n"
	}
	wall := s.a.now().Sub(s.began)
	lines = append(lines, "")
	lines = append(lines, report.List("runs", s.subject())...)
	lines = append(lines, report.List("speed", []string{
		fmt.Sprintf("%s in %s", report.Plural(t.runs, "run"), report.Span(wall.Truncate(10*time.Millisecond))),
		t.rates(wall)})...)
	lines = append(lines, report.List("faults", counted(t.classes, report.ClassNames()))...)
	lines = append(lines, report.List("reached", counted(t.reached, report.StateNames()))...)
	lines = append(lines, report.List("never", missing(t))...)
	if len(t.kinds) > 0 {
		lines = append(lines, "repro")
		for _, k := range t.failures() {
			lines = append(lines, "  "+k.repro)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// subject is what was run.
func (s *search) subject() []string {
	seeds := s.f.seeds.text
	if seeds == "" {
		seeds = "from 1 on"
	}
	cfg := s.f.config(0)
	items := []string{"seeds " + seeds, "profile " + cfg.Profile, report.Plural(cfg.Servers, "server"),
		report.Plural(max(0, cfg.Clients), "client"), report.Span(cfg.For) + " each", s.build.String()}
	for _, slug := range cfg.Bugs.Slugs() {
		items = append(items, "bug "+slug)
	}
	for _, st := range cfg.Faults {
		items = append(items, "fault "+st.String())
	}
	return items
}

// verdictLine is the verdict of all runs together.
func (s *search) verdictLine(colour bool) string {
	t, v := s.tally, s.tally.verdict()
	line := report.Paint(strings.ToUpper(string(v)), v, colour)
	line += fmt.Sprintf("  %s of %s", number(t.ok), report.Plural(t.runs, "run")+" ok")
	if t.violated > 0 {
		line += fmt.Sprintf("  %s violated", number(t.violated))
	}
	if t.unknown > 0 {
		line += fmt.Sprintf("  %s unknown", number(t.unknown))
	}
	switch {
	case s.interrupted:
		line += "  interrupted"
	case s.timedOut:
		line += "  cut by --timeout"
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

// counted lists what was counted at least once, in the order of the names.
func counted(n map[string]uint64, names []string) []string {
	var items []string
	for _, name := range names {
		if n[name] > 0 {
			items = append(items, name+" "+report.Number(n[name]))
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
	for _, name := range report.StateNames() {
		if t.reached[name] == 0 {
			items = append(items, name)
		}
	}
	for _, name := range report.ClassNames() {
		if t.classes[name] == 0 {
			items = append(items, name)
		}
	}
	if items == nil {
		return []string{"nothing"}
	}
	return items
}
