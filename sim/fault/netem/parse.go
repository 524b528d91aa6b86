package netem

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Error says which word is wrong, and why.
type Error struct {
	Index  int    // of the word; the number of words at the end of the line
	Word   string // "" at the end
	Reason string // what is wrong and what to write instead
}

// Error gives word and reason on one line.
func (e *Error) Error() string {
	if e.Word == "" {
		return "netem ends too early: " + e.Reason
	}
	return fmt.Sprintf("netem, word %d, %q: %s", e.Index+1, e.Word, e.Reason)
}

// Note says how a word was understood that others understand differently.
type Note struct {
	Index int // of the word
	Text  string
}

// Line is what a line of tc or its options say.
type Line struct {
	Netem Netem
	Clear bool // "tc qdisc del": every impairment goes; Netem is zero
	Notes []Note
}

// Parse reads the options of netem, or a whole line of tc that adds them, cut
// into words at blanks. Every error is an *Error.
func Parse(words []string) (Netem, error) {
	line, err := ParseLine(words)
	if err == nil && line.Clear {
		err = &Error{slices.Index(words, "del"), "del", "this takes impairments away; say which there are to be"}
	}
	return line.Netem, err
}

// ParseLine reads the options of netem, or a whole line of tc that adds them or
// takes them away, cut into words at blanks. Every error is an *Error.
func ParseLine(words []string) (Line, error) {
	p := &parser{words: words}
	p.head()
	for p.err == nil && !p.atEnd() {
		p.option()
	}
	if p.err != nil {
		return Line{}, p.err
	}
	return p.line, nil
}

type parser struct {
	words []string
	at    int // of the next word
	line  Line
	loss  bool // a loss of more than 0 was said
	err   *Error
}

func (p *parser) atEnd() bool { return p.at == len(p.words) }

// peek is the next word, "" at the end.
func (p *parser) peek() string {
	if p.atEnd() {
		return ""
	}
	return p.words[p.at]
}

// next takes the next word, "" at the end.
func (p *parser) next() string {
	w := p.peek()
	if !p.atEnd() {
		p.at++
	}
	return w
}

// accept takes the next word if it is this one.
func (p *parser) accept(word string) bool {
	if p.peek() != word {
		return false
	}
	p.at++
	return true
}

// fail keeps the first error only, and ends the parsing.
func (p *parser) fail(at int, format string, args ...any) {
	if p.err == nil {
		word := ""
		if at < len(p.words) {
			word = p.words[at]
		}
		p.err = &Error{at, word, fmt.Sprintf(format, args...)}
		p.at = len(p.words)
	}
}

func (p *parser) note(at int, format string, args ...any) {
	p.line.Notes = append(p.line.Notes, Note{at, fmt.Sprintf(format, args...)})
}

// head takes what a pasted line of tc has before the options.
func (p *parser) head() {
	p.accept("sudo")
	if !p.accept("tc") {
		return
	}
	if !p.accept("qdisc") {
		p.fail(p.at, "tc is followed by qdisc here")
		return
	}
	switch verb := p.next(); verb {
	case "add", "change", "replace", "link":
		p.locators()
		if !p.accept("netem") {
			p.fail(p.at, "the discipline is netem here; before it come dev NAME, root, parent ID and handle ID only")
		}
	case "del":
		p.line.Clear = true
		p.locators()
		p.accept("netem")
		if !p.atEnd() {
			p.fail(p.at, "nothing may follow when a discipline is deleted")
		}
	default:
		p.fail(p.before(verb), "tc qdisc is followed by add, change, replace, link or del here")
	}
}

// before is the place of a word that was taken last, or the end if there was none.
func (p *parser) before(word string) int {
	if word == "" {
		return p.at
	}
	return p.at - 1
}

// locators skips where tc is to put the discipline: the statement says that.
func (p *parser) locators() {
	for {
		switch p.peek() {
		case "root":
			p.at++
		case "dev", "parent", "handle":
			word := p.next()
			if p.next() == "" {
				p.fail(p.at, "%s needs a name after it", word)
			}
		default:
			return
		}
	}
}

// keywords are matched in this order: the first of which a word is a prefix.
var keywords = []string{"limit", "latency", "delay", "loss", "drop", "seed", "ecn", "reorder", "corrupt", "gap",
	"duplicate", "distribution", "rate", "slot"}

func (p *parser) option() {
	at := p.at
	word := p.next()
	i := slices.IndexFunc(keywords, func(k string) bool { return strings.HasPrefix(k, word) })
	switch {
	case i < 0:
		p.fail(at, "this is no option of netem; say delay TIME [JITTER] or loss PERCENT")
		return
	case word == "s" || word == "se":
		p.fail(at, "this means seed or slot, depending on the release of tc; write the word out")
		return
	case word != keywords[i]:
		p.note(at, "%s is read as %s", word, keywords[i])
	}
	switch keywords[i] {
	case "delay", "latency":
		p.delay(keywords[i])
	case "loss", "drop":
		p.lossOption(at, keywords[i])
	default:
		p.fail(at, "%s is not part of this version, which has delay, jitter and loss", keywords[i])
	}
}

// digit reports whether the next word begins with a digit: only then it is an
// optional value.
func (p *parser) digit() bool {
	w := p.peek()
	return w != "" && '0' <= w[0] && w[0] <= '9'
}

func (p *parser) delay(keyword string) {
	if p.atEnd() {
		p.fail(p.at, "%s needs a time, as in %s 100ms", keyword, keyword)
		return
	}
	p.line.Netem.Delay, p.line.Netem.Jitter = p.time(), 0
	if !p.digit() {
		return
	}
	at := p.at
	jitter := p.time()
	if jitter > JitterMax {
		p.note(at, "jitter is cut to 2.147483647s, as in the kernel")
		jitter = JitterMax
	}
	p.line.Netem.Jitter = jitter
	if p.digit() {
		p.correlation()
	}
}

func (p *parser) time() time.Duration {
	d, bare, err := ParseTime(p.next())
	if err != nil {
		p.fail(p.at-1, "%v", err)
	} else if bare {
		p.note(p.at-1, "a time without unit counts µs; releases of tc from 6.9 on read ns")
	}
	return d
}

func (p *parser) chance() Chance {
	c, err := ParseChance(p.next())
	if err != nil {
		p.fail(p.at-1, "%v", err)
	}
	return c
}

// correlation looks at the percentage that follows a value.
func (p *parser) correlation() {
	at := p.at
	p.chance()
	p.fail(at, "correlation is not part of this version; leave the second percentage out")
}

func (p *parser) lossOption(at int, keyword string) {
	if p.loss {
		p.fail(at, "loss is said twice")
		return
	}
	switch w := p.peek(); {
	case w == "state" || w == "gemodel":
		p.fail(p.at, "the loss model %s is not part of this version; say %s PERCENT", w, keyword)
		return
	case p.accept("random"):
		if p.atEnd() {
			p.fail(p.at, "random needs a percentage, as in %s random 5%%", keyword)
			return
		}
	case !p.digit():
		p.fail(p.at, "%s needs a percentage that begins with a digit, as in %s 5%%", keyword, keyword)
		return
	}
	p.line.Netem.Loss = p.chance()
	p.loss = p.line.Netem.Loss > 0
	if p.digit() {
		p.correlation()
	}
}
