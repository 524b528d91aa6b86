package fault

import (
	"errors"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/zksim/zksim/sim/fault/netem"
)

// Words of the grammar that this version cannot carry out. They are told apart
// from misspelt ones.
var (
	laterActions = []string{"ipsec", "probe", "transport"}
	laterPowers  = []string{"torn-op", "torn-seq", "corrupt-inflight"}
	laterNets    = []string{"ipsec", "gso"}
	laterDisks   = []string{"rate", "full", "flaky", "drop-writes", "lying-fsync", "fsync-fail", "short", "corrupt", "misdirect",
		"stale", "copy-chunk", "bad-sector", "sshfs", "preset"}
)

// action reads what is to happen.
func (p *parser) action(s *Statement) {
	a, w := choose[Action](p, "say what is to happen", actionWords[:], laterActions)
	s.Action = a
	switch a {
	case ActionCrash:
		p.crash(s)
	case ActionKill, ActionStart, ActionStop, ActionResume:
		s.Nodes = p.nodes(serversOnly)
	case ActionPause:
		p.pause(s)
	case ActionNet:
		w = p.net(s)
	case ActionFlap:
		s.Nodes = p.nodes(serversAndClients)
		s.Down, s.Up = p.positive("the time without network"), p.positive("the time with network")
	case ActionSwizzle:
		s.Nodes, s.Span = p.nodes(serversAndClients), p.positive("a swizzle")
	case ActionPartition:
		p.partition(s)
	case ActionMaxConn:
		s.Nodes, s.Limit = p.nodes(serversOnly), p.count(p.next())
	case ActionClock:
		w = p.clock(s)
	case ActionDisk:
		w = p.disk(s)
	case ActionClient:
		w = p.client(s)
	}
	if s.For != 0 && s.Undo() == UndoNothing {
		p.fail(w, "this happens once and cannot be undone: leave out its end, as in: at %s %s", duration(s.At), s.Action)
	}
}

func (p *parser) crash(s *Statement) {
	s.Nodes = p.nodes(serversOnly)
	if !p.atEnd() {
		s.Power, _ = choose[Power](p, "after the nodes of a crash comes nothing, or what is left on the disk", powerWords[:], laterPowers)
	}
}

// pause reads nodes[:STAGE].
func (p *parser) pause(s *Statement) {
	nodes, stage, narrowed := p.next().cut(":")
	s.Nodes = p.nodesOf(nodes, serversOnly)
	if !narrowed {
		return
	}
	kind, peer, hasPeer := stage.cut("/")
	k, ok := find[StageKind](stageWords[:], kind.text)
	s.Stage = Stage{k, peer.text}
	switch {
	case !ok:
		s.Stage.Kind = StageProcess
		p.fail(kind, "a stage is %s", oneOf(stageWords[1:]))
	case hasPeer && !k.perPeer():
		p.fail(peer, "there is one stage %v for all peers; only sender and receiver are one for each", k)
	case hasPeer:
		p.name(peer, serversAndClients)
	}
}

// net reads nodes (->|<->) nodes and what happens between them.
func (p *parser) net(s *Statement) word {
	s.Nodes = p.nodes(serversAndClients)
	w := p.next()
	switch w.text {
	case "->":
	case "<->":
		s.Net.Both = true
	default:
		p.fail(w, "between the two sides of net comes -> or <->, with blanks around it")
	}
	s.Peers = p.nodes(serversAndClients)
	if next := p.peek(); p.err == nil && (next.text == "tc" || next.text == "sudo") {
		p.netem(s)
		return next
	}
	kind, w := choose[NetKind](p, "say what happens between the nodes", netWords[:], laterNets)
	s.Net.Kind = kind
	switch kind {
	case NetNetem:
		p.netem(s)
	case NetSndBuf:
		s.Net.Size = p.size()
	case NetChecksum:
		s.Net.On = p.onOff()
	}
	return w
}

// netem reads the rest of the line, which is tc's language.
func (p *parser) netem(s *Statement) {
	words := p.words
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	p.words = nil
	line, err := netem.ParseLine(texts)
	var wrong *netem.Error
	if errors.As(err, &wrong) {
		at := word{"", p.end}
		if wrong.Index < len(words) {
			at = words[wrong.Index]
		}
		p.fail(at, "%s", wrong.Reason)
	}
	for _, n := range line.Notes {
		p.notes = append(p.notes, Note{words[n.Index].text, words[n.Index].column, n.Text})
	}
	s.Net.Kind, s.Net.Netem = NetNetem, line.Netem
	if line.Clear {
		s.Net.Kind = NetClear
	}
}

func (p *parser) size() int64 {
	w := p.next()
	n, err := netem.ParseSize(w.text)
	if err != nil {
		p.fail(w, "%v", err)
	} else if n == 0 {
		p.fail(w, "a buffer has room for at least one byte")
	}
	return n
}

func (p *parser) onOff() bool {
	w := p.next()
	if w.text != "on" && w.text != "off" {
		p.fail(w, "this is on or off")
	}
	return w.text == "on"
}

// partition reads the word of a shape, or groups in braces.
func (p *parser) partition(s *Statement) {
	p.splitBraces()
	if p.peek().text != "{" {
		s.Shape, _ = choose[Shape](p, "a partition is groups like {zk1} | {zk2 zk3}, or a shape", shapeWords[:], nil)
		return
	}
	for more := true; more && p.err == nil; more = p.accept("|") {
		s.Groups = append(s.Groups, p.group())
	}
	if len(s.Groups) > namesMax {
		p.fail(word{"", p.end}, "more than %d groups are too many", namesMax)
	}
	if len(s.Groups) < 2 {
		p.fail(p.next(), "a partition has two groups or more, as in {zk1} | {zk2 zk3}")
	}
}

// splitBraces makes braces and bars words of their own.
func (p *parser) splitBraces() {
	var out []word
	for _, w := range p.words {
		start := 0
		for i, c := range w.text {
			if !strings.ContainsRune("{}|", c) {
				continue
			}
			if i > start {
				out = append(out, w.part(start, w.text[start:i]))
			}
			out = append(out, w.part(i, w.text[i:i+1]))
			start = i + 1
		}
		if start < len(w.text) {
			out = append(out, w.part(start, w.text[start:]))
		}
	}
	p.words = out
}

// group reads {NAME NAME}; commas will do for blanks.
func (p *parser) group() []string {
	open := p.peek()
	if !p.accept("{") {
		p.fail(open, "after the bar comes another group, as in {zk1} | {zk2 zk3}")
	}
	var names []string
	for p.err == nil && !p.accept("}") {
		w := p.next()
		if w.text == "" || w.text == "|" || w.text == "{" {
			p.fail(w, "the group is not closed; write it like {zk2 zk3}")
			break
		}
		for _, part := range w.split(",") {
			p.name(part, serversAndClients)
			p.once(part, names)
			if p.err != nil {
				break
			}
			names = append(names, part.text)
		}
	}
	if len(names) == 0 {
		p.fail(open, "a group is not empty")
	}
	return names
}

func (p *parser) clock(s *Statement) word {
	s.Nodes = p.nodes(serversOnly)
	kind, w := choose[ClockKind](p, "say what happens to the clock", clockWords[:], nil)
	s.Clock.Kind = kind
	switch kind {
	case ClockOffset, ClockStep:
		s.Clock.By = p.signed()
	case ClockDrift:
		s.Clock.PPM = p.ppm()
	case ClockStrobe:
		s.Clock.By, s.Clock.Period = p.positive("a strobe's step"), p.positive("a strobe's period")
	}
	return w
}

// ppm reads ±N ppm.
func (p *parser) ppm() int64 {
	w := p.next()
	n, err := strconv.ParseInt(w.text, 10, 64)
	switch {
	case err != nil:
		p.fail(w, "a drift is a whole number of millionths, as in +200 ppm")
	case n < -DriftMax || n > DriftMax:
		p.fail(w, "a drift lies between -%d and +%d ppm", DriftMax, DriftMax)
	case !p.accept("ppm"):
		p.fail(p.next(), "after the number of a drift comes ppm")
	}
	return n
}

// disk reads nodes[:CLASS] and what happens to their files.
func (p *parser) disk(s *Statement) word {
	nodes, class, narrowed := p.next().cut(":")
	s.Nodes = p.nodesOf(nodes, serversOnly)
	if narrowed {
		s.Disk.Class = p.class(class)
	}
	kind, w := choose[DiskKind](p, "say what happens to the disk", diskWords[:], laterDisks)
	s.Disk.Kind = kind
	switch kind {
	case DiskLatency:
		p.latency(&s.Disk)
	case DiskError:
		s.Disk.Errno, _ = choose[Errno](p, "say which error", errnoWords[:], nil)
	}
	for kind != DiskClear && p.err == nil && !p.atEnd() {
		p.filter(&s.Disk)
	}
	return w
}

func (p *parser) latency(d *Disk) {
	d.Delay = p.deviceTime()
	if p.number() {
		d.Jitter = p.deviceTime()
	}
	if p.number() {
		p.fail(p.next(), "correlation is not part of this version; leave the percentage out")
	}
	if w := p.peek(); w.text == "distribution" {
		p.fail(w, "distribution is not part of this version, which has latency TIME [JITTER]")
	}
}

// number reports whether the next word begins like a number.
func (p *parser) number() bool {
	w := p.peek().text
	return w != "" && strings.ContainsRune("0123456789.", rune(w[0]))
}

// filter reads one of ops= p= n= path=, each of which comes once.
func (p *parser) filter(d *Disk) {
	w := p.next()
	key, value, ok := w.cut("=")
	twice := false
	switch {
	case !ok:
		p.fail(w, noFilter)
	case key.text == "ops":
		twice = d.Ops != 0
		d.Ops = p.diskOps(value)
	case key.text == "p":
		twice = d.P.Said()
		d.P = p.ratio(value)
	case key.text == "n":
		twice = d.N != 0
		d.N = p.count(value)
	case key.text == "path":
		twice = d.Path != ""
		d.Path = p.glob(value)
	default:
		p.fail(w, noFilter)
	}
	if twice {
		p.fail(w, "%s is said twice", key.text)
	}
}

const noFilter = "here may come ops=LIST, p=RATIO, n=COUNT and path=GLOB, or nothing"

func (p *parser) diskOps(w word) DiskOps {
	var ops DiskOps
	for _, part := range w.split(",") {
		o, ok := find[DiskOp](opWords[:], part.text)
		switch {
		case !ok:
			p.fail(part, "operations are %s, joined by commas", oneOf(opWords[1:]))
			return 0
		case ops != 0 && ops.Has(o):
			p.fail(part, "%v is named twice", o)
		}
		ops = ops.With(o)
	}
	return ops
}

func (p *parser) glob(w word) string {
	_, err := path.Match(w.text, "")
	if err != nil || w.text == "" || !utf8.ValidString(w.text) {
		p.fail(w, "this is no pattern of file names; write it like log.* or snapshot.?00")
	}
	return w.text
}

func (p *parser) client(s *Statement) word {
	w := p.next()
	if ClientNumber(w.text) == 0 {
		p.fail(w, "say which client, by its name: c1, c2 and so on")
	}
	s.Nodes = []string{w.text}
	kind, w := choose[ClientFault](p, "say what happens to the client", clientWords[:], nil)
	s.Client = kind
	if kind == ClientCut && !p.atEnd() {
		s.Peers = p.nodes(serversOnly)
	}
	return w
}
