package fault

import "strings"

// Parse reads one statement. What follows a word that begins with # is a
// comment. Every error is a *SyntaxError. What Parse accepts may still name
// hosts that a run does not have: see Validate.
func Parse(line string) (Statement, error) {
	s, _, err := ParseNoted(line)
	return s, err
}

// ParseNoted is Parse, and tells how words were understood that tc understands
// differently, or differently from release to release.
func ParseNoted(line string) (Statement, []Note, error) {
	p := newParser(line)
	s := p.statement()
	if p.err != nil {
		return Statement{}, nil, p.err
	}
	return s, p.notes, nil
}

// ParseFile reads statements, one a line. Lines that are empty or hold a
// comment only are skipped. It stops at the first error, a *SyntaxError that
// names the line.
func ParseFile(text string) ([]Statement, error) {
	var list []Statement
	n := 0
	for line := range strings.Lines(text) {
		n++
		p := newParser(line)
		if p.atEnd() {
			continue
		}
		s := p.statement()
		if p.err != nil {
			p.err.Line = n
			return nil, p.err
		}
		list = append(list, s)
	}
	return list, nil
}

func (p *parser) statement() Statement {
	var s Statement
	p.when(&s)
	if p.err == nil {
		p.action(&s)
	}
	if p.err == nil {
		p.done()
	}
	return s
}

// laterForms are words of the grammar that begin what this version cannot do.
var laterForms = []string{"transport"}

func (p *parser) when(s *Statement) {
	w := p.next()
	switch w.text {
	case "at":
		s.At = p.time()
		if p.accept("for") {
			s.For = p.positive("a fault")
		}
	case "from":
		p.fromTo(s)
	case "every":
		s.When, s.Every = WhenEvery, p.positive("an interval")
		if chance, ok := strings.CutPrefix(p.peek().text, "p="); ok {
			s.P = p.ratio(p.next().part(len("p="), chance))
		}
	case "on":
		s.When, s.On = WhenOn, p.event()
	default:
		p.noForm(w)
	}
}

func (p *parser) noForm(w word) {
	if contains(laterForms, w.text) {
		p.fail(w, "%s is not part of this version", w.text)
	}
	p.fail(w, "a statement begins with at TIME, from TIME to TIME, every TIME or on EVENT, as in: at 10s kill leader")
}

func (p *parser) fromTo(s *Statement) {
	s.At = p.time()
	if p.err == nil && !p.accept("to") {
		p.fail(p.next(), "after from TIME comes to TIME")
	}
	end := p.peek()
	to := p.time()
	if to <= s.At {
		p.fail(end, "a fault must end after it begins, at %s", duration(s.At))
	}
	s.For = to - s.At
}

// event reads EVENT [before|after].
func (p *parser) event() Event {
	w := p.next()
	e := p.eventWord(w)
	switch {
	case p.accept("before"):
		e.Before = true
	case p.accept("after"):
	}
	return e
}

// eventWord reads node[:CLASS].OP[#N].
func (p *parser) eventWord(w word) Event {
	if w.text == "" {
		p.fail(w, "an event is missing, as in zk2:txnlog.fsync#6, zk3.NEWLEADER or c1.create#1")
		return Event{}
	}
	head, count, counted := w.cut("#")
	head, op, dotted := head.cut(".")
	node, class, classed := head.cut(":")
	e := Event{Node: node.text}
	if !dotted {
		p.fail(w, "an event is a node and what happens there, as in zk2:txnlog.fsync#6, zk3.NEWLEADER or c1.create#1")
	}
	if classed {
		e.Class = p.class(class)
	}
	switch {
	case ServerNumber(node.text) > 0:
		p.serverEvent(&e, op, class)
	case ClientNumber(node.text) > 0:
		p.clientEvent(&e, op, class)
	case contains(groupWords, node.text):
		p.fail(node, "events are counted at one node; name it, as in zk2 or c1")
	default:
		p.fail(node, noName)
	}
	if counted {
		e.N = p.count(count)
	}
	return e
}

func (p *parser) serverEvent(e *Event, op, class word) {
	if o, ok := find[DiskOp](opWords[:], op.text); ok {
		e.Kind, e.Disk = EventDisk, o
		return
	}
	for _, m := range Messages() {
		if m.String() == op.text {
			e.Kind, e.Message = EventMessage, m
			if class.text != "" {
				p.fail(class, "only operations on files have a class")
			}
			return
		}
	}
	p.fail(op, "at a server happen %s, or a message such as PROPOSAL, NEWLEADER or NOTIFICATION is handled", oneOf(opWords[1:]))
}

func (p *parser) clientEvent(e *Event, op, class word) {
	if class.text != "" {
		p.fail(class, "clients have no files")
	}
	for _, r := range requests {
		if r.String() == op.text {
			e.Kind, e.Request = EventRequest, r
			return
		}
	}
	p.fail(op, "a client sends requests such as create, setData, getData, multi or sync")
}
