package linearizability

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// callKey names a call by what its transaction carries.
type callKey struct {
	session proto.SessionID
	xid     int32
}

// witness is a history beside the transactions that the servers have committed:
// what happened to unknown outcomes is known.
type witness struct {
	h     *History
	txns  []proto.Txn // by zxid
	call  map[callKey]int32
	ofTxn []int32      // of each transaction: the call, or -1
	at    []proto.Zxid // of each call: its zxid in W, or 0

	callers       map[proto.SessionID]bool // sessions that make calls
	opened, ended map[proto.SessionID]bool // sessions whose opening, or end, is in W
}

func newWitness(h *History, txns []proto.Txn) *witness {
	txns = slices.Clone(txns)
	slices.SortStableFunc(txns, func(a, b proto.Txn) int { return cmp.Compare(a.Zxid, b.Zxid) })
	w := &witness{h: h, txns: txns, call: make(map[callKey]int32, len(h.Ops)),
		ofTxn: make([]int32, len(txns)), at: make([]proto.Zxid, len(h.Ops)),
		callers: map[proto.SessionID]bool{}, opened: map[proto.SessionID]bool{}, ended: map[proto.SessionID]bool{}}
	for i := range txns {
		switch t := &txns[i]; t.Type {
		case proto.OpCreateSession:
			w.opened[t.Session] = true
		case proto.OpCloseSession:
			w.ended[t.Session] = true
		}
	}
	for i := range h.Ops {
		if o := &h.Ops[i]; o.Session != 0 && o.Xid > 0 && o.Op.Type.IsWrite() {
			w.call[callKey{o.Session, o.Xid}] = int32(i)
			w.callers[o.Session] = true
		}
	}
	return w
}

// match finds the call of each transaction. Every transaction of a session that
// makes calls is one of them, at its zxid and once (LinearizableWrites, G2), or
// its opening or its end; a call that surely failed is none.
func (w *witness) match() *proto.Violation {
	for i := range w.txns {
		t := &w.txns[i]
		w.ofTxn[i] = -1
		if i > 0 && t.Zxid == w.txns[i-1].Zxid {
			return &proto.Violation{Property: proto.Agreement, Place: "client", Detail: "two transactions committed as " + t.Zxid.String()}
		}
		n, ok := w.call[callKey{t.Session, t.Cxid}]
		if !ok && w.callers[t.Session] && t.Type != proto.OpCreateSession && t.Type != proto.OpCloseSession {
			return &proto.Violation{Property: proto.Integrity, Place: "client", Detail: fmt.Sprintf(
				"%v is a %v of session %v with xid %d, which its client never asked for", t.Zxid, t.Type, t.Session, t.Cxid)}
		}
		if !ok || turnedAway(t, &w.h.Ops[n]) || t.Type == proto.OpCreateSession || t.Type == proto.OpCloseSession && w.h.Ops[n].Op.Type != proto.OpCloseSession {
			continue
		}
		if v := w.matchCall(i, n); v != nil {
			return v
		}
	}
	return nil
}

// turnedAway reports whether a transaction only takes a zxid: the leader refused a
// late request from a connection that its session had left (G16), or one of a
// session that it had begun to close, and nobody was answered.
func turnedAway(t *proto.Txn, o *Op) bool {
	ofSession := func(t proto.Txn) bool {
		return t.Type == proto.OpError && (t.Err == proto.SessionMoved || t.Err == proto.SessionExpired)
	}
	return !isAnsweredWrite(o) && (ofSession(*t) || t.Type == proto.OpMulti && slices.ContainsFunc(t.Ops, ofSession))
}

func (w *witness) matchCall(txn int, n int32) *proto.Violation {
	o, t := &w.h.Ops[n], &w.txns[txn]
	switch {
	case w.at[n] != 0:
		return violation(proto.LinearizableWrites, o, "committed twice, as %v and %v", w.at[n], t.Zxid)
	case isAnsweredWrite(o) && o.Zxid != t.Zxid:
		return violation(proto.LinearizableWrites, o, "answered with zxid %v, committed as %v", o.Zxid, t.Zxid)
	case o.Outcome == Failed && !o.Replied():
		return violation(proto.LinearizableWrites, o, "surely without effect, but committed as %v", t.Zxid)
	}
	w.ofTxn[txn], w.at[n] = n, t.Zxid
	return nil
}

// answers: every write that was answered is in W (Durability, G6).
func (w *witness) answers() *proto.Violation {
	for i := range w.h.Ops {
		if o := &w.h.Ops[i]; isAnsweredWrite(o) && w.at[i] == 0 {
			return violation(proto.Durability, o, "answered with zxid %v, which the servers have not committed for it", o.Zxid)
		}
	}
	return nil
}

// order: the writes of a session are in W in the order of their calls
// (ClientOrder, G3; across connections SessionOwner, G16), above what had been
// seen when they were called (LinearizableWrites, G1), and not after the end of
// the session (SessionClosed, G15). Of those that were sent on one connection
// the first ones are in W (ClientOrder).
func (w *witness) order(r *replies) *proto.Violation {
	c := connectionsOf(w.h)
	last := map[proto.SessionID]int32{}
	ended := map[proto.SessionID]proto.Zxid{}
	for i := range w.txns {
		t, n := &w.txns[i], w.ofTxn[i]
		if n >= 0 {
			o := &w.h.Ops[n]
			if z, over := ended[t.Session]; over && !failedTxn(t) {
				return violation(proto.SessionClosed, o, "committed as %v, after the end of the session at %v", t.Zxid, z)
			}
			if v := afterPast(o, t.Zxid, r); v != nil {
				return v
			}
			if p, ok := last[t.Session]; ok && w.h.Ops[p].Xid > o.Xid {
				return c.disorder(o, &w.h.Ops[p], t.Zxid, w.at[p])
			}
			last[t.Session] = n
		}
		if t.Type == proto.OpCloseSession {
			ended[t.Session] = t.Zxid
		}
	}
	return w.prefixes(c, r)
}

func failedTxn(t *proto.Txn) bool {
	return t.Type == proto.OpError || t.Type == proto.OpMulti && slices.ContainsFunc(t.Ops, func(p proto.Txn) bool {
		return p.Type == proto.OpError
	})
}

// prefixes: when a connection breaks, what took effect of it are the first
// requests that were sent.
func (w *witness) prefixes(c connections, r *replies) *proto.Violation {
	var missing *Op
	for _, i := range sessionCalls(w.h) {
		o := &w.h.Ops[i]
		if missing != nil && (missing.Session != o.Session || c.of(missing) != c.of(o)) {
			missing = nil
		}
		switch {
		case !mayHaveHappened(o) && !isAnsweredWrite(o):
		case w.at[i] == 0 && missing == nil:
			missing = o
		case w.at[i] != 0 && missing != nil && w.whole(missing, w.at[i], r):
			return violation(proto.ClientOrder, o, "committed as %v, but xid %d (%v %s), which was sent before on the same connection, is not",
				w.at[i], missing.Xid, missing.Op.Type, missing.Op.Path)
		}
	}
	return nil
}

// whole reports whether all that can be in W between the call of an operation and
// a zxid has been told.
func (w *witness) whole(o *Op, to proto.Zxid, r *replies) bool {
	from := proto.Zxid(0)
	if p := r.before(o.Call); p != nil {
		from = p.Zxid
	}
	return from.Epoch() == to.Epoch() && w.index(to)-w.index(from+1) == int(to-from)-1
}

// index returns the number of transactions below a zxid.
func (w *witness) index(z proto.Zxid) int {
	n, _ := slices.BinarySearchFunc(w.txns, z, func(t proto.Txn, z proto.Zxid) int { return cmp.Compare(t.Zxid, z) })
	return n
}

// timeline puts the committed transactions and the reads in order, with holes
// where replies tell of what was not committed before the eyes of anybody.
func (w *witness) timeline(table *zxidTable) *timeline {
	t := &timeline{moments: make([]moment, 0, len(w.txns)+len(w.h.Ops))}
	for i := range w.txns {
		table.at(w.txns[i].Zxid).write = 1
		t.moments = append(t.moments, moment{w.txns[i].Zxid, momentCommitted, w.ofTxn[i], int32(i)})
	}
	t.addReads(w.h)
	t.addMentions(w.h, table)
	t.addHoles(w.h, table)
	t.sort()
	return t
}

// commit executes a committed transaction: as the call that made it, or, if it
// is nobody's, as what it says.
func (r *replay) commit(m *moment) *mismatch {
	t := &r.committed[m.told]
	if m.call < 0 {
		return r.foreign(t)
	}
	o := &r.h.Ops[m.call]
	next, want, changes := r.state.Apply(t.Zxid, t.Time, o.Session, &o.Op)
	if isAnsweredWrite(o) {
		if f := differs(o, &want, true); f != fieldNone {
			return r.differed(o, f, &want)
		}
	}
	if (errOf(&want) != proto.OK) != failedTxn(t) {
		return &mismatch{footprint: footprintOf(o.Session, &o.Op), found: violation(proto.LinearizableWrites, o, "committed as %v of type %v, must be %s",
			t.Zxid, t.Type, answerText(errOf(&want), &want))}
	}
	r.state = next
	r.triggers.add(t.Zxid, changes, t.Type != proto.OpCloseSession)
	return nil
}

// foreign executes a transaction of a session that is not in the history.
func (r *replay) foreign(t *proto.Txn) *mismatch {
	if failedTxn(t) {
		r.state = r.state.Skip(t.Zxid)
		return nil
	}
	op := opOf(t)
	next, res, changes := r.state.Apply(t.Zxid, t.Time, t.Session, &op)
	if err := errOf(&res); err != proto.OK {
		return &mismatch{footprint: footprintOf(t.Session, &op), found: &proto.Violation{Property: proto.LinearizableWrites, Place: "client",
			Detail: "transaction " + t.Zxid.String() + " (" + t.Type.String() + " " + t.Path + ") cannot be: " + err.Error()}}
	}
	r.state = next
	r.triggers.add(t.Zxid, changes, t.Type != proto.OpCloseSession)
	return nil
}

// opOf makes a request of a transaction, which succeeds where the transaction
// was made: names are final, versions have been checked.
func opOf(t *proto.Txn) proto.Op {
	op := proto.Op{Type: t.Type, Path: t.Path, Data: t.Data, ACL: t.ACL, Timeout: t.Timeout, Version: -1}
	switch {
	case t.Type == proto.OpCreateContainer:
		op.Flags = proto.FlagContainer
	case t.Type == proto.OpCreateTTL:
		op.Flags, op.TTL = proto.FlagTTL, t.TTL
	case t.Ephemeral:
		op.Flags = proto.FlagEphemeral
	}
	for i := range t.Ops {
		op.Ops = append(op.Ops, opOf(&t.Ops[i]))
	}
	return op
}
