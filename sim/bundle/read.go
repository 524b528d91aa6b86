package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/report"
)

// Bounds of what a bundle may hold.
const (
	statementsMax  = 10_000
	checkpointsMax = 1 << 16
	lineMax        = 64 << 10 // bytes of a statement
	partsMax       = 32
)

// reader reads one bundle; name is its file's, for errors.
type reader struct {
	name string
	b    *Bundle
	file runDocument
}

// runDocument is run.json.
type runDocument struct {
	runFile
	Checkpoints []mark `json:"checkpoints"`
}

// Parse reads a bundle; name is what errors call it. They tell the line and the
// word and wrap one of [ErrForeign], [ErrVersion], [ErrTruncated] and
// [ErrDamaged]. The bundle shares the memory of data.
func Parse(name string, data []byte) (*Bundle, error) {
	r := &reader{name: name, b: &Bundle{}}
	if len(data) > SizeMax {
		return nil, r.errorf(1, ErrDamaged, "it has more than %d MiB", SizeMax>>20)
	}
	comment, parts := split(data)
	if err := r.header(comment, len(parts)); err != nil {
		return nil, err
	}
	if err := r.order(parts, 1+bytes.Count(data, []byte("\n"))); err != nil {
		return nil, err
	}
	for _, read := range []func([]part) error{r.run, r.schedule, r.choices, r.events} {
		if err := read(parts); err != nil {
			return nil, err
		}
	}
	r.b.Edited = r.b.Edits.Any()
	r.b.History = parts[find(parts, partHistory)].data
	if i := find(parts, partNote); i >= 0 {
		r.b.Note = string(parts[i].data)
	}
	return r.b, nil
}

func (r *reader) errorf(line int, kind error, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w: %s", r.name, line, kind, fmt.Sprintf(format, args...))
}

// header reads the first line.
func (r *reader) header(comment []byte, parts int) error {
	first, _, whole := bytes.Cut(comment, []byte("\n"))
	first = bytes.TrimRight(first, "\r")
	number, ok := strings.CutPrefix(string(first), magic)
	switch {
	case len(comment) == 0 && parts == 0:
		return r.errorf(1, ErrTruncated, "the file is empty")
	case !ok && !whole && parts == 0 && strings.HasPrefix(magic, string(first)):
		return r.errorf(1, ErrTruncated, "it ends in its first line")
	case !ok:
		return r.errorf(1, ErrForeign, "a bundle begins with %q, this file with %.40q", magic+strconv.Itoa(Format), first)
	}
	format, err := strconv.Atoi(number)
	switch {
	case err != nil || format < 1:
		return r.errorf(1, ErrDamaged, "%.40q is no format number", number)
	case format > Format:
		return r.errorf(1, ErrVersion, "its format is %d, this version reads up to %d", format, Format)
	}
	r.b.format = format
	return nil
}

// order demands every part once; events and note may be missing. Parts that this version does not
// know are passed over.
func (r *reader) order(parts []part, lines int) error {
	if len(parts) > partsMax {
		return r.errorf(parts[partsMax].line-1, ErrDamaged, "it has more than %d parts", partsMax)
	}
	for i, p := range parts {
		if find(parts, p.name) != i {
			return r.errorf(p.line-1, ErrDamaged, "%.40q is there twice", p.name)
		}
	}
	for _, name := range []string{partRun, partSchedule, partChoices, partHistory} {
		if find(parts, name) < 0 {
			return r.errorf(lines, ErrTruncated, "%s is missing", name)
		}
	}
	return nil
}

// find gives the place of a part, or -1.
func find(parts []part, name string) int {
	return slices.IndexFunc(parts, func(p part) bool { return p.name == name })
}

// run reads run.json.
func (r *reader) run(parts []part) error {
	p := parts[find(parts, partRun)]
	file := &r.file
	if err := json.Unmarshal(p.data, file); err != nil {
		line, what := explain(p, err)
		return r.errorf(line, ErrDamaged, "%s: %s", partRun, what)
	}
	if file.Schema > report.Schema {
		return r.errorf(p.line, ErrVersion, "%s: its schema is %d, this version reads up to %d", partRun, file.Schema, report.Schema)
	}
	if len(file.Checkpoints) > checkpointsMax {
		return r.errorf(p.line, ErrDamaged, "%s: more than %d checkpoints", partRun, checkpointsMax)
	}
	r.b.Document = file.Document
	r.b.Document.Config.Bugs = file.Bugs
	for _, m := range file.Checkpoints {
		r.b.Checkpoints = append(r.b.Checkpoints, engine.Checkpoint(m))
	}
	if _, err := r.b.Config(); errors.Is(err, ErrVersion) {
		return fmt.Errorf("%s:%d: %w", r.name, p.line, err)
	} else if err != nil {
		return r.errorf(p.line, ErrDamaged, "%s: %v", partRun, err)
	}
	if err := r.sums(p); err != nil {
		return err
	}
	return r.count(parts, file.Lines)
}

// sums sees whether somebody has changed the configuration.
func (r *reader) sums(p part) error {
	if r.b.format < 2 {
		return nil
	}
	if r.b.sums = r.file.Sums; r.b.sums == nil {
		return r.errorf(p.line, ErrDamaged, "%s lacks sums", partRun)
	}
	var raw struct {
		Seed   string          `json:"seed"`
		Config json.RawMessage `json:"config"`
	}
	err := json.Unmarshal(p.data, &raw)
	if err == nil {
		var is string
		is, err = sumConfig(raw.Seed, r.file.Bugs, raw.Config)
		r.b.Edits.Config = is != r.b.sums.Config
	}
	if err != nil {
		return r.errorf(p.line, ErrDamaged, "%s: %v", partRun, err)
	}
	return nil
}

// count compares the lines of the history with what run.json says of them.
func (r *reader) count(parts []part, lines lineCount) error {
	p := parts[find(parts, partHistory)]
	got := bytes.Count(p.data, []byte("\n"))
	switch {
	case len(p.data) > 0 && p.data[len(p.data)-1] != '\n':
		return r.errorf(p.line+got, ErrTruncated, "%s ends within a line", partHistory)
	case got < lines.History:
		return r.errorf(p.line+got, ErrTruncated, "%s has %d lines, %s tells of %d", partHistory, got, partRun, lines.History)
	case got > lines.History:
		return r.errorf(p.line+lines.History, ErrDamaged, "%s has %d lines, %s tells of %d", partHistory, got, partRun, lines.History)
	}
	return nil
}

// explain finds the line of an error of JSON, and names the field.
func explain(p part, err error) (line int, what string) {
	var syntax *json.SyntaxError
	var field *json.UnmarshalTypeError
	offset := int64(0)
	what = err.Error()
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &field):
		offset = field.Offset
		name := strings.TrimPrefix(strings.TrimPrefix(field.Field, "runFile."), "Document.") // the keys, not our structs
		what = fmt.Sprintf("%q is of type %v, not %s", name, field.Type, field.Value)
	}
	offset = max(0, min(offset, int64(len(p.data))))
	return p.line + bytes.Count(p.data[:offset], []byte("\n")), what
}

// schedule reads the statements, and sees whether somebody has changed them.
func (r *reader) schedule(parts []part) error {
	p := parts[find(parts, partSchedule)]
	if line, err := r.b.setSchedule(p.data); err != nil {
		return r.errorf(p.line+line-1, ErrDamaged, "%s: %v", partSchedule, err)
	}
	return nil
}

// SetSchedule replaces the schedule by what somebody wrote into a file, one
// statement a line. The error tells name, as that of the file, and line, and leaves
// the bundle as it was.
func (b *Bundle) SetSchedule(name string, text []byte) error {
	if line, err := b.setSchedule(text); err != nil {
		return fmt.Errorf("%s:%d: %w", name, line, err)
	}
	b.Edited = b.Edits.Any()
	return nil
}

// setSchedule gives the line of an error, from 1.
func (b *Bundle) setSchedule(text []byte) (line int, err error) {
	var list []fault.Statement
	var texts []string
	for source := range bytes.Lines(text) {
		line++
		if len(source) > lineMax {
			return line, fmt.Errorf("the line has %d bytes", len(source))
		}
		if words := statementOf(source); words != "" {
			st, err := fault.Parse(words)
			if err != nil {
				return line, err
			}
			list, texts = append(list, st), append(texts, st.String())
		}
	}
	if len(list) > statementsMax {
		return 1, fmt.Errorf("more than %d statements", statementsMax)
	}
	b.Schedule = list
	b.Edits.Schedule = !slices.Equal(texts, b.Document.Schedule)
	return line, nil
}

// statementOf is a line without its comment, which begins with # at the start
// of a word: inside one it counts occurrences.
func statementOf(line []byte) string {
	words := strings.Fields(string(line))
	for i, w := range words {
		if strings.HasPrefix(w, "#") {
			words = words[:i]
			break
		}
	}
	return strings.Join(words, " ")
}

// Contradiction says which statement of the schedule contradicts which, or is
// impossible. A schedule that was drawn may contradict itself and runs all the
// same; what somebody has made of it is not judged then.
func (b *Bundle) Contradiction() error {
	servers, clients := b.Document.Config.Servers, b.Document.Config.Clients
	if servers > engine.ServersMax {
		return nil // the engine refuses it; here every pair of servers would be looked at
	}
	var drawn []fault.Statement
	for _, text := range b.Document.Schedule {
		if s, err := fault.Parse(text); err == nil {
			drawn = append(drawn, s)
		}
	}
	if fault.ValidateAll(drawn, servers, clients) != nil {
		return nil
	}
	return fault.ValidateAll(b.Schedule, servers, clients)
}

// Config is what a replay runs. The error says what this version cannot run.
func (b *Bundle) Config() (engine.Config, error) {
	d := &b.Document
	seed, ok := strings.CutPrefix(d.Seed, "0x")
	n, err := strconv.ParseUint(seed, 16, 64)
	if err != nil || !ok {
		return engine.Config{}, fmt.Errorf("the seed %.40q is not 0x and up to 16 hexadecimal digits", d.Seed)
	}
	if d.Config.Servers < 1 || d.Config.ForNS < 1 || d.Config.Profile == "" {
		return engine.Config{}, errors.New("config lacks servers, for_ns or profile")
	}
	cfg := engine.Config{Seed: n, Servers: d.Config.Servers, Clients: d.Config.Clients, For: time.Duration(d.Config.ForNS),
		Profile: d.Config.Profile, Schedule: append([]fault.Statement{}, b.Schedule...), // not nil: nothing is drawn
		Choices: b.Choices}
	if r := d.Config.Redraw; r != nil {
		cfg.Redraw = engine.Redraw{Step: r.Step, Draw: r.Draw, Calm: r.Calm, Only: engine.Draws(r.Only), Recorded: true}
	}
	if cfg.Clients == 0 {
		cfg.Clients = engine.NoClients
	}
	if cfg.Skip, err = parseSkip(d.Config.Skip); err != nil {
		return engine.Config{}, err
	}
	for _, slug := range d.Config.Bugs {
		if err := node.ParseBug(slug, &cfg.Bugs); err != nil {
			return engine.Config{}, fmt.Errorf("%w: bug %.40q: %v", ErrVersion, slug, err)
		}
	}
	return cfg, nil
}

// parseHash reads what report.Hash prints.
func parseHash(s string) (uint64, error) {
	h, err := strconv.ParseUint(s, 16, 64)
	if err != nil || len(s) != 16 {
		return 0, fmt.Errorf("the hash %.40q is not of 16 hexadecimal digits", s)
	}
	return h, nil
}
