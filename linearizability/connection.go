package linearizability

import (
	"cmp"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// connections tells on which connection of its session a call was sent: the
// steps at which the sessions were connected, session by session.
type connections struct{ began []*Event }

func connectionsOf(h *History) connections {
	var c connections
	for i := range h.Events {
		if e := &h.Events[i]; e.Kind == SessionConnected {
			c.began = append(c.began, e)
		}
	}
	slices.SortStableFunc(c.began, func(a, b *Event) int {
		return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(a.At, b.At))
	})
	return c
}

// of returns the number of the connection on which a call that was sent went out:
// a call made between two connections waits for the next. A call that ended while
// there was none was not sent.
func (c *connections) of(o *Op) int {
	n, _ := slices.BinarySearchFunc(c.began, o, func(e *Event, o *Op) int {
		if d := cmp.Compare(e.Session, o.Session); d != 0 {
			return d
		}
		if o.Return != 0 && e.At > o.Return {
			return 1
		}
		return -1
	})
	return n
}

// disorder: two writes of a session are in W against the order of their calls.
func (c *connections) disorder(o, later *Op, at, laterAt proto.Zxid) *proto.Violation {
	p := proto.ClientOrder
	if c.of(o) != c.of(later) {
		p = proto.SessionOwner
	}
	return violation(p, o, "committed as %v, after xid %d (%v %s), which was called later, as %v",
		at, later.Xid, later.Op.Type, later.Op.Path, laterAt)
}
