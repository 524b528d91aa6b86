package linearizability

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// replay executes a history on the model in the order of zxids.
type replay struct {
	h         *History
	t         *timeline
	unknown   []unknown
	committed []proto.Txn

	before map[int32][]int32 // what is placed directly before a moment: unknowns in order
	inHole map[int32]int32   // what is placed in a hole

	state    model.State
	triggers triggers
	steps    int // moments replayed

	snapshots []snapshot // by rising moment
	windows   []window   // by rising moment
}

// snapshot is the state before a moment and what is placed before it.
type snapshot struct {
	at       int
	state    model.State
	triggers int
}

// mismatch is where a replay cannot go on.
type mismatch struct {
	at        int       // the moment
	footprint footprint // what the outcome there depends on
	hole      bool      // it is the hole itself that asks for a transaction
	dead      bool      // what was placed has no effect: nothing is gained here
	hopeless  bool      // nothing that is added can mend it

	// What violation makes its words of, which most mismatches of a search never need.
	call  *Op
	field field
	want  proto.Result
	state model.State
	found *proto.Violation // instead of these
}

// differed makes a mismatch of a call whose answer is not the model's.
func (r *replay) differed(o *Op, f field, want *proto.Result) *mismatch {
	m := &mismatch{footprint: footprintOf(o.Session, &o.Op), call: o, field: f, want: *want, state: r.state}
	m.hopeless = f != fieldErr && f != fieldPath && r.beyond(o, want)
	return m
}

// beyond reports whether the state is beyond what an answer shows, so that nothing
// that is added brings it back: zxids and versions of a node only rise, and the
// data that a known transaction wrote stays.
func (r *replay) beyond(o *Op, want *proto.Result) bool {
	got, is := &o.Result.Stat, &want.Stat
	switch {
	case o.Op.Type == proto.OpMulti, o.Op.Type == proto.OpGetChildren, o.Op.Type == proto.OpMultiRead, wide(&o.Op):
		return false
	case is.Czxid == got.Czxid && is.Cversion > got.Cversion: // it counts creations and deletions
		return true
	case o.Op.Type == proto.OpGetChildren2 && is.Czxid == got.Czxid && is.Cversion == got.Cversion && !sameNames(o.Result.Children, want.Children):
		return true
	case is.Mzxid > got.Mzxid, is.Czxid > got.Czxid:
		return true
	case is.Czxid == got.Czxid && is.Version > got.Version:
		return true
	case o.Op.Type == proto.OpGetData && got.Mzxid == is.Mzxid && !bytes.Equal(o.Result.Data, want.Data):
		return true
	}
	return is.Pzxid > got.Pzxid && r.isFixed(is.Pzxid)
}

// isFixed reports whether the transaction at a zxid does the same to a parent
// whatever is added before it. The end of a session does not: the ephemeral that
// it deletes may be gone by then.
func (r *replay) isFixed(z proto.Zxid) bool {
	n, ok := slices.BinarySearchFunc(r.t.moments, z, func(m moment, z proto.Zxid) int { return cmp.Compare(m.zxid, z) })
	if !ok {
		return false
	}
	m := &r.t.moments[n]
	switch m.kind {
	case momentWrite:
		return r.h.Ops[m.call].Op.Type != proto.OpCloseSession
	case momentHole:
		u, filled := r.inHole[int32(n)]
		return filled && r.unknown[u].op.Type != proto.OpCloseSession
	}
	return false
}

// violation says what is wrong, and which guarantee that breaks.
func (r *replay) violation(m *mismatch) *proto.Violation {
	if m.found != nil {
		return m.found
	}
	return r.explain(m)
}

// newReplay starts with a service that was never used.
func newReplay(h *History, t *timeline) *replay {
	r := &replay{h: h, t: t, before: map[int32][]int32{}, inHole: map[int32]int32{}, state: model.NewWith(rulesOf(h))}
	r.triggers.watch(h)
	return r
}

// openSessions lets the sessions of the history live from the beginning, as it
// does not show when they began; but not those that W opens.
func (r *replay) openSessions(opened map[proto.SessionID]bool) {
	last := proto.SessionID(0)
	r.state = r.state.Open(0, 0)
	for i := range r.h.Ops {
		if s := r.h.Ops[i].Session; s != last && !opened[s] {
			last = s
			if _, ok := r.state.Timeout(s); !ok {
				r.state = r.state.Open(s, 0)
			}
		}
	}
}

// run replays from a moment on, and returns where it cannot go on, or nil.
func (r *replay) run(from int) *mismatch {
	for i := from; i < len(r.t.moments); i++ {
		r.steps++
		if len(r.windows) > 0 {
			r.keep(i)
		}
		if m := r.moment(i); m != nil {
			m.at = i
			return m
		}
	}
	return nil
}

func (r *replay) moment(i int) *mismatch {
	m := &r.t.moments[i]
	if len(r.unknown) > 0 && m.kind != momentRead && (m.kind == momentHole || r.t.room(i) > 0) {
		r.save(i)
		if bad := r.gap(i); bad != nil {
			return bad
		}
	}
	switch m.kind {
	case momentWrite:
		return r.write(m)
	case momentCommitted:
		return r.commit(m)
	case momentHole:
		return r.hole(i, m)
	}
	return r.read(m)
}

// gap executes what is placed before a moment.
func (r *replay) gap(i int) *mismatch {
	z := r.t.previous(i)
	for _, n := range r.before[int32(i)] {
		z++
		if r.place(z, n) != proto.OK {
			return r.idle(n)
		}
	}
	return nil
}

// idle makes a mismatch of a transaction that was placed and has no effect.
func (r *replay) idle(n int32) *mismatch {
	f := r.unknown[n].footprint
	f.paths, f.prefixes = slices.Clone(f.paths), slices.Clone(f.prefixes)
	return &mismatch{dead: true, footprint: f}
}

// place executes an unknown transaction and returns its error.
func (r *replay) place(z proto.Zxid, n int32) proto.ErrCode {
	u := &r.unknown[n]
	next, res, changes := r.state.Apply(z, 0, u.session, u.op)
	r.state = next
	r.triggers.add(z, changes, false)
	return errOf(&res)
}

func (r *replay) write(m *moment) *mismatch {
	o := &r.h.Ops[m.call]
	next, want, changes := r.state.Apply(m.zxid, 0, o.Session, &o.Op)
	if f := differs(o, &want, true); f != fieldNone {
		return r.differed(o, f, &want)
	}
	r.state = next
	r.triggers.add(m.zxid, changes, o.Op.Type != proto.OpCloseSession)
	return nil
}

func (r *replay) read(m *moment) *mismatch {
	o := &r.h.Ops[m.call]
	want := r.state.ReadAs(model.Caller{Session: o.Session}, &o.Op)
	f := differs(o, &want, true)
	if f == fieldNone {
		return nil
	}
	return r.differed(o, f, &want)
}

// hole executes what is placed in a hole, and holds it against what Stats tell of it.
func (r *replay) hole(i int, m *moment) *mismatch {
	n, filled := r.inHole[int32(i)]
	if filled {
		if err := r.place(m.zxid, n); err != proto.OK && m.told < 0 {
			return r.idle(n)
		}
	}
	if m.told < 0 {
		return nil
	}
	bad := r.holds(r.state, m)
	if bad == nil {
		return nil
	}
	if filled {
		bad.footprint.join(&r.unknown[n].footprint)
	}
	bad.hole = !filled
	return bad
}

// holds checks what Stats tell of the transaction in a hole.
func (r *replay) holds(state model.State, m *moment) *mismatch {
	for k := int(m.told); k < len(r.t.mentions) && r.t.mentions[k].zxid == m.zxid; k++ {
		if bad := mentioned(state, &r.t.mentions[k]); bad != nil {
			return bad
		}
	}
	return nil
}

// fills reports whether an unknown transaction makes true what Stats tell of a
// hole, in the state before it.
func (r *replay) fills(n int32, m *moment) bool {
	u := &r.unknown[n]
	if m.zxid <= r.state.Last() {
		return false
	}
	next, _, _ := r.state.Apply(m.zxid, 0, u.session, u.op)
	return r.holds(next, m) == nil
}

func mentioned(state model.State, m *mention) *mismatch {
	got := state.Read(&proto.Op{Type: proto.OpExists, Path: m.path})
	if got.Err == proto.OK && m.holds(&got.Stat) {
		return nil
	}
	v := &proto.Violation{Property: proto.Durability, Place: "client", Detail: fmt.Sprintf(
		"%s was shown as changed by %v, which no call of the history can have been", m.path, m.zxid)}
	return &mismatch{found: v, footprint: footprint{paths: []string{m.path}}}
}

// save keeps the state before a moment, to come back to. There are never more
// than a few hundred; the older they are, the further apart.
func (r *replay) save(i int) {
	if n := len(r.snapshots); n > 0 && r.snapshots[n-1].at >= i {
		return
	}
	if len(r.snapshots) == snapshotMax {
		r.thin()
	}
	r.snapshots = append(r.snapshots, snapshot{i, r.state, len(r.triggers.list)})
}

const snapshotMax = 256

// thin drops every second snapshot of the older half.
func (r *replay) thin() {
	kept := r.snapshots[:0]
	for i, s := range r.snapshots {
		if i%2 == 0 || i >= snapshotMax/2 {
			kept = append(kept, s)
		}
	}
	r.snapshots = kept
}

// rewind goes back to a state from which what is placed at a moment comes after,
// and returns the moment to go on from.
func (r *replay) rewind(to int) int {
	n := len(r.snapshots)
	for n > 1 && r.snapshots[n-1].at > to {
		n--
	}
	r.snapshots = r.snapshots[:n]
	s := r.snapshots[n-1]
	r.state = s.state
	r.triggers.list = r.triggers.list[:s.triggers]
	return s.at
}
