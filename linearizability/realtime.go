package linearizability

import (
	"cmp"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// replies are answered calls in the order of their returns, to find what had been
// seen by a step.
type replies struct {
	ops    []*Op
	newest []*Op // newest[i] has the highest zxid among ops[:i+1]
}

func answered(h *History) replies { return repliesThat(h, (*Op).Replied) }

func repliesThat(h *History, count func(*Op) bool) replies {
	r := replies{ops: make([]*Op, 0, len(h.Ops))}
	for i := range h.Ops {
		if o := &h.Ops[i]; count(o) {
			r.ops = append(r.ops, o)
		}
	}
	slices.SortStableFunc(r.ops, func(a, b *Op) int { return cmp.Compare(a.Return, b.Return) })
	r.newest = make([]*Op, len(r.ops))
	for i, o := range r.ops {
		r.newest[i] = o
		if i > 0 && r.newest[i-1].Zxid > o.Zxid {
			r.newest[i] = r.newest[i-1]
		}
	}
	return r
}

// before returns the reply with the highest zxid among those that had come
// before a step, or nil.
func (r *replies) before(step uint64) *Op {
	n, _ := slices.BinarySearchFunc(r.ops, step, func(o *Op, s uint64) int { return cmp.Compare(o.Return, s) })
	if n == 0 {
		return nil
	}
	return r.newest[n-1]
}

// checkRealTime checks that the order of zxids respects time: a write invoked
// after a reply had come has a zxid above that reply's. What a read has shown is
// as much in the past as what a write has done.
func checkRealTime(h *History, r *replies) *proto.Violation {
	for i := range h.Ops {
		o := &h.Ops[i]
		if !isAnsweredWrite(o) {
			continue
		}
		if v := afterPast(o, o.Zxid, r); v != nil {
			return v
		}
	}
	return nil
}

// afterPast checks one write that is in W as z, answered or not.
func afterPast(o *Op, z proto.Zxid, r *replies) *proto.Violation {
	if p := r.before(o.Call); p != nil && p.Zxid >= z {
		return violation(proto.LinearizableWrites, o, "zxid %v, but it was called in step %d, and in step %d c%d had an answer with zxid %v (%v %s)",
			z, o.Call, p.Return, p.Client, p.Zxid, p.Op.Type, p.Op.Path)
	}
	return nil
}

// isAnsweredWrite: the reply says where in W the call is, and how it ended.
func isAnsweredWrite(o *Op) bool {
	return o.Replied() && o.Op.Type.IsWrite() && o.Outcome != Unknown
}
