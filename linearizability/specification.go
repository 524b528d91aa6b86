package linearizability

import (
	"cmp"
	"slices"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// judged is a call as the specification sees it.
type judged struct {
	op      *proto.Op
	session int // index, for the order of its calls
	id      proto.SessionID
	xid     int32      // 0: in no order
	reply   *Op        // nil: it may have happened or not
	zxid    proto.Zxid // of the reply; 0: not told
}

// specState is the state of the specification: that of the service, and how far
// the calls of each session have come.
type specState struct {
	model.State
	order []int32 // by session: xid of the last write
}

// specification says which answers are right after which, for one history.
// Without zxids those of the states are made up, and are not compared.
type specification struct {
	zxids bool
	told  []moment // writes and holes, by zxid; none without zxids
	start specState
	left  int      // steps until it gives up
	shown []string // paths that pictures of states tell of
}

// step returns the states to which a call can lead, none if it cannot be
// answered so.
func (s *specification) step(at specState, c *judged) []specState {
	s.left--
	if s.left < 0 {
		return nil
	}
	switch {
	case c.reply == nil:
		return s.perhaps(at, c)
	case c.op.Type.IsWrite():
		return s.write(at, c)
	}
	return s.read(at, c)
}

// spent reports whether the specification gave up, so that a refusal means nothing.
func (s *specification) spent() bool { return s.left < 0 }

func (s *specification) write(at specState, c *judged) []specState {
	z := at.Last() + 1
	if s.zxids {
		z = c.zxid
	}
	if z <= at.Last() || !at.inOrder(c) {
		return nil
	}
	next, want, _ := at.Apply(z, 0, c.id, c.op)
	if differs(c.reply, &want, s.zxids) != fieldNone {
		return nil
	}
	return []specState{{next, at.advanced(c)}}
}

func (s *specification) read(at specState, c *judged) []specState {
	if s.zxids && c.zxid < at.Last() {
		return nil
	}
	want := at.ReadAs(model.Caller{Session: c.id}, c.op)
	if differs(c.reply, &want, s.zxids) != fieldNone {
		return nil
	}
	if s.zxids && c.zxid > at.Last() {
		at.State = at.Skip(c.zxid)
	}
	return []specState{at}
}

// perhaps: it takes effect now, or it has none. That it never happened is that
// it takes effect after everything else, when nobody sees it.
func (s *specification) perhaps(at specState, c *judged) (out []specState) {
	if !at.inOrder(c) {
		return []specState{at}
	}
	for _, z := range s.slots(at.Last()) {
		next, res, _ := at.Apply(z, 0, c.id, c.op)
		if errOf(&res) != proto.OK {
			return []specState{at}
		}
		out = append(out, specState{next, at.advanced(c)})
	}
	return out
}

// slots lists the zxids that an unknown transaction may have directly after
// another one: the next if nobody tells of it, which stands for all up to the next
// that somebody tells of, and holes, up to the next answered write.
func (s *specification) slots(last proto.Zxid) []proto.Zxid {
	n, _ := slices.BinarySearchFunc(s.told, last+1, func(m moment, z proto.Zxid) int { return cmp.Compare(m.zxid, z) })
	var out []proto.Zxid
	for {
		if n == len(s.told) || s.told[n].zxid.Epoch() != last.Epoch() || s.told[n].zxid > last+1 {
			out = append(out, last+1)
		}
		if n == len(s.told) || s.told[n].kind != momentHole {
			return out
		}
		last = s.told[n].zxid
		out = append(out, last)
		n++
	}
}

// inOrder: the writes of a session take effect in the order of their calls.
func (at *specState) inOrder(c *judged) bool { return c.xid == 0 || at.order[c.session] < c.xid }

func (at *specState) advanced(c *judged) []int32 {
	if c.xid == 0 {
		return at.order
	}
	order := slices.Clone(at.order)
	order[c.session] = c.xid
	return order
}

// equal counts as a step, too: porcupine compares the states that unknown
// outcomes make possible pair by pair, and there can be very many. Once the steps
// are spent everything is equal, for nothing will be concluded any more.
func (s *specification) equal(a, b specState) bool {
	if s.left < 0 {
		return true
	}
	s.left--
	return slices.Equal(a.order, b.order) && a.Equal(b.State, s.zxids)
}

// hash is equal for equal states.
func (s *specification) hash(a specState) uint64 {
	h := uint64(0)
	if s.zxids {
		h = uint64(a.Last())
	}
	for _, xid := range a.order {
		h = spread(h, uint64(xid))
	}
	return h
}
