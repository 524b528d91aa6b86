package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Columns is the width that text keeps to.
const Columns = 80

// Seed prints a seed: 0x and all 16 digits.
func Seed(seed uint64) string { return fmt.Sprintf("0x%016x", seed) }

// Hash prints the hash of a run: 16 digits.
func Hash(h uint64) string { return fmt.Sprintf("%016x", h) }

// Span prints a duration without zero parts at its end: 10m, not 10m0s. It
// stays within ASCII, which every terminal and shell can take.
func Span(d time.Duration) string {
	s := strings.Replace(d.String(), "µ", "u", 1)
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Clock prints an instant of a run as minutes, seconds and milliseconds.
func Clock(at time.Duration) string {
	ms := at.Milliseconds()
	return fmt.Sprintf("%02d:%02d.%03d", ms/60000, ms/1000%60, ms%1000)
}

// Number prints a count with commas between thousands.
func Number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Plural prints a count of things.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// wrap breaks text at blanks into lines of at most width, each after an indent
// of two blanks. Its own line breaks stay: a detail may be a list.
func wrap(text string, width int) []string {
	var lines []string
	for part := range strings.Lines(text) {
		line := ""
		for word := range strings.FieldsSeq(part) {
			if line != "" && size(line)+1+size(word)+2 > width {
				lines = append(lines, "  "+line)
				line = ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		lines = append(lines, "  "+line)
	}
	return lines
}

// clip shortens a line to the width, and shows that it did.
func clip(line string, width int) string {
	if size(line) <= width {
		return line
	}
	runes := []rune(line)
	return string(runes[:width-1]) + "…"
}

func size(s string) int { return utf8.RuneCountInString(s) }

// list writes items after a label, as many on a line as fit.
func list(label string, items []string) []string {
	const margin = 12
	line := fmt.Sprintf("%-*s", margin, label)
	var lines []string
	for i, item := range items {
		if i > 0 && size(line)+2+size(item) > Columns {
			lines = append(lines, line)
			line = strings.Repeat(" ", margin)
		}
		if size(line) > margin {
			line += "  "
		}
		line += item
	}
	return append(lines, line)
}

// Wrap indents text and breaks it at blanks into lines of Columns at most, each
// ended.
func Wrap(text string) string { return strings.Join(wrap(text, Columns), "\n") + "\n" }
