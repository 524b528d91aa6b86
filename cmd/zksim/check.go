package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

func (a *app) checkCommand() *cobra.Command {
	out := newOutFlags()
	cmd := &cobra.Command{
		Use:     "check HISTORY",
		Short:   "Judge a history of client calls, in JSON Lines, by itself.",
		Example: "zksim check history.jsonl\nzksim run --seed 1 --out runs && zksim check runs/*.simrun",
		Long: `HISTORY - is standard input. A bundle is judged by the history in it.
Exit: 0 ok, 1 violated, 125 unknown, 128 tool failed, 129 usage, 130 interrupted`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error { return a.check(&out, args[0]) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	out.add(fl, "print one JSON document")
	return cmd
}

// judgement is what the checks make of a history, as a JSON document.
type judgement struct {
	Schema     int            `json:"schema"`
	Verdict    engine.Verdict `json:"verdict"`
	Property   string         `json:"property"`
	Place      string         `json:"place"`
	Detail     string         `json:"detail"`
	Notes      []string       `json:"notes"` // what was left undecided
	Operations int            `json:"operations"`
	Events     int            `json:"events"`
}

// check is zksim check.
func (a *app) check(f *outFlags, path string) error {
	h, err := a.readHistory(path)
	if a.heard != nil && a.heard.over {
		return errInterrupted // also where it came within a line
	}
	if err != nil {
		return err
	}
	a.letGo() // there is nothing to tidy up
	res := linearizability.Judge(h, nil)
	j := judgement{Schema: report.Schema, Verdict: engine.Verdict(res.Verdict.String()), Notes: append([]string{}, res.Notes...),
		Operations: len(h.Ops), Events: len(h.Events)}
	if v := res.Violation; v != nil {
		j.Property, j.Place, j.Detail = string(v.Property), v.Place, v.Detail
	}
	if j.Verdict == engine.VerdictUnknown {
		j.Notes = append(j.Notes, "The order in which the servers committed is no part of a history. "+decider(path))
	}
	if a.code, err = exitCode(j.Verdict); err != nil {
		return err
	}
	if f.json {
		return a.printJSON(j)
	}
	_, err = io.WriteString(a.stdout, j.text(report.Options{Colour: a.colourful(f.color.word), Quiet: f.quiet}))
	return err
}

// decider says how to learn what the history alone does not tell.
func decider(path string) string {
	if isBundle(path) {
		return "zksim replay " + repro.QuotePath(path) + " judges it with the servers' own order."
	}
	return "If this one is from a bundle, zksim replay FILE judges it with the servers' own order."
}

func isBundle(path string) bool { return strings.HasSuffix(path, bundle.Extension) }

func (j *judgement) text(o report.Options) string {
	var b strings.Builder
	b.WriteString(report.Paint(strings.ToUpper(string(j.Verdict)), j.Verdict, o.Colour))
	if j.Property != "" {
		b.WriteString("  " + j.Property)
	}
	b.WriteString("\n")
	if o.Quiet {
		return b.String()
	}
	fmt.Fprintf(&b, "%s, %s\n", report.Plural(j.Operations, "call"), report.Plural(j.Events, "event"))
	if j.Place != "" {
		fmt.Fprintf(&b, "place %s\n", j.Place)
	}
	for _, text := range append([]string{j.Detail}, j.Notes...) {
		if text != "" {
			b.WriteString("\n" + report.Wrap(text))
		}
	}
	return b.String()
}

// readHistory reads a history, also one inside a bundle.
func (a *app) readHistory(path string) (*linearizability.History, error) {
	if isBundle(path) {
		b, err := a.readBundle(path)
		if err != nil {
			return nil, err
		}
		return parseHistory(path, strings.NewReader(string(b.History)))
	}
	if path == "-" {
		return parseHistory("standard input", a.input())
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unjudged(fmt.Sprintf("cannot read the history: %v", err))
	}
	defer file.Close()
	return parseHistory(path, file)
}

// parseHistory reads a history; a file without a line of it is none.
func parseHistory(name string, r io.Reader) (*linearizability.History, error) {
	h, err := linearizability.ReadJSONL(r)
	switch {
	case errors.Is(err, linearizability.ErrHistory):
		return nil, unjudged(fmt.Sprintf("%s: %v", name, err))
	case err != nil:
		return nil, unjudged(fmt.Sprintf("cannot read the history: %v", err))
	case len(h.Ops) == 0 && len(h.Events) == 0:
		return nil, unjudged(fmt.Sprintf("%s holds no call and no event; there is nothing to judge", name))
	}
	return h, nil
}
