package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible writes what could steer a terminal so that it is seen, as in \x1b: texts
// of files, commits and programs may hold anything. Ends of lines and tabs stay.
func visible(text string) string { return escaped(text, "\n\t") }

// visibleLine is visible for what must stay one line.
func visibleLine(text string) string { return escaped(text, "") }

// escaped escapes what steers, but for the characters of kept.
func escaped(text, kept string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1: // no UTF-8; some terminals obey single bytes
			fmt.Fprintf(&b, "\\x%02x", text[0])
		case !steers(r) || strings.ContainsRune(kept, r):
			b.WriteString(text[:size])
		case r < 0x100:
			fmt.Fprintf(&b, "\\x%02x", r)
		default:
			fmt.Fprintf(&b, "\\u%04x", r)
		}
		text = text[size:]
	}
	return b.String()
}

// steers reports whether a terminal does something else with it than show it: it
// is a control character, or changes the direction of what follows.
func steers(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
