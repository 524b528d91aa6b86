package bundle

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// magic begins the first line of every bundle; the format number follows.
const magic = "zksim run bundle, format "

// The parts of a bundle, in this order; the last two may be missing.
const (
	partRun      = "run.json"
	partSchedule = "schedule"
	partChoices  = "choices.jsonl"
	partHistory  = "history.jsonl"
	partEvents   = "events"
	partNote     = "note.md"
)

// runFile is run.json but for its checkpoints.
type runFile struct {
	report.Document
	Bugs       []string  `json:"bugs"`
	Lines      lineCount `json:"lines"`
	EventCount int       `json:"events"`
	Sums       *sums     `json:"sums,omitempty"` // not in format 1
}

// lineCount is how many lines the history has, so that a loss is noticed. Lines
// of other parts may be taken out.
type lineCount struct {
	History int `json:"history.jsonl"`
}

// mark is a checkpoint as [step, at_ns, hash].
type mark engine.Checkpoint

// MarshalJSON writes three fields as an array.
func (m mark) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{m.Step, int64(m.At), report.Hash(m.Hash)})
}

// UnmarshalJSON reads an array of three.
func (m *mark) UnmarshalJSON(b []byte) error {
	var hash string
	fields := []any{&m.Step, &m.At, &hash}
	if err := json.Unmarshal(b, &fields); err != nil {
		return err
	}
	if len(fields) != 3 {
		return fmt.Errorf("a checkpoint has a step, an instant and a hash, not %d fields", len(fields))
	}
	h, err := parseHash(hash)
	m.Hash = h
	return err
}

// Bytes writes the bundle, in the format in which it was read.
func (b *Bundle) Bytes() ([]byte, error) {
	choices, err := b.choicesText()
	if err != nil {
		return nil, err
	}
	run, err := b.runJSON(choices)
	if err != nil {
		return nil, err
	}
	parts := []part{
		{name: partRun, data: run},
		{name: partSchedule, data: b.ScheduleText()},
		{name: partChoices, data: choices},
		{name: partHistory, data: b.History},
	}
	if len(b.Events) > 0 {
		parts = append(parts, part{name: partEvents, data: b.eventsText()})
	}
	if b.Note != "" {
		parts = append(parts, part{name: partNote, data: harmless(b.Note)})
	}
	return join(fmt.Sprintf("%s%d\n", magic, cmp.Or(b.format, Format)), parts), nil
}

// runJSON writes run.json with a checkpoint a line.
func (b *Bundle) runJSON(choices []byte) ([]byte, error) {
	head := &runFile{Document: b.Document, Bugs: b.Document.Config.Bugs, Lines: lineCount{bytes.Count(b.History, []byte("\n"))},
		EventCount: len(b.Events), Sums: b.sums}
	if head.Sums == nil && b.format != 1 {
		var err error
		if head.Sums, err = b.sumUp(choices); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(head); err != nil {
		return nil, err
	}
	out.Truncate(out.Len() - len("\n}\n"))
	out.WriteString(",\n  \"checkpoints\": [")
	for i, c := range b.Checkpoints {
		line, err := json.Marshal(mark(c))
		if err != nil {
			return nil, err
		}
		out.WriteString([]string{"", ","}[min(i, 1)] + "\n    ")
		out.Write(line)
	}
	out.WriteString("\n  ]\n}\n")
	return out.Bytes(), nil
}

// ScheduleText is the part schedule: a statement a line.
func (b *Bundle) ScheduleText() []byte {
	var out bytes.Buffer
	for _, s := range b.Schedule {
		out.WriteString(s.String() + "\n")
	}
	return out.Bytes()
}

// harmless indents the lines of a note that would read as the beginning of
// another part.
func harmless(note string) []byte {
	var out strings.Builder
	for line := range strings.Lines(note) {
		if marked([]byte(line)) != "" {
			out.WriteByte(' ')
		}
		out.WriteString(line)
	}
	return []byte(out.String())
}
