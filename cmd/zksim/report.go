package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
	"github.com/zksim/zksim/sim/report/chrome"
	"github.com/zksim/zksim/sim/testrun"
)

// reportFlags are what zksim report was asked for.
type reportFlags struct {
	formats formatsValue
	dirFlags
	color   wordValue
	verbose bool
}

func (a *app) reportCommand() *cobra.Command {
	f := &reportFlags{formats: formatsValue{list: []string{"text"}}, color: newOutFlags().color}
	cmd := &cobra.Command{
		Use:     "report FILE...",
		Short:   "Run bundles again and tell what happened, in words and pictures.",
		Example: "zksim report 5f0c9e1d77aa.simrun\nzksim report 5f0c9e1d77aa.simrun --format text,chrome,mermaid,porcupine --out runs",
		Long: `text: one screen. chrome: a trace for ui.perfetto.dev. mermaid: the story as a
sequence diagram. porcupine: the client history concerned, as a page.
FILE - is standard input. Files are named after the bundle.
Exit: 0 written, 125 not a bundle, 128 tool failed, 129 usage, 130 interrupted`,
		Args: bundleFiles,
		RunE: func(_ *cobra.Command, args []string) error { return a.report(f, args) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.Var(&f.formats, "format", "text, chrome, mermaid, porcupine, with commas; default text")
	f.dirFlags.add(fl, "write files into this `DIR`; - prints a single one")
	fl.Var(&f.color, "color", "auto, always or never")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print every counter and statement, and the checkpoints")
	return cmd
}

// bundleFiles demands names of files, each once, or - for standard input once.
func bundleFiles(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef("%s needs a file, or - for standard input", cmd.CommandPath())
	}
	for i, arg := range args {
		if slices.Contains(args[:i], arg) {
			return usagef("%s is named twice", arg)
		}
	}
	return nil
}

// The formats, with the endings of their files, in the order in which they are
// made: the text names the others.
var formats = []struct{ name, ending, hint string }{
	{"chrome", ".trace.json.gz", " (ui.perfetto.dev)"},
	{"porcupine", ".porcupine.html", ""},
	{"mermaid", ".mmd", ""},
	{"text", ".txt", ""},
}

// laterFormats are those of the product that this version does not have.
var laterFormats = []string{"html", "shiviz", "dot", "junit", "folded"}

// formatsValue is the value of --format.
type formatsValue struct{ list []string }

// Set takes names of formats with commas between them.
func (v *formatsValue) Set(s string) error {
	v.list = nil
	for name := range strings.SplitSeq(s, ",") {
		switch {
		case slices.Contains(laterFormats, name):
			return fmt.Errorf("the format %s is not part of this version; it has text, chrome, mermaid and porcupine", name)
		case !isFormat(name):
			return fmt.Errorf("there is no format %q; there are text, chrome, mermaid and porcupine", name)
		case !slices.Contains(v.list, name):
			v.list = append(v.list, name)
		}
	}
	return nil
}

func isFormat(name string) bool {
	for _, f := range formats {
		if f.name == name {
			return true
		}
	}
	return false
}

// String prints the names.
func (v *formatsValue) String() string { return strings.Join(v.list, ",") }

// Type is the placeholder in help.
func (v *formatsValue) Type() string { return "LIST" }

func (f *reportFlags) wants(name string) bool { return slices.Contains(f.formats.list, name) }

// check refuses what cannot be: several things on standard output.
func (f *reportFlags) check(files int) error {
	pictures := len(f.formats.list) > 1 || !f.wants("text")
	switch {
	case f.dir == "-" && (len(f.formats.list) > 1 || files > 1):
		return usagef("standard output takes one format of one file; say --out DIR for more")
	case f.dir == "-" && f.force, f.dir == "" && f.force:
		return usagef("--force is about files of --out DIR, which is not given; leave it out")
	case f.dir == "" && pictures:
		return usagef("--format %s needs --out DIR for its files, or --out - for a single one on standard output", f.formats.String())
	}
	return nil
}

// report is zksim report.
func (a *app) report(f *reportFlags, paths []string) error {
	if err := f.check(len(paths)); err != nil {
		return err
	}
	if f.dir != "" && f.dir != "-" {
		if _, err := openStore(f.dirFlags, nil, false); err != nil {
			return err
		}
	}
	var failed []error
	for i, path := range paths {
		if i > 0 && f.dir == "" {
			fmt.Fprintln(a.stdout)
		}
		err := a.reportOne(f, path)
		if err == errInterrupted {
			a.code = exitInterrupted
			fmt.Fprintf(a.stderr, "zksim: interrupted; %s of %s reported\n", report.Plural(i, "bundle"), report.Number(uint64(len(paths))))
			return nil
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// reportOne tells of one bundle.
func (a *app) reportOne(f *reportFlags, path string) error {
	b, name, err := a.readNamed(path)
	if err != nil {
		return err
	}
	cfg, err := b.Config()
	if err != nil {
		return cannotRun(path, err)
	}
	made := &pictures{app: a, flags: f, path: path, name: name, bundle: b}
	made.watch(&cfg)
	started := a.now()
	rep, err := a.simulateInterruptibly(cfg)
	if err == errInterrupted {
		return err
	}
	if err != nil {
		return cannotRun(path, err)
	}
	made.run = &report.Run{Report: rep, Wall: a.now().Sub(started), Build: a.build(), Repro: []string{replayLine(path)},
		Shrunk: b.Document.Shrunk, Turning: b.Document.Turning, Package: b.Document.Package, Test: b.Document.Test,
		Artifacts: map[string]string{}}
	made.compare()
	return made.write()
}

// readNamed reads a bundle, and gives the name of its files: what comes from
// standard input is named by its content.
func (a *app) readNamed(path string) (*bundle.Bundle, string, error) {
	name := strings.TrimSuffix(filepath.Base(path), bundle.Extension)
	b, err := a.readBundle(path)
	if err != nil || path != "-" {
		return b, name, err
	}
	data, err := b.Bytes()
	return b, strings.TrimSuffix(bundle.Name(data), bundle.Extension), err
}

// pictures makes what was asked for of one bundle.
type pictures struct {
	*app
	flags    *reportFlags
	path     string
	name     string
	bundle   *bundle.Bundle
	run      *report.Run
	trace    *chrome.Recorder
	sequence *report.Sequence
}

// watch has the run traced for the pictures that need it. A run that a test makes
// is watched there.
func (p *pictures) watch(cfg *engine.Config) {
	if p.driven != nil {
		for _, kind := range []testrun.Picture{testrun.Chrome, testrun.Mermaid} {
			if p.flags.wants(string(kind)) {
				p.driven.pictures = append(p.driven.pictures, kind)
			}
		}
		return
	}
	var tracers tracers
	if p.flags.wants("chrome") {
		p.trace = chrome.New(cfg.Servers)
		tracers = append(tracers, p.trace)
	}
	if p.flags.wants("mermaid") {
		p.sequence = report.NewSequence(cfg.Servers)
		tracers = append(tracers, p.sequence)
	}
	if len(tracers) > 0 {
		cfg.Trace = tracers
	}
}

// tracers are several tracers of one run.
type tracers []engine.Tracer

// Trace is part of engine.Tracer.
func (t tracers) Trace(e *engine.TraceEvent) {
	for _, one := range t {
		one.Trace(e)
	}
}

// compare says when the run is not the one that the bundle tells of.
func (p *pictures) compare() {
	switch then, now := p.bundle.Document.Hash, report.Hash(p.run.Hash); {
	case p.bundle.Edited:
		fmt.Fprintf(p.stderr, "zksim: %s was edited; the report is of the run that it makes now\n", p.path)
	case then != now:
		fmt.Fprintf(p.stderr, "zksim: %s tells of a run with hash %.40q; this code makes another one of it, with %s\n", p.path, then, now)
	}
}

// write writes every format, the text last: it names the others.
func (p *pictures) write() error {
	for _, f := range formats {
		if !p.flags.wants(f.name) {
			continue
		}
		data, err := p.draw(f.name)
		if errors.Is(err, linearizability.ErrNoPicture) {
			return unjudged(fmt.Sprintf("%s: no call of the run is for porcupine; leave porcupine out of --format", p.path))
		}
		if err != nil {
			return fmt.Errorf("%s: cannot make the %s: %w", p.path, f.name, err)
		}
		if p.flags.dir == "" || p.flags.dir == "-" {
			_, err = p.stdout.Write(data)
			return err
		}
		if err := p.put(filepath.Join(p.flags.dir, p.name+f.ending), data, f.name, f.hint); err != nil {
			return err
		}
	}
	return nil
}

func (p *pictures) put(path string, data []byte, format, hint string) error {
	keep := &store{p.flags.dir, p.flags.force, func(path string) {
		fmt.Fprintf(p.stderr, "zksim: %s is already there and holds the same; it was left alone\n", path)
	}}
	if err := keep.write(path, data); err != nil {
		return err
	}
	p.run.Artifacts[format] = path
	_, err := fmt.Fprintf(p.stdout, "%s%s\n", path, hint)
	return err
}

// draw makes one format. What goes to a pipe is not packed; who wants it so can
// do it.
func (p *pictures) draw(format string) ([]byte, error) {
	var out bytes.Buffer
	switch format {
	case "text":
		p.writeText(&out)
	case "mermaid":
		p.writeDiagram(&out)
	case "porcupine":
		return p.page()
	default:
		if p.flags.dir == "-" {
			err := p.writeTrace(&out)
			return out.Bytes(), err
		}
		z := gzip.NewWriter(&out)
		err := errors.Join(p.writeTrace(z), z.Close())
		return out.Bytes(), err
	}
	return out.Bytes(), nil
}

// writeDiagram writes the sequence diagram.
func (p *pictures) writeDiagram(out *bytes.Buffer) {
	if p.driven != nil {
		out.Write(p.driven.drawn[testrun.Mermaid])
		return
	}
	out.WriteString(p.sequence.Diagram(p.run))
}

// writeTrace writes the trace for viewers.
func (p *pictures) writeTrace(w io.Writer) error {
	if p.driven != nil {
		_, err := w.Write(p.driven.drawn[testrun.Chrome])
		return err
	}
	return p.trace.Write(w, p.run)
}

// writeText writes the report for a person; a file is not coloured, and does not
// tell how long the run took by the real clock.
func (p *pictures) writeText(w io.Writer) {
	o := report.Options{Verbose: p.flags.verbose, Colour: p.flags.color.word == "always"}
	if p.flags.dir == "" {
		o.Colour = p.colourful(p.flags.color.word)
	} else if p.flags.dir != "-" {
		p.run.Wall = 0
	}
	io.WriteString(w, p.run.Text(o))
}

// page is porcupine's page, and what it shows.
func (p *pictures) page() ([]byte, error) {
	var out bytes.Buffer
	pic, err := linearizability.Draw(&out, p.run.History, p.run.Violation)
	if err == nil && pic.LeftOut > 0 {
		fmt.Fprintf(p.stderr, "zksim: the porcupine page shows the first %s below %s; %d later ones are left out\n",
			report.Plural(pic.Calls, "call"), pic.Name, pic.LeftOut)
	}
	return out.Bytes(), err
}
