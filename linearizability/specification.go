package linearizability

import (
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
	foreign bool       // it did happen, at zxid, and nobody was answered
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
	slots []proto.Zxid // where unknown transactions may be, ascending
	start specState
	left  int // steps until it gives up
}

// step returns the states to which a call can lead, none if it cannot be
// answered so.
func (s *specification) step(at specState, c *judged) []specState {
	s.left--
	if s.left < 0 {
		return nil
	}
	switch {
	case c.foreign:
		return s.apply(nil, at, c, c.zxid)
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
	want := at.Read(c.op)
	if differs(c.reply, &want, s.zxids) != fieldNone {
		return nil
	}
	if s.zxids && c.zxid > at.Last() {
		at.State = at.Skip(c.zxid)
	}
	return []specState{at}
}

// perhaps: it did not happen, or it happened somewhere.
func (s *specification) perhaps(at specState, c *judged) []specState {
	out := []specState{at}
	if !at.inOrder(c) {
		return out
	}
	if !s.zxids {
		return s.apply(out, at, c, at.Last()+1)
	}
	n, found := slices.BinarySearch(s.slots, at.Last())
	if found {
		n++
	}
	for _, z := range s.slots[n:] {
		out = s.apply(out, at, c, z)
	}
	return out
}

// apply adds the state after a transaction that has an effect.
func (s *specification) apply(out []specState, at specState, c *judged, z proto.Zxid) []specState {
	if z <= at.Last() {
		return out
	}
	next, res, _ := at.Apply(z, 0, c.id, c.op)
	if errOf(&res) != proto.OK {
		return out
	}
	return append(out, specState{next, at.advanced(c)})
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

func (s *specification) equal(a, b specState) bool {
	return slices.Equal(a.order, b.order) && a.Equal(b.State, s.zxids)
}
