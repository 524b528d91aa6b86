package linearizability

import (
	"cmp"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// CheckSync checks that a read after a sync sees what was written before the
// sync (SyncRead, G7, in its strict form): when a sync was answered ok, and a
// write of any client had returned ok in an earlier step than that in which the
// sync was called, then every later read of the sync's session has a zxid of at
// least the write's.
//
// It takes time O(n log n) for n calls.
func CheckSync(h *History) *proto.Violation {
	w := returnedWrites(h)
	return eachSession(h, func(ops []*Op) *proto.Violation { return w.checkReads(ops) })
}

// writes are successful writes in the order of their returns.
type writes struct {
	ops    []*Op
	newest []*Op // newest[i] has the highest zxid among ops[:i+1]
}

func returnedWrites(h *History) writes {
	var w writes
	for i := range h.Ops {
		if o := &h.Ops[i]; o.Outcome == OK && o.Op.Type.IsWrite() && o.Replied() {
			w.ops = append(w.ops, o)
		}
	}
	slices.SortStableFunc(w.ops, func(a, b *Op) int { return cmp.Compare(a.Return, b.Return) })
	w.newest = make([]*Op, len(w.ops))
	for i, o := range w.ops {
		w.newest[i] = o
		if i > 0 && w.newest[i-1].Zxid > o.Zxid {
			w.newest[i] = w.newest[i-1]
		}
	}
	return w
}

// before returns the newest write that had returned before a step, or nil.
func (w *writes) before(step uint64) *Op {
	n, _ := slices.BinarySearchFunc(w.ops, step, func(o *Op, s uint64) int { return cmp.Compare(o.Return, s) })
	if n == 0 {
		return nil
	}
	return w.newest[n-1]
}

func (w *writes) checkReads(session []*Op) *proto.Violation {
	var sync, write *Op
	for _, o := range session {
		switch {
		case o.Outcome != OK || !o.Replied() || o.Op.Type.IsWrite():
		case o.Op.Type == proto.OpSync:
			if n := w.before(o.Call); n != nil && (write == nil || n.Zxid > write.Zxid) {
				sync, write = o, n
			}
		case write != nil && o.Zxid < write.Zxid:
			return violation(proto.SyncRead, o,
				"zxid %v, but write %v of c%d had returned in step %d, before the sync xid %d was called in step %d",
				o.Zxid, write.Zxid, write.Client, write.Return, sync.Xid, sync.Call)
		}
	}
	return nil
}
