package fault

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/sim/fault/netem"
)

func contains(words []string, w string) bool { return slices.Contains(words, w) }

// time reads a TIME.
func (p *parser) time() time.Duration {
	w := p.next()
	if strings.HasPrefix(w.text, "-") {
		p.fail(w, "a time cannot be negative")
	} else if strings.HasPrefix(w.text, "+") {
		p.fail(w, noTime)
	}
	return p.timeOf(w)
}

const noTime = "this is no time; write it like 10s, 1m30s or 250ms"

// timeOf reads a Go duration, which may have a sign.
func (p *parser) timeOf(w word) time.Duration {
	d, err := time.ParseDuration(w.text)
	switch {
	case w.text == "":
		p.fail(w, "a time is missing, as in 10s or 1m30s")
	case bareNumber(w.text):
		p.fail(w, "a time needs its unit, as in %ss", strings.TrimRight(w.text, "."))
	case err != nil:
		p.fail(w, noTime)
	}
	return d
}

func bareNumber(text string) bool {
	digits := strings.TrimLeft(text, "+-")
	return digits != "" && strings.Trim(digits, "0123456789.") == ""
}

// positive reads a TIME that is more than nothing.
func (p *parser) positive(what string) time.Duration {
	w := p.peek()
	d := p.time()
	if d == 0 {
		p.fail(w, "%s must last longer than nothing", what)
	}
	return d
}

// signed reads ±TIME.
func (p *parser) signed() time.Duration { return p.timeOf(p.next()) }

// deviceTime reads a time in the words of netem, or of Go; it needs a unit.
func (p *parser) deviceTime() time.Duration {
	w := p.peek()
	if d, bare, err := netem.ParseTime(w.text); err == nil && !bare {
		p.next()
		return d
	}
	return p.time()
}

// count reads a number of at least 1.
func (p *parser) count(w word) int64 {
	n, ok := digits(w.text)
	if !ok || n < 1 {
		p.fail(w, "this is a whole number from 1 on")
	}
	return n
}

// digits reads a number that is written in digits alone.
func digits(text string) (int64, bool) {
	if strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// ratio reads INT/INT or INT%.
func (p *parser) ratio(w word) Ratio {
	var r Ratio
	var okNum, okDen bool
	if percent, ok := strings.CutSuffix(w.text, "%"); ok {
		r.Num, okNum = digits(percent)
		r.Den, okDen = 100, true
	} else {
		num, den, _ := strings.Cut(w.text, "/")
		r.Num, okNum = digits(num)
		r.Den, okDen = digits(den)
	}
	switch {
	case !okNum || !okDen:
		p.fail(w, "a probability is two whole numbers like 1/20, or a whole percentage like 5%%")
	case r.Den == 0 || r.Num > r.Den:
		p.fail(w, "a probability lies between 0 and 1")
	}
	return r
}

// class reads the word after a colon.
func (p *parser) class(w word) FileClass {
	i := slices.Index(classWords[:], w.text)
	if i < 0 {
		p.fail(w, "files are of the class %s", oneOf(classWords[:]))
		return FilesAll
	}
	return FileClass(i)
}

const noName = "this is no name; servers are called zk1, zk2 and so on, clients c1, c2 and so on"

// hosts says which names may stand in a place.
type hosts uint8

const (
	serversOnly hosts = iota
	serversAndClients
)

// nodes takes nodes.
func (p *parser) nodes(allowed hosts) []string { return p.nodesOf(p.next(), allowed) }

// nodesOf reads the word of a group, or names joined by commas.
func (p *parser) nodesOf(w word, allowed hosts) []string {
	if w.text == "" {
		p.fail(w, "say whom it hits: names like zk1,zk3, or %s", oneOf(groupWords))
		return nil
	}
	parts := w.split(",")
	names := make([]string, len(parts))
	for i := 0; i < len(parts) && p.err == nil; i++ {
		part := parts[i]
		names[i] = part.text
		switch {
		case contains(groupWords, part.text):
			if len(parts) > 1 {
				p.fail(part, "%s stands alone and is not part of a list", part.text)
			}
		case part.text == "":
			p.fail(w, "a name is missing beside the comma; names are joined without blanks, as in zk1,zk3")
		default:
			p.name(part, allowed)
		}
		p.once(part, names[:i])
	}
	return names
}

// name checks one name of a host.
func (p *parser) name(w word, allowed hosts) {
	switch {
	case ServerNumber(w.text) > 0:
	case ClientNumber(w.text) == 0:
		p.fail(w, noName)
	case allowed == serversOnly:
		p.fail(w, "this is a client, and only servers can stand here")
	}
}

// namesMax bounds the names of a list, and the groups of a partition: more than
// there can be hosts.
const namesMax = 2000

// once refuses a name that was there before.
func (p *parser) once(w word, before []string) {
	if len(before) >= namesMax {
		p.fail(w, "more than %d names are too many", namesMax)
	} else if contains(before, w.text) {
		p.fail(w, "%s is named twice", w.text)
	}
}
