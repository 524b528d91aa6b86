package linearizability

import (
	"math"
	"slices"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// specSteps bounds the work of porcupine on one history.
const specSteps = 1_000_000

// anchorDistance is how many calls of its session back a read may have its anchor.
const anchorDistance = 8

// Porcupine lets the checker of that name judge a history by search, whatever the
// zxids: with zxids as a second opinion on a history of at most maxOps calls,
// without them piece by piece, where a piece is the calls that hang together. A
// piece that costs too many steps, or of too many calls, stays undecided and is
// named; the others are judged.
//
// Writes and reads are put into one order: a write between its call and its
// return; a read if its session wrote or synced shortly before, between the call
// of that (its anchor) and its own return, for by then it must see what had
// happened. Other reads may be of any age and are left out. With zxids every
// answer must fit the one it has. Writes with unknown outcome happened at any
// time after their call, in the order of their session, or never.
func Porcupine(h *History, maxOps int) Result {
	if o := beyondModel(h); o != nil {
		return undecided("porcupine: the model does not know c%d's %v %s of step %d", o.Client, o.Op.Type, o.Op.Path, o.Call)
	}
	if HasZxids(h) {
		return withoutServers(h, porcupineWhole(h, maxOps))
	}
	return withoutServers(h, porcupinePieces(h))
}

func porcupinePieces(h *History) Result {
	var res Result
	b := newBuilder(h)
	g := groundOf(h, b)
	for _, p := range piecesOf(h, g) {
		res.add(g.porcupinePiece(h, p))
	}
	return res
}

// HasZxids reports whether any reply of a history tells a zxid.
func HasZxids(h *History) bool {
	return slices.ContainsFunc(h.Ops, func(o Op) bool { return o.Zxid > 0 })
}

func porcupineWhole(h *History, maxOps int) Result {
	if len(h.Ops) > maxOps {
		return undecided("porcupine: %d calls, the most it is given are %d", len(h.Ops), maxOps)
	}
	table := newZxidTable(len(h.Ops))
	t, v := timelineOf(h, table)
	if v != nil {
		return violated(v)
	}
	past := answered(h)
	list := unknowns(h, &past, nil)
	b := newBuilder(h)
	for i := range h.Ops {
		b.add(&h.Ops[i])
	}
	for i := range list {
		if u := &list[i]; u.call < 0 {
			b.perhaps(u.op, u.session, 0, u.after)
		}
	}
	s := b.specification(true)
	s.told = slices.DeleteFunc(t.moments, func(m moment) bool { return m.kind == momentRead })
	return b.judge(s, "the history")
}

// pieceCalls bounds what is kept for each step of the search, pieceSteps its time.
const (
	pieceCalls = 4000
	pieceSteps = 100_000
)

func (g *ground) porcupinePiece(h *History, p piece) Result {
	if len(p.calls) > pieceCalls {
		return undecided("porcupine: %d calls hang together with %s, the most it is given are %d", len(p.calls), p.name, pieceCalls)
	}
	b, s := g.prepare(h, p)
	return b.judge(s, p.name)
}

// prepare collects the calls of a piece, with the state that it begins in.
func (g *ground) prepare(h *History, p piece) (*builder, *specification) {
	b := newBuilder(h)
	for _, i := range p.calls {
		b.add(&h.Ops[i])
	}
	for _, id := range p.owners {
		b.perhaps(closeOp(), id, 0, 0)
	}
	s := b.specification(false)
	s.left = pieceSteps
	s.start.State = g.state
	for _, id := range b.sessions {
		s.start.State = s.start.Open(id, 0)
	}
	return b, s
}

// builder collects the calls of a history that porcupine is to judge.
type builder struct {
	h        *History
	calls    []interval
	sessions []proto.SessionID
	seen     map[proto.SessionID][]*Op // writes and syncs of a session, by xid
}

func newBuilder(h *History) *builder {
	b := &builder{h: h, seen: map[proto.SessionID][]*Op{}}
	for i := range h.Ops {
		if o := &h.Ops[i]; got(o) && o.Outcome == OK && (o.Op.Type.IsWrite() || o.Op.Type == proto.OpSync) {
			b.seen[o.Session] = append(b.seen[o.Session], o)
		}
	}
	return b
}

// got reports whether a server answered a call; without zxids the error tells.
func got(o *Op) bool {
	switch {
	case o.Return == 0 || o.Outcome == Unknown:
		return false
	case o.Zxid > 0 || o.Outcome == OK:
		return true
	}
	return o.Err != proto.ConnectionLoss && o.Err != proto.RequestTimeout && o.Err != proto.SessionExpired
}

func (b *builder) session(id proto.SessionID) int {
	n := slices.Index(b.sessions, id)
	if n < 0 {
		n = len(b.sessions)
		b.sessions = append(b.sessions, id)
	}
	return n
}

func (b *builder) add(o *Op) {
	c := interval{judged{op: &o.Op, session: b.session(o.Session), id: o.Session, xid: o.Xid, reply: o, zxid: o.Zxid}, o.Call, o.Return}
	switch {
	case mayHaveHappened(o):
		b.perhaps(&o.Op, o.Session, o.Xid, o.Call)
		return
	case !got(o), o.Op.Type == proto.OpPing, isAboutConnection(o.Op.Type), o.Op.Type == proto.OpSync && o.Zxid == 0:
		return
	case o.Op.Type == proto.OpSync: // it shows how far a server was
	case !o.Op.Type.IsWrite():
		a := b.anchor(o)
		if a == nil || o.Outcome != OK {
			return
		}
		c.call = min(a.Call, o.Call)
	}
	b.calls = append(b.calls, c)
}

// since is the first step in which a call that is judged may have its place; of
// one that is not, none at all.
func (b *builder) since(o *Op) uint64 {
	if o.Op.Type.IsWrite() {
		return o.Call
	}
	a := b.anchor(o)
	if a == nil || o.Outcome != OK {
		return math.MaxUint64
	}
	return min(a.Call, o.Call)
}

// anchor is the last write or sync of a read's session before it, if it is near.
func (b *builder) anchor(o *Op) *Op {
	var last *Op
	for _, a := range b.seen[o.Session] {
		if a.Xid < o.Xid && a.Xid+anchorDistance >= o.Xid && (last == nil || a.Xid > last.Xid) {
			last = a
		}
	}
	return last
}

func (b *builder) perhaps(op *proto.Op, id proto.SessionID, xid int32, call uint64) {
	b.calls = append(b.calls, interval{judged{op: op, session: b.session(id), id: id, xid: xid}, call, 0})
}

// specification starts with an unused service in which the sessions live.
func (b *builder) specification(zxids bool) *specification {
	s := &specification{zxids: zxids, left: specSteps, start: specState{model.NewWith(rulesOf(b.h)), make([]int32, len(b.sessions))}}
	for _, id := range b.sessions {
		s.start.State = s.start.Open(id, 0)
	}
	return s
}

func (b *builder) judge(s *specification, name string) Result {
	switch ok, decided := linearizable(s, b.calls); {
	case ok:
		return Result{}
	case decided:
		return violated(&proto.Violation{Property: proto.LinearizableWrites, Place: "client",
			Detail: "no order of the calls explains their answers, below " + name})
	}
	return undecided("porcupine: too much at once: the steps it is given did not settle the %d calls that hang together with %s", len(b.calls), name)
}

// piece is the calls that hang together: those below some nodes of the root.
type piece struct {
	name   string
	calls  []int
	owners []proto.SessionID // sessions that may have ephemerals there
}

// piecesOf parts the calls of a history. A multi ties together the nodes that it
// is about. What creates or deletes a node ties it to its parent, unless the
// parent is always there and nobody looks at its children.
func piecesOf(h *History, g *ground) []piece {
	j := joints{}
	sequenced := map[string]bool{}
	for i := range h.Ops {
		if o := &h.Ops[i]; !g.calls[i] {
			g.tie(j, &o.Op, sequenced)
		}
	}
	together := anyCall(h, wide)
	for _, p := range j.names() {
		if together {
			j.join(p, "/")
		}
		if sequenced[parentOf(p)] && p != "/" {
			j.join(p, parentOf(p))
		}
	}
	var out []piece
	at := map[string]int{}
	for i := range h.Ops {
		o := &h.Ops[i]
		name := someName(&o.Op)
		if name == "" || g.calls[i] {
			continue
		}
		root := j.find(name)
		n, ok := at[root]
		if !ok {
			n = len(out)
			at[root] = n
			out = append(out, piece{name: root})
		}
		out[n].calls = append(out[n].calls, i)
	}
	for n := range out {
		out[n].closes(h)
	}
	return out
}

// tie joins what a request needs to be judged together.
func (g *ground) tie(j joints, op *proto.Op, sequenced map[string]bool) {
	for i := range op.Ops {
		g.tie(j, &op.Ops[i], sequenced)
		if a, b := someName(op), someName(&op.Ops[i]); b != "" {
			j.join(a, b)
		}
	}
	name := someName(op)
	if name == "" || len(op.Ops) > 0 {
		return
	}
	j.find(name)
	up := parentOf(name)
	switch op.Type {
	case proto.OpCreate, proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL, proto.OpDelete:
		if !g.holds(up) || g.counted[up] {
			j.join(name, up)
		}
	}
	if op.Flags.IsSequential() {
		sequenced[up] = true // it may have the name of any of its siblings
	}
}

// someName is a path that a request is about, "" if it is about none. The end of
// a session is added to every piece that it may touch.
func someName(op *proto.Op) string {
	switch op.Type {
	case proto.OpCloseSession, proto.OpPing, proto.OpSync, proto.OpReconfig, proto.OpAddWatch, proto.OpRemoveWatches, proto.OpCheckWatches:
		return ""
	case proto.OpGetEphemerals:
		return "/"
	case proto.OpMulti, proto.OpMultiRead:
		for i := range op.Ops {
			if n := someName(&op.Ops[i]); n != "" {
				return n
			}
		}
		return ""
	}
	return rooted(op.Path)
}

// closes adds to a piece the ends of the sessions that may have ephemerals there,
// or that are answered as if they had ended.
func (p *piece) closes(h *History) {
	for _, i := range p.calls {
		o := &h.Ops[i]
		var f footprint
		owned(&f, o)
		if (len(f.paths) > 0 || o.Err == proto.SessionExpired) && !slices.Contains(p.owners, o.Session) {
			p.owners = append(p.owners, o.Session)
		}
	}
	for i := range h.Ops {
		if o := &h.Ops[i]; o.Op.Type == proto.OpCloseSession && slices.Contains(p.owners, o.Session) {
			p.calls = append(p.calls, i)
		}
	}
	slices.Sort(p.calls)
}

// joints is a union-find over names.
type joints map[string]string

func (j joints) find(n string) string {
	for {
		up, ok := j[n]
		if !ok {
			j[n] = n
			return n
		}
		if up == n {
			return n
		}
		n = up
	}
}

func (j joints) names() []string {
	out := make([]string, 0, len(j))
	for n := range j { // order-free: sorted below
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (j joints) join(a, b string) {
	a, b = j.find(a), j.find(b)
	if a < b {
		j[b] = a
	} else {
		j[a] = b
	}
}
