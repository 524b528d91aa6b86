package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// printRun prints a run in the form that was asked for.
func (a *app) printRun(f *outFlags, run *report.Run) error {
	if f.json {
		return a.printJSON(run.Document())
	}
	_, err := io.WriteString(a.stdout, run.Text(a.options(f)))
	return err
}

func (a *app) options(f *outFlags) report.Options {
	return report.Options{Colour: a.colourful(f.color.word), Quiet: f.quiet, Verbose: f.verbose}
}

// printInterrupted says what was being done when the user stopped it.
func (a *app) printInterrupted(f *outFlags, cfg engine.Config, run *report.Run) error {
	a.code = exitInterrupted
	if f.json {
		run.Report = &engine.Report{Config: cfg, Verdict: engine.VerdictUnknown}
		doc := run.Document()
		doc.Detail = "interrupted before the end"
		return a.printJSON(doc)
	}
	_, err := fmt.Fprintf(a.stdout, "INTERRUPTED after %s\nrepro\n  %s\n",
		report.Span(run.Wall.Truncate(time.Millisecond)), strings.Join(run.Repro, "\n  "))
	return err
}
