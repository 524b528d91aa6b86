package linearizability

import "github.com/zksim/zksim/node/proto"

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

// returnedWrites are the successful writes.
func returnedWrites(h *History) replies {
	return repliesThat(h, func(o *Op) bool { return o.Outcome == OK && o.Op.Type.IsWrite() && o.Replied() })
}

func (w *replies) checkReads(session []*Op) *proto.Violation {
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
