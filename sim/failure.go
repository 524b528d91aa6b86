package sim

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
	"github.com/zksim/zksim/sim/testrun"
)

// storyLines is how many lines the story of a failure has at most.
const storyLines = 8

// failure is what a test prints of a failing run.
type failure struct {
	*Outcome
	test  string
	place place
	saved string         // the bundle's path, within the package or absolute; "": there is none
	small *report.Shrunk // nil: it was not made smaller
	fresh bool           // the run was drawn: its seed alone shows it again
	env   string         // variables that the run was asked for with
}

// write prints it.
func (f *failure) write(w io.Writer) {
	var b strings.Builder
	f.head(&b)
	titled(&b, "story", f.story())
	if f.saved != "" {
		titled(&b, "saved", []string{f.place.fromTop(f.saved) + f.size()})
	}
	titled(&b, "repro", f.repro())
	titled(&b, "log", f.Log)
	_, _ = io.WriteString(w, b.String()) // of a test: it is lost or seen
}

// head is the verdict, and one sentence of what was seen.
func (f *failure) head(b *strings.Builder) {
	v := f.Violation
	where := ""
	if v.Server != 0 {
		where = " (" + v.Server.String() + ")"
	} else if v.Place != "" {
		where = " (" + v.Place + ")"
	}
	fmt.Fprintf(b, "VIOLATED %s at %s step %d%s\n", v.Property, clock(v.At), f.Step, where)
	b.WriteString(strings.TrimSpace(v.Detail) + "\n")
}

// titled prints lines beside a word.
func titled(b *strings.Builder, word string, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(b, "%-6s %s\n", word, line)
		word = ""
	}
}

func (f *failure) size() string {
	now := len(f.Schedule)
	switch {
	case f.small == nil:
		return ""
	case f.small.Statements != now:
		return fmt.Sprintf("   (shrunk %d -> %s)", f.small.Statements, report.Plural(now, "statement"))
	}
	return fmt.Sprintf("   (%s; nothing smaller in %s)", report.Plural(now, "statement"), report.Plural(f.small.Runs, "run"))
}

// repro are the commands that show the failure again, from the top of the module.
func (f *failure) repro() []string {
	test := "go test " + quote(f.place.argument()) + " -run " + quoteAlways(testrun.Pattern(f.test)) + " -count=1"
	var lines []string
	if f.saved != "" {
		lines = append(lines, test+" -sim.replay="+quote(f.saved), "zksim replay "+quote(f.place.fromTop(f.saved))+" --verify")
	}
	if f.fresh {
		lines = append(lines, optionSeed.env+"="+report.Seed(f.Input.Seed)+" "+f.env+test)
	}
	return lines
}

// quoteAlways quotes a pattern even where the shell would not mind.
func quoteAlways(word string) string {
	if quoted := quote(word); quoted != word {
		return quoted
	}
	return "'" + word + "'"
}

// story tells what led there: what became of sessions first, because that is what
// code mistakes most often, then the last facts.
func (f *failure) story() []string {
	lines := f.expiries()
	return append(lines, report.Story(f.Report.Story, storyLines-min(len(lines), storyLines/2))...)
}

// lately is how long before the end an expiry belongs to the story.
const lately = 60 * time.Second

// expiries tells of sessions that have ended without their clients' knowing it, or
// that knew it late.
func (f *failure) expiries() []string {
	var lines []string
	facts := f.Report.Story
	for i, x := range facts {
		if x.Kind != engine.FactExpired || f.Violation.At-x.At > lately {
			continue
		}
		if name := ownerOf(facts[:i], x); name != "" {
			lines = append(lines, fmt.Sprintf("%s's session expired at %v at %s; %s %s", name, x.Server, clock(x.At), name, told(facts[i:], x, name)))
		}
	}
	return lines[max(0, len(lines)-storyLines/2):]
}

// ownerOf finds the client of a session.
func ownerOf(facts []engine.Fact, x engine.Fact) string {
	for _, f := range facts {
		if f.Kind == engine.FactClient && f.Session == x.Session {
			return f.Client
		}
	}
	return ""
}

// told says when a client heard of the end of its session.
func told(facts []engine.Fact, x engine.Fact, name string) string {
	for _, f := range facts {
		if f.Kind == engine.FactClient && f.Client == name && f.Session == x.Session && f.Text == engine.ToldExpired {
			return fmt.Sprintf("was told only %v later", (f.At - x.At).Truncate(100*time.Millisecond))
		}
	}
	return "has not been told"
}
