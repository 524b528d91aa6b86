package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// SequenceMax is how many characters a sequence diagram has at most.
const SequenceMax = 5000

// Sequence is an engine.Tracer that keeps what a sequence diagram of a run may
// show: the facts of its story, and the messages of discovery and
// synchronisation, and of the transactions concerned. Make it with NewSequence.
type Sequence struct {
	servers int
	items   []item
	flows   map[uint64]int // of messages that nobody has taken yet
}

// item is something that the diagram may show.
type item struct {
	at      time.Duration
	step    uint64
	fact    engine.Fact
	message bool
	name    string
	zxid    proto.Zxid
	from    string
	to      string
	lost    bool
	points  int
}

// NewSequence makes a recorder of a run of so many servers.
func NewSequence(servers int) *Sequence { return &Sequence{servers: servers, flows: map[uint64]int{}} }

// Trace is part of engine.Tracer.
func (q *Sequence) Trace(e *engine.TraceEvent) {
	switch e.Kind {
	case engine.TraceFault, engine.TraceUndone, engine.TraceFact:
		f := *e.Fact
		q.items = append(q.items, item{at: e.At, step: e.Step, fact: f})
	case engine.TraceSent:
		if e.Port != node.PortQuorum || !shownMessage(e.Name) {
			return
		}
		q.flows[e.Flow] = len(q.items)
		q.items = append(q.items, item{at: e.At, step: e.Step, message: true, name: e.Name, zxid: e.Zxid, from: e.Host, to: e.Peer, lost: true})
	case engine.TraceReceived:
		if i, ok := q.flows[e.Flow]; ok {
			q.items[i].lost = false
			delete(q.flows, e.Flow)
		}
	}
}

// shownMessage: heartbeats and clients' requests say nothing about order.
func shownMessage(name string) bool {
	return !slices.Contains([]string{"PING", "REQUEST", "REVALIDATE", "SYNC"}, name)
}

// Diagram writes the diagram in Mermaid's language, in SequenceMax characters at
// most: everything of a short run; of a long one what has most to do with its
// end. It may be called once.
func (q *Sequence) Diagram(run *Run) string {
	k := concernOf(run.Violation)
	items := q.relevant(k)
	head := q.head(run)
	tail := ""
	if v := run.Violation; v != nil {
		tail = q.note(v.Server, v.Server, fmt.Sprintf("%s VIOLATED %s: %s", Clock(v.At), v.Property, v.Detail), 300)
	}
	room := SequenceMax - utf8.RuneCountInString(head) - utf8.RuneCountInString(tail) - leftOutRoom
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(items[b].points, items[a].points), cmp.Compare(b, a)) })
	lines := make([]string, len(items))
	kept := 0
	for _, i := range order {
		line := q.line(&items[i])
		if room -= utf8.RuneCountInString(line); room < 0 {
			break
		}
		lines[i] = line
		kept++
	}
	if kept < len(items) {
		head += q.note(1, proto.ServerID(q.servers), fmt.Sprintf("%d of %d events are shown", kept, len(items)), 80)
	}
	return head + strings.Join(lines, "") + tail
}

// leftOutRoom is kept for the line that says how much is left out.
const leftOutRoom = 120

// relevant are the items that may be shown, with their points.
func (q *Sequence) relevant(k *concern) []item {
	var list []item
	for _, it := range q.items {
		switch {
		case !it.message:
			it.points = k.points(scene{it.fact})
		case it.txn() && !slices.Contains(k.zxids, it.zxid):
			continue
		default:
			it.points = k.messagePoints(&it)
		}
		list = append(list, it)
	}
	return list
}

// txn reports whether a message is about one transaction.
func (it *item) txn() bool {
	switch it.name {
	case "PROPOSAL", "COMMIT":
		return true
	case "ACK":
		return it.zxid.Counter() != 0
	}
	return false
}

// messagePoints rates a message as scenes are rated.
func (k *concern) messagePoints(it *item) int {
	sum := pointsRole
	if it.txn() {
		sum = pointsTxn
	}
	for _, id := range k.servers {
		if it.from == id.String() || it.to == id.String() {
			sum += pointsServer
			break
		}
	}
	if slices.Contains(k.epochs, it.zxid.Epoch()) {
		sum += pointsEpoch
	}
	switch f := (engine.Fact{At: it.at, Step: it.step}); {
	case k.near(f):
		sum += pointsNear
	case len(k.steps) == 0 && f.At+far < k.at:
		sum += pointsFar
	}
	return sum
}

// head names the diagram and its participants.
func (q *Sequence) head(run *Run) string {
	text := fmt.Sprintf("sequenceDiagram\n%%%% seed %s hash %s\n", Seed(run.Config.Seed), Hash(run.Hash))
	for i := 1; i <= q.servers; i++ {
		text += "participant zk" + strconv.Itoa(i) + "\n"
	}
	return text
}

// line is an item in Mermaid's language.
func (q *Sequence) line(it *item) string {
	if !it.message {
		return q.factLine(&it.fact)
	}
	arrow := "->>"
	if it.lost {
		arrow = "-x"
	}
	text := Clock(it.at) + " " + it.name
	if it.zxid > 0 {
		text += " " + it.zxid.String()
	}
	return it.from + arrow + it.to + ": " + escaped(text) + "\n"
}

func (q *Sequence) factLine(f *engine.Fact) string {
	from, to := f.Server, f.Server
	if f.Server != 0 && f.Peer != 0 && f.Kind == engine.FactSync {
		to = f.Peer
	}
	if ids := f.Servers.IDs(); len(ids) > 0 {
		from, to = ids[0], ids[len(ids)-1]
	}
	return q.note(from, to, Clock(f.At)+" "+scene{*f}.sentence(), 120)
}

// note is a note over one server, or from one to another; over all of them if it
// is about none.
func (q *Sequence) note(from, to proto.ServerID, text string, most int) string {
	if from < 1 || int(from) > q.servers || to < 1 || int(to) > q.servers {
		from, to = 1, proto.ServerID(q.servers)
	}
	over := from.String()
	if to != from {
		over += "," + to.String()
	}
	return "Note over " + over + ": " + escaped(clip(strings.Join(strings.Fields(text), " "), most)) + "\n"
}

// escaped writes a text so that Mermaid takes it as it is: some characters end a
// statement or begin a mark.
func escaped(text string) string {
	words := strings.Split(text, " ")
	for i, w := range words {
		if words[i] = escapedWord(w); w == "end" { // ends a block elsewhere in the language
			words[i] = "e#110;d"
		}
	}
	return strings.Join(words, " ")
}

func escapedWord(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch r {
		case '#', ';', '<', '>', '&', '%', '{', '}', '`', '"':
			b.WriteString("#" + strconv.Itoa(int(r)) + ";")
		default:
			if r < ' ' || r == 0x7f {
				r = ' '
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}
