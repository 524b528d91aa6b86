package linearizability

import (
	"cmp"
	"fmt"

	"github.com/zksim/zksim/node/proto"
)

// bySession gives the calls that belong to a session, session by session in the
// order of their xids.
func bySession(h *History) []*Op {
	ops := make([]*Op, 0, len(h.Ops))
	for i := range h.Ops {
		if o := &h.Ops[i]; o.Session != 0 && o.Xid > 0 {
			ops = append(ops, o)
		}
	}
	return gathered(ops, func(o *Op) proto.SessionID { return o.Session },
		func(a, b *Op) int { return cmp.Compare(a.Xid, b.Xid) })
}

// eachSession calls check with the calls of one session after the other, in the
// order of their xids, until it finds something.
func eachSession(h *History, check func([]*Op) *proto.Violation) *proto.Violation {
	ops := bySession(h)
	for len(ops) > 0 {
		n := 1
		for n < len(ops) && ops[n].Session == ops[0].Session {
			n++
		}
		if v := check(ops[:n]); v != nil {
			return v
		}
		ops = ops[n:]
	}
	return nil
}

// violation says what a client saw. Histories know steps, not times: At is left
// to the driver.
func violation(p proto.Property, o *Op, format string, args ...any) *proto.Violation {
	return &proto.Violation{Property: p, Place: "client", Detail: fmt.Sprintf(
		"c%d session %v xid %d (%v %s), step %d: ", o.Client, o.Session, o.Xid, o.Op.Type, o.Op.Path, o.Return) +
		fmt.Sprintf(format, args...)}
}

// CheckOrder checks every session for itself, across its connections: replies
// come in the order of the requests (ClientOrder, G3); a write's zxid is above
// those of the session's earlier writes, and a read after an own write is not
// older than it, nor does a read see a write that was requested after it
// (ClientOrder, G3); no reply is older than an earlier one (SingleSystemImage,
// G5). Calls without a reply say nothing about order. A failed write has a zxid
// of its own and counts like any other. A sync may be answered after a write that
// was requested after it has been applied, since it waits for a quorum.
//
// It takes time O(n log n) for n calls.
func CheckOrder(h *History) *proto.Violation { return eachSession(h, checkSession) }

func checkSession(ops []*Op) *proto.Violation {
	var s sessionOrder
	for _, o := range ops {
		if v := s.check(o); v != nil {
			return v
		}
	}
	return nil
}

// sessionOrder is what the calls of one session so far oblige the next one to.
type sessionOrder struct {
	previous *Op // the last call
	replied  *Op // the last call with a reply
	newest   *Op // the call with the highest zxid in its reply
	write    *Op // the write with the highest zxid
}

func (s *sessionOrder) check(o *Op) *proto.Violation {
	if p := s.previous; p != nil && o.Call < p.Call {
		return violation(proto.ClientOrder, o, "called in step %d, before xid %d in step %d", o.Call, p.Xid, p.Call)
	}
	if p := s.previous; p != nil && o.Xid == p.Xid {
		return violation(proto.ClientOrder, o, "two calls have this xid")
	}
	s.previous = o
	if !o.Replied() {
		return nil
	}
	if p := s.replied; p != nil && o.Return < p.Return {
		return violation(proto.ClientOrder, o, "answered before xid %d, whose reply came in step %d", p.Xid, p.Return)
	}
	s.replied = o
	return s.checkZxid(o)
}

func (s *sessionOrder) checkZxid(o *Op) *proto.Violation {
	isWrite := o.Op.Type.IsWrite()
	if w := s.write; w != nil && (o.Zxid < w.Zxid || isWrite && o.Zxid == w.Zxid) {
		return violation(proto.ClientOrder, o, "zxid %v, after own write %v of xid %d", o.Zxid, w.Zxid, w.Xid)
	}
	n := s.newest
	if n != nil && o.Zxid < n.Zxid {
		return violation(proto.SingleSystemImage, o, "zxid %v, after zxid %v was seen by xid %d", o.Zxid, n.Zxid, n.Xid)
	}
	if n != nil && isWrite && o.Zxid == n.Zxid && n.Op.Type != proto.OpSync {
		return violation(proto.ClientOrder, o, "zxid %v, which was seen by xid %d before", o.Zxid, n.Xid)
	}
	if n == nil || o.Zxid > n.Zxid || n.Op.Type == proto.OpSync {
		s.newest = o
	}
	if isWrite {
		s.write = o
	}
	return nil
}
