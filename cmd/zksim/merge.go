package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/sim/report"
)

// mergeFlags are what zksim merge was asked for.
type mergeFlags struct {
	junit string
	force bool
	out   outFlags
}

func (a *app) mergeCommand() *cobra.Command {
	f := &mergeFlags{out: newOutFlags()}
	cmd := &cobra.Command{
		Use:     "merge FILE...",
		Short:   "Join what the shards of a search have printed with --json.",
		Example: "zksim merge shard-*.jsonl\nzksim merge shard-*.jsonl --json --junit sim.xml >all.jsonl",
		Long: `FILE - is standard input. A shard that is missing or was cut off leaves the
search unknown, unless what is there is violated.
Exit: 0 ok, 1 violated, 125 unknown, 128 tool failed, 129 usage, 130 interrupted`,
		Args: someFiles,
		RunE: func(_ *cobra.Command, args []string) error { return a.merge(f, args) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.junit, "junit", "", "write a JUnit report, a case a seed, to this `FILE`")
	fl.BoolVar(&f.force, "force", false, "let --junit replace a file")
	f.out.add(fl, "print the lines of all shards in the order of the seeds")
	return cmd
}

// someFiles demands file names, standard input once at most.
func someFiles(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef("%s needs the files of all shards, such as shard-1.jsonl shard-2.jsonl", cmd.CommandPath())
	}
	if n := strings.Count("\x00"+strings.Join(args, "\x00\x00")+"\x00", "\x00-\x00"); n > 1 {
		return usagef("%s can read standard input once, not %d times", cmd.CommandPath(), n)
	}
	return nil
}

// merge is zksim merge. Everything is read and compared before anything is
// printed; then every line is read again, in the order of the seeds.
func (a *app) merge(f *mergeFlags, names []string) error {
	if f.force && f.junit == "" {
		return usagef("--force is about --junit, which is not given; leave it out")
	}
	m := newMerger(a.enough)
	defer m.close()
	for _, name := range names {
		err := a.mergeFile(m, name)
		if errors.Is(err, errInterrupted) {
			return errInterrupted
		}
		if err != nil {
			return unjudged(err.Error())
		}
	}
	lacking := m.lacking()
	cases, err := a.openJUnit(f.junit, f.force, &f.out)
	if err != nil {
		return err
	}
	t := newTally()
	t.incomplete = len(lacking) > 0
	if err := a.mergeLines(f, m, t, cases); err != nil {
		return errors.Join(err, cases.abandon())
	}
	for _, sentence := range lacking {
		fmt.Fprintf(a.stderr, "zksim: %s\n", visible(sentence))
	}
	if a.code, err = exitCode(t.verdict()); err != nil {
		return err
	}
	if err := a.printSummary(&f.out, f.junit, func(colour bool) string { return m.summary(t, f.out.quiet, colour) }); err != nil {
		return err
	}
	return cases.close(newSuite("merge", t, m.whole(), m.first.Build))
}

// mergeFile reads a file, or standard input, which is kept in a file.
func (a *app) mergeFile(m *merger, name string) error {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("cannot read a shard: %w", err)
		}
		return m.read(name, file)
	}
	file, err := os.CreateTemp("", "zksim-merge-*")
	if err != nil {
		return err
	}
	m.spooled = file.Name()
	if _, err := file.ReadFrom(a.input()); err != nil {
		return fmt.Errorf("cannot read standard input: %w", err)
	}
	if _, err := file.Seek(0, 0); err != nil {
		return err
	}
	return m.read("standard input", file)
}

// mergeLines takes in all lines, in the order of the seeds.
func (a *app) mergeLines(f *mergeFlags, m *merger, t *tally, cases *junitFile) error {
	for _, e := range m.inOrder() {
		if err := errors.Join(a.enough(), a.mergeLine(f, m, e, t, cases)); err != nil {
			return err
		}
	}
	return nil
}

// mergeLine takes in one line.
func (a *app) mergeLine(f *mergeFlags, m *merger, e *entry, t *tally, cases *junitFile) error {
	text, err := m.text(e)
	if err != nil {
		return err
	}
	l, err := parseLine(text)
	if err != nil {
		return err
	}
	t.add(&l.Document)
	if err := cases.add(&l.Document); err != nil {
		return err
	}
	if !f.out.json {
		return nil
	}
	_, err = a.stdout.Write(text)
	return err
}

// summary tells what all shards have found, as explore does.
func (m *merger) summary(t *tally, quiet, colour bool) string {
	ending := ""
	if t.incomplete {
		ending = "  incomplete"
	} else if m.cut {
		ending = "  cut by --timeout"
	}
	lines := t.results(ending, colour)
	if !quiet {
		took := fmt.Sprintf("%s in %s of all jobs", report.Plural(t.runs, "run"), report.Span(t.wall.Truncate(10*time.Millisecond)))
		c := &m.first.Config
		subject := m.whole().subject(c.Profile, c.Servers, c.Clients, time.Duration(c.ForNS), c.Bugs, m.first.Build)
		lines = append(lines, t.details(subject, []string{took, t.rates(t.wall)})...)
	}
	return strings.Join(lines, "\n") + "\n"
}
