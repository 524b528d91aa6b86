package bundle

import (
	"bytes"
	"encoding/base64"
)

// eventsPerLine is how many events, of a byte each, a line of the part tells of.
const eventsPerLine = 57

// eventsText writes the bytes of events in lines of base64.
func (b *Bundle) eventsText() []byte {
	var out bytes.Buffer
	for rest := b.Events; len(rest) > 0; rest = rest[min(eventsPerLine, len(rest)):] {
		out.WriteString(base64.StdEncoding.EncodeToString(rest[:min(eventsPerLine, len(rest))]))
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// events reads the part, which a bundle need not have. It is never edited: what
// is not as it was written is damaged.
func (r *reader) events(parts []part) error {
	want := r.file.EventCount
	i := find(parts, partEvents)
	if i < 0 {
		if want > 0 {
			return r.errorf(parts[len(parts)-1].line, ErrTruncated, "%s is missing", partEvents)
		}
		return nil
	}
	p := parts[i]
	if r.b.sums == nil {
		return r.errorf(p.line-1, ErrDamaged, "a bundle of format %d has no %s", r.b.format, partEvents)
	}
	n := p.line - 1
	if len(p.data) > 0 && p.data[len(p.data)-1] != '\n' {
		return r.errorf(p.line+bytes.Count(p.data, []byte("\n")), ErrTruncated, "%s ends within a line", partEvents)
	}
	for line := range bytes.Lines(p.data) {
		n++
		var err error
		if r.b.Events, err = base64.StdEncoding.AppendDecode(r.b.Events, bytes.TrimSpace(line)); err != nil {
			return r.errorf(n, ErrDamaged, "%s: the line is not in base64", partEvents)
		}
	}
	switch got := len(r.b.Events); {
	case got < want:
		return r.errorf(n, ErrTruncated, "%s tells of %d events, %s of %d", partEvents, got, partRun, want)
	case got > want || sum(r.b.Events) != r.b.sums.Events:
		return r.errorf(p.line, ErrDamaged, "%s is not what was written", partEvents)
	}
	return nil
}
