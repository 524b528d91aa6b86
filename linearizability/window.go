package linearizability

import (
	"slices"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// windowMoments is the length of a drawn part of a history, and windowSteps what
// its search may cost: a second opinion need not be had at any price.
const (
	windowMoments = 120
	windowSteps   = 50_000
)

// window is a drawn part of a replay, with the state at its beginning.
type window struct {
	from  int
	start model.State
}

// draw chooses where windows begin, spread over the history, by its size alone.
func (r *replay) draw(count int) {
	span := len(r.t.moments) - windowMoments
	if span <= 0 || count <= 0 {
		return
	}
	for k := range count {
		at := spread(uint64(len(r.t.moments)), uint64(k)) % uint64(span)
		r.windows = append(r.windows, window{from: int(at)})
	}
	slices.SortStableFunc(r.windows, func(a, b window) int { return a.from - b.from })
	r.windows = slices.CompactFunc(r.windows, func(a, b window) bool { return a.from == b.from })
}

// keep notes the state at the beginning of a window. A search that turns back
// comes by again.
func (r *replay) keep(i int) {
	n, found := slices.BinarySearchFunc(r.windows, i, func(w window, i int) int { return w.from - i })
	if found {
		r.windows[n].start = r.state
	}
}

// checkWindows lets porcupine judge the drawn parts of a history that the replay
// has explained: the same calls in the same part of W, from the state that the
// replay had there, but in any order that it can find. What the replay says of
// unknown outcomes may have happened or not. A part on which it would spend too
// much is passed over.
func (r *replay) checkWindows() *proto.Violation {
	for i := range r.windows {
		b, told := r.part(&r.windows[i])
		s := b.specification(true)
		s.left, s.told = windowSteps, told
		s.start.State = r.windows[i].start
		for _, id := range b.sessions {
			if _, alive := s.start.Timeout(id); !alive && r.opens(id, &r.windows[i]) {
				s.start.State = s.start.Open(id, 0)
			}
		}
		if ok, decided := linearizable(s, b.calls); decided && !ok {
			return &proto.Violation{Property: proto.LinearizableWrites, Place: "client", Detail: "no order of the " +
				"calls explains their answers, between " + r.t.previous(r.windows[i].from).String() + " and " + r.t.moments[r.windows[i].from+windowMoments-1].zxid.String()}
		}
	}
	return nil
}

// opens reports whether a session begins within a window.
func (r *replay) opens(id proto.SessionID, w *window) bool {
	return slices.ContainsFunc(r.t.moments[w.from:w.from+windowMoments], func(m moment) bool {
		if m.kind != momentCommitted {
			return false
		}
		t := &r.committed[m.told]
		return t.Session == id && t.Type == proto.OpCreateSession
	})
}

// part collects the calls of a window, and the zxids told there.
func (r *replay) part(w *window) (*builder, []moment) {
	b := newBuilder(r.h)
	var told []moment
	for i := w.from; i < w.from+windowMoments; i++ {
		m := r.t.moments[i]
		for _, n := range r.before[int32(i)] {
			b.placed(&r.unknown[n])
		}
		switch m.kind {
		case momentRead:
			b.add(&r.h.Ops[m.call])
			continue
		case momentWrite:
			b.add(&r.h.Ops[m.call])
		case momentHole:
			if n, filled := r.inHole[int32(i)]; filled {
				b.placed(&r.unknown[n])
			}
		case momentCommitted:
			m.kind = r.committedPart(b, &m)
		}
		told = append(told, m)
	}
	return b, told
}

// committedPart adds a committed transaction: an answered call as it is, and any
// other as something that may have happened there.
func (r *replay) committedPart(b *builder, m *moment) momentKind {
	t := &r.committed[m.told]
	switch {
	case m.call >= 0 && isAnsweredWrite(&r.h.Ops[m.call]):
		b.add(&r.h.Ops[m.call])
		return momentWrite
	case m.call >= 0:
		b.add(&r.h.Ops[m.call])
	case !failedTxn(t) && t.Type != proto.OpCreateSession:
		op := opOf(t)
		b.perhaps(&op, t.Session, 0, 0)
	}
	return momentHole
}

func (b *builder) placed(u *unknown) { b.perhaps(u.op, u.session, max(u.xid%xidEnd, 0), u.after) }
