package linearizability

import (
	"cmp"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// moment is a place in the order in which a history is replayed: a transaction
// at a zxid that replies tell, or a read of the state at one.
type moment struct {
	zxid proto.Zxid
	kind momentKind
	call int32 // index of the call; of a transaction -1 if no answered call made it
	told int32 // of a hole: index of its first mention; of a committed transaction: its index; else -1
}

type momentKind uint8

// The kinds, in the order in which they take place at one zxid.
const (
	momentWrite     momentKind = iota // a write that was answered
	momentCommitted                   // a transaction that the servers told of
	momentHole                        // a zxid that replies mention, of an unknown transaction
	momentRead
)

// mention is what a Stat tells of a transaction that no answered write made: what
// it did to a node.
type mention struct {
	zxid proto.Zxid
	path string
	role mentionRole
}

type mentionRole uint8

const (
	roleCreated mentionRole = iota // czxid
	roleChanged                    // mzxid
	roleParent                     // pzxid
)

// holds reports whether a Stat of the node has the zxid in the right place.
func (m *mention) holds(s *proto.Stat) bool {
	switch m.role {
	case roleCreated:
		return s.Czxid == m.zxid
	case roleChanged:
		return s.Mzxid == m.zxid
	}
	return s.Pzxid == m.zxid
}

// timeline is a history in the order of its replay.
type timeline struct {
	moments  []moment
	mentions []mention // in the order of zxids
}

// timelineOf puts answered writes and reads in the order of their zxids, and
// between them the holes: zxids that are mentioned but not answered. It returns
// a violation if two writes were answered with the same zxid.
func timelineOf(h *History, table *zxidTable) (*timeline, *proto.Violation) {
	t := &timeline{moments: make([]moment, 0, len(h.Ops))}
	for i := range h.Ops {
		o := &h.Ops[i]
		if !isAnsweredWrite(o) {
			continue
		}
		f := table.at(o.Zxid)
		if f.write != 0 {
			p := &h.Ops[f.write-1]
			return nil, violation(proto.LinearizableWrites, o, "zxid %v, which c%d got for xid %d of session %v (%v %s)",
				o.Zxid, p.Client, p.Xid, p.Session, p.Op.Type, p.Op.Path)
		}
		f.write = int32(i) + 1
		t.moments = append(t.moments, moment{o.Zxid, momentWrite, int32(i), -1})
	}
	t.addReads(h)
	t.addMentions(h, table)
	t.addHoles(h, table)
	t.sort()
	return t, nil
}

// addReads adds the reads whose answer depends on the state.
func (t *timeline) addReads(h *History) {
	for i := range h.Ops {
		if o := &h.Ops[i]; isAnsweredRead(o) {
			t.moments = append(t.moments, moment{o.Zxid, momentRead, int32(i), -1})
		}
	}
}

func isAnsweredRead(o *Op) bool {
	return o.Replied() && o.Outcome == OK && !o.Op.Type.IsWrite() && o.Op.Type != proto.OpSync && !isAboutConnection(o.Op.Type)
}

func (t *timeline) addMentions(h *History, table *zxidTable) {
	seen := map[mention]bool{}
	add := func(m mention) {
		if m.zxid > 0 && table.at(m.zxid).write == 0 && !seen[m] {
			seen[m] = true
			t.mentions = append(t.mentions, m)
		}
	}
	for i := range h.Ops {
		o := &h.Ops[i]
		if !o.Replied() || o.Err != proto.OK {
			continue
		}
		eachStat(o, func(s seenStat) {
			path := rooted(s.path)
			add(mention{s.stat.Czxid, path, roleCreated})
			add(mention{s.stat.Mzxid, path, roleChanged})
			add(mention{s.stat.Pzxid, path, roleParent})
		})
	}
	// total order: by every field of a mention
	slices.SortFunc(t.mentions, func(a, b mention) int {
		return cmp.Or(cmp.Compare(a.zxid, b.zxid), cmp.Compare(a.role, b.role), cmp.Compare(a.path, b.path))
	})
}

// addHoles adds one moment for each zxid that is told but not answered: in a
// Stat, or in the header of a read's reply.
func (t *timeline) addHoles(h *History, table *zxidTable) {
	known := map[proto.Zxid]bool{}
	for i := range t.mentions {
		if z := t.mentions[i].zxid; !known[z] {
			known[z] = true
			t.moments = append(t.moments, moment{z, momentHole, -1, int32(i)})
		}
	}
	for i := range h.Ops {
		o := &h.Ops[i]
		if o.Replied() && o.Zxid.Counter() > 0 && table.at(o.Zxid).write == 0 && !known[o.Zxid] {
			known[o.Zxid] = true
			t.moments = append(t.moments, moment{o.Zxid, momentHole, -1, -1})
		}
	}
}

func (t *timeline) sort() {
	// total order: a zxid has one moment but for its reads, which differ in the call
	slices.SortFunc(t.moments, func(a, b moment) int {
		if a.zxid != b.zxid {
			return cmp.Compare(a.zxid, b.zxid)
		}
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.call, b.call))
	})
}

// previous returns the zxid told before that of a moment, 0 if it is the first.
func (t *timeline) previous(i int) proto.Zxid {
	if i == 0 {
		return 0
	}
	return t.moments[i-1].zxid
}

// room returns how many transactions may have taken place directly before a
// moment, after the zxid told before it. Within an epoch every counter is a
// transaction, so the zxids in between are all there are; the end of an epoch
// that was left may have held any number.
func (t *timeline) room(i int) int64 {
	z, p := t.moments[i].zxid, t.previous(i)
	switch {
	case z == p:
		return 0
	case z.Epoch() == p.Epoch():
		return int64(z-p) - 1
	}
	return 1 << 30
}

// hasRoom reports whether a transaction that nobody tells of may be between two
// zxids, both excluded, and before the last that is told.
func (t *timeline) hasRoom(low, high proto.Zxid) bool {
	i, _ := slices.BinarySearchFunc(t.moments, low+1, func(m moment, z proto.Zxid) int { return cmp.Compare(m.zxid, z) })
	for ; i < len(t.moments) && t.previous(i) < high; i++ {
		if t.room(i) > 0 || t.moments[i].kind == momentHole && t.moments[i].zxid < high {
			return true
		}
	}
	return false
}
