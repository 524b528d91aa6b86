package fault

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// SyntaxError says which word of a statement is wrong, and why.
type SyntaxError struct {
	Line   int    // in a text of several statements, from 1; 0 when there was one statement only
	Word   string // "" at the end of the line
	Column int    // of the word's first character, from 1
	Reason string // what is wrong and what to write instead
}

// Error gives line, word, column and reason on one line.
func (e *SyntaxError) Error() string {
	where := "fault statement"
	if e.Line > 0 {
		where += fmt.Sprintf(", line %d", e.Line)
	}
	if e.Word == "" {
		return fmt.Sprintf("%s ends at column %d: %s", where, e.Column, e.Reason)
	}
	return fmt.Sprintf("%s, column %d, %q: %s", where, e.Column, e.Word, e.Reason)
}

// Note says how a word was understood that somebody else's tool understands
// differently.
type Note struct {
	Word   string
	Column int // of the word's first character, from 1
	Text   string
}

type word struct {
	text   string
	column int // from 1
}

// part is the piece of the word that begins at a byte.
func (w word) part(at int, text string) word {
	return word{text, w.column + utf8.RuneCountInString(w.text[:at])}
}

// cut splits the word at the first separator, as strings.Cut does.
func (w word) cut(sep string) (before, after word, found bool) {
	i := strings.Index(w.text, sep)
	if i < 0 {
		return w, word{}, false
	}
	return word{w.text[:i], w.column}, w.part(i+len(sep), w.text[i+len(sep):]), true
}

// split cuts the word at every separator.
func (w word) split(sep string) []word {
	var parts []word
	for {
		first, rest, found := w.cut(sep)
		parts = append(parts, first)
		if !found {
			return parts
		}
		w = rest
	}
}

// parser reads one statement from left to right.
type parser struct {
	words []word // that are left
	end   int    // column after the last word
	notes []Note
	err   *SyntaxError
}

// newParser cuts a line into words at blanks. A word that begins with # begins
// a comment.
func newParser(line string) *parser {
	p := &parser{end: 1}
	rest := word{line, 1}
	for {
		trimmed := strings.TrimLeft(rest.text, blanks)
		rest = rest.part(len(rest.text)-len(trimmed), trimmed)
		if trimmed == "" || trimmed[0] == '#' {
			return p
		}
		n := strings.IndexAny(trimmed, blanks)
		if n < 0 {
			n = len(trimmed)
		}
		p.words = append(p.words, word{trimmed[:n], rest.column})
		rest = rest.part(n, trimmed[n:])
		p.end = rest.column
	}
}

const blanks = " \t\r\n"

func (p *parser) atEnd() bool { return len(p.words) == 0 }

// peek is the next word; at the end an empty one in its place.
func (p *parser) peek() word {
	if p.atEnd() {
		return word{"", p.end}
	}
	return p.words[0]
}

// next takes the next word.
func (p *parser) next() word {
	w := p.peek()
	if !p.atEnd() {
		p.words = p.words[1:]
	}
	return w
}

// accept takes the next word if it is this one.
func (p *parser) accept(text string) bool {
	if p.atEnd() || p.words[0].text != text {
		return false
	}
	p.words = p.words[1:]
	return true
}

// fail keeps the first error only: what comes after it may be a consequence.
func (p *parser) fail(w word, format string, args ...any) {
	if p.err == nil {
		p.err = &SyntaxError{Word: w.text, Column: w.column, Reason: fmt.Sprintf(format, args...)}
	}
}

// done demands that the statement ends here.
func (p *parser) done() {
	if !p.atEnd() {
		p.fail(p.next(), "nothing may follow here")
	}
}

// find looks a word up in a table whose first entry is no word.
func find[T ~uint8](words []string, text string) (T, bool) {
	i := slices.Index(words[1:], text)
	return T(i + 1), i >= 0
}

// choose takes a word of a table. Words of later versions are told apart from
// misspelt ones.
func choose[T ~uint8](p *parser, what string, words, later []string) (T, word) {
	w := p.next()
	v, ok := find[T](words, w.text)
	switch {
	case ok:
		return v, w
	case slices.Contains(later, w.text):
		p.fail(w, "%s is not part of this version, which has %s", w.text, oneOf(words[1:]))
	default:
		p.fail(w, "%s: %s", what, oneOf(words[1:]))
	}
	return 0, w
}

// oneOf lists words: "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
