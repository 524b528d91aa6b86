package fault

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// SyntaxError says which word of a statement is wrong, and why.
type SyntaxError struct {
	Word   string // "" at the end of the line
	Column int    // of the word's first character, from 1
	Reason string // what is wrong and what to write instead
}

// Error gives word, column and reason on one line.
func (e *SyntaxError) Error() string {
	if e.Word == "" {
		return fmt.Sprintf("fault statement ends at column %d: %s", e.Column, e.Reason)
	}
	return fmt.Sprintf("fault statement, column %d, %q: %s", e.Column, e.Word, e.Reason)
}

// Words of the grammar that this version cannot carry out. They are told apart
// from misspelt ones.
var (
	laterStarts = []string{"from", "every", "on", "net", "ipsec", "flap", "swizzle", "partition", "maxconn", "heal",
		"pause", "resume", "probe", "clock", "disk", "client", "transport", "stop"}
	laterNodes  = []string{"followers", "observers", "minority", "majority", "minority-third", "primaries", "all"}
	laterPowers = []string{"torn-op", "torn-seq", "corrupt-inflight"}
)

// Parse reads one statement:
//
//	at TIME [for TIME] crash NODES [lose-unsynced|keep-all|subset]
//	at TIME [for TIME] kill NODES
//	at TIME start NODES
//
// TIME is a Go duration with its unit, NODES is leader, one, or names joined by
// commas. What follows a # is a comment. Every error is a *SyntaxError.
func Parse(line string) (Statement, error) {
	p := &parser{line: line}
	p.split()
	s := p.statement()
	if p.err != nil {
		return Statement{}, p.err
	}
	return s, nil
}

type word struct {
	text   string
	column int
}

type parser struct {
	line  string
	words []word
	end   int // column after the last word
	err   *SyntaxError
}

// split cuts the line at blanks, up to a comment.
func (p *parser) split() {
	line, _, _ := strings.Cut(p.line, "#")
	p.end = 1
	for rest := line; ; {
		trimmed := strings.TrimLeft(rest, " \t\r\n")
		if trimmed == "" {
			return
		}
		at := len(line) - len(trimmed)
		n := strings.IndexAny(trimmed, " \t\r\n")
		if n < 0 {
			n = len(trimmed)
		}
		p.words = append(p.words, word{trimmed[:n], 1 + utf8.RuneCountInString(line[:at])})
		p.end = 1 + utf8.RuneCountInString(line[:at+n])
		rest = trimmed[n:]
	}
}

func (p *parser) statement() Statement {
	p.keyword("at", "a statement begins with at TIME, as in: at 10s kill leader", laterStarts)
	s := Statement{At: p.duration()}
	if p.peek() == "for" {
		p.next()
		s.For = p.positive()
	}
	s.Action = p.action(s.For != 0)
	s.Nodes = p.nodes()
	if s.Action == ActionCrash && len(p.words) > 0 {
		s.Power = p.power()
	}
	if len(p.words) > 0 {
		p.fail(p.next(), "nothing may follow here")
	}
	return s
}

func (p *parser) peek() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0].text
}

func (p *parser) next() word {
	if len(p.words) == 0 {
		return word{"", p.end}
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

// fail keeps the first error only: what comes after it may be a consequence.
func (p *parser) fail(w word, format string, args ...any) {
	if p.err == nil {
		p.err = &SyntaxError{w.text, w.column, fmt.Sprintf(format, args...)}
	}
}

func (p *parser) keyword(want, reason string, later []string) {
	w := p.next()
	if slices.Contains(later, w.text) {
		p.fail(w, "this version knows statements of the form at TIME crash, kill or start NODES only; %s comes with a later one", w.text)
	} else if w.text != want {
		p.fail(w, "%s", reason)
	}
}

func (p *parser) duration() time.Duration {
	w := p.next()
	d, err := time.ParseDuration(w.text)
	switch {
	case w.text == "":
		p.fail(w, "a time is missing, as in 10s or 1m30s")
	case strings.Trim(w.text, "0123456789.") == "":
		p.fail(w, "a time needs its unit, as in %ss", strings.Trim(w.text, "."))
	case strings.HasPrefix(w.text, "-"):
		p.fail(w, "a time cannot be negative")
	case err != nil || strings.HasPrefix(w.text, "+"):
		p.fail(w, "this is no time; write it like 10s, 1m30s or 250ms")
	}
	return d
}

func (p *parser) positive() time.Duration {
	w := word{p.peek(), p.end}
	if len(p.words) > 0 {
		w = p.words[0]
	}
	d := p.duration()
	if d == 0 {
		p.fail(w, "a fault must last longer than nothing")
	}
	return d
}

func (p *parser) action(undone bool) Action {
	w := p.next()
	switch w.text {
	case "crash":
		return ActionCrash
	case "kill":
		return ActionKill
	case "start":
		if undone {
			p.fail(w, "a start cannot be undone: leave out for, or say crash or kill")
		}
		return ActionStart
	}
	if slices.Contains(laterStarts, w.text) {
		p.fail(w, "this version carries out crash, kill and start; %s comes with a later one", w.text)
	}
	p.fail(w, "say what is to happen: crash, kill or start")
	return 0
}

func (p *parser) nodes() []string {
	w := p.next()
	if w.text == "" {
		p.fail(w, "say whom it hits: leader, one, or names like zk1,zk3")
		return nil
	}
	names := strings.Split(w.text, ",")
	for i, name := range names {
		p.name(w, name, len(names))
		if slices.Contains(names[:i], name) {
			p.fail(w, "%s is named twice", name)
		}
	}
	return names
}

func (p *parser) name(w word, name string, of int) {
	switch {
	case slices.Contains(laterNodes, name):
		p.fail(w, "this version selects by leader, one and names; %s comes with a later one", name)
	case of > 1 && (name == NodeLeader || name == NodeOne):
		p.fail(w, "%s stands alone and is not part of a list", name)
	case name == "":
		p.fail(w, "a name is missing beside the comma; names are joined without blanks, as in zk1,zk3")
	case !validName(name):
		p.fail(w, "this is no name; servers are called zk1, zk2 and so on")
	}
}

func validName(name string) bool {
	rest := strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	return rest != name && strings.Trim(rest, "0123456789") == ""
}

func (p *parser) power() Power {
	w := p.next()
	for _, power := range []Power{PowerLoseUnsynced, PowerKeepAll, PowerSubset} {
		if w.text == power.String() {
			return power
		}
	}
	if slices.Contains(laterPowers, w.text) {
		p.fail(w, "this version knows lose-unsynced, keep-all and subset; %s comes with a later one", w.text)
	}
	p.fail(w, "after the nodes of a crash come lose-unsynced, keep-all, subset, or nothing")
	return PowerDrawn
}
