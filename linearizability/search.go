package linearizability

import (
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// search looks for a place in W for unknown transactions, so that every answer
// comes out as it was.
//
// It begins with none of them in W, and adds one where the replay cannot go on.
// Only those that may touch what the outcome there depends on can help, directly
// or by way of another such transaction, and only before that moment. If any
// choice of transactions and places explains the history, then each mismatch on
// the way to it is mended by one of its own: so trying every addition, with all
// that follows from it, misses none, and a history is condemned only when all
// have been tried. Most holes in the order are mentioned by what later replies
// tell, and there is one candidate for them: then the search does not turn back.
type search struct {
	*replay
	budget    int
	stack     []choice
	visited   map[uint64]bool
	furthest  *mismatch
	truncated bool // not every alternative was listed
}

// place is an addition: an unknown transaction in a hole, or before a moment at
// a position among those that are there already.
type place struct {
	unknown int32
	moment  int32
	index   int32 // -1: in the hole
}

// choice is what can be added to mend one mismatch, and which of it is in force.
type choice struct {
	places []place
	next   int
	placed bool // places[next-1] is in force
}

// placesMax bounds the alternatives of one mismatch.
const placesMax = 1 << 14

// solve replays the history to its end, or says why there is no end to come to.
func (s *search) solve() Result {
	s.visited = map[uint64]bool{}
	s.snapshots = append(s.snapshots, snapshot{0, s.state, 0})
	from := 0
	limit := len(s.t.moments) + s.budget
	for {
		m := s.run(from)
		if m == nil {
			return Result{}
		}
		if s.furthest == nil || !m.dead && m.at > s.furthest.at {
			s.furthest = m
		}
		s.stack = append(s.stack, choice{places: s.places(m)})
		next, ok := s.advance()
		switch {
		case !ok && !s.truncated:
			return violated(s.violation(s.furthest))
		case !ok || s.steps > limit:
			return undecided("write linearizability: %d unknown outcomes, and %d steps of the search did not settle %s",
				len(s.unknown), s.steps, s.violation(s.furthest).Detail)
		}
		from = next
	}
}

// advance takes the next alternative that is left, and returns the moment from
// which to replay.
func (s *search) advance() (from int, ok bool) {
	lowest := len(s.t.moments)
	for len(s.stack) > 0 {
		c := &s.stack[len(s.stack)-1]
		if c.placed {
			s.undo(&c.places[c.next-1])
			lowest = min(lowest, int(c.places[c.next-1].moment))
			c.placed = false
		}
		if c.next == len(c.places) {
			s.stack = s.stack[:len(s.stack)-1]
			continue
		}
		p := &c.places[c.next]
		c.next++
		s.do(p)
		c.placed = true
		s.steps++
		if key := s.arrangement(); !s.visited[key] {
			s.visited[key] = true
			return s.rewind(min(lowest, int(p.moment))), true
		}
	}
	return 0, false
}

// arrangement is a hash over everything that is placed.
func (s *search) arrangement() uint64 {
	var sum uint64
	for i, list := range s.before { // order-free: a sum
		for k, n := range list {
			sum += spread(uint64(i)<<32|uint64(uint32(n)), uint64(k)+1)
		}
	}
	for i, n := range s.inHole { // order-free: a sum
		sum += spread(uint64(i)<<32|uint64(uint32(n)), 0)
	}
	return sum
}

// spread mixes two numbers well (the finaliser of SplitMix64).
func spread(a, b uint64) uint64 {
	h := a + (b+1)*0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func (s *search) do(p *place) {
	if p.index < 0 {
		s.inHole[p.moment] = p.unknown
		return
	}
	s.before[p.moment] = slices.Insert(s.before[p.moment], int(p.index), p.unknown)
}

func (s *search) undo(p *place) {
	if p.index < 0 {
		delete(s.inHole, p.moment)
		return
	}
	s.before[p.moment] = slices.Delete(s.before[p.moment], int(p.index), int(p.index)+1)
	if len(s.before[p.moment]) == 0 {
		delete(s.before, p.moment)
	}
}

// places lists what may mend a mismatch, the most likely first: for a hole that
// must be filled what can fill it, and else the latest place of each candidate
// before the earlier ones.
func (s *search) places(m *mismatch) []place {
	if m.dead || m.hopeless {
		return nil
	}
	placed := s.positions()
	var out []place
	if m.hole {
		for _, n := range s.direct(m, placed) {
			out = s.offer(out, n, m.at, -1, placed)
		}
		at := &s.t.moments[m.at]
		fills := func(p place) bool { return s.fills(p.unknown, at) }
		return slices.Concat(filtered(out, fills), filtered(out, func(p place) bool { return !fills(p) }))
	}
	candidates := s.relevant(m, placed)
	for i := m.at; i >= 0 && len(candidates) > 0 && !s.truncated; i-- {
		at := &s.t.moments[i]
		s.steps++
		if at.kind == momentRead {
			continue
		}
		for _, n := range candidates {
			if s.unknown[n].low >= at.zxid {
				continue
			}
			if at.kind == momentHole && i < m.at {
				out = s.offer(out, n, i, -1, placed)
			}
			list := s.before[int32(i)]
			if int64(len(list)) >= s.t.room(i) {
				continue
			}
			for k := len(list); k >= 0; k-- {
				out = s.offer(out, n, i, k, placed)
			}
		}
		candidates = slices.DeleteFunc(candidates, func(n int32) bool { return s.unknown[n].low >= at.zxid })
	}
	return out
}

func filtered(list []place, keep func(place) bool) []place {
	return slices.DeleteFunc(slices.Clone(list), func(p place) bool { return !keep(p) })
}

// offer adds a place if the bounds of the transaction and the order within its
// session allow it.
func (s *search) offer(out []place, n int32, moment, index int, placed map[int32]place) []place {
	s.steps++
	p := place{n, int32(moment), int32(index)}
	_, taken := s.inHole[p.moment]
	switch {
	case index < 0 && taken, !s.within(p), !s.inOrder(p, placed):
		return out
	case len(out) >= placesMax, s.steps > len(s.t.moments)+s.budget:
		s.truncated = true
		return out
	}
	return append(out, p)
}

func (s *search) within(p place) bool {
	u := &s.unknown[p.unknown]
	if z := s.t.moments[p.moment].zxid; p.index < 0 {
		return u.low < z && z < u.high
	}
	// Some zxid between that told before and that of the moment.
	z, before := s.t.moments[p.moment].zxid, s.t.previous(int(p.moment))
	return u.low < z && before < u.high
}

// inOrder: the transactions of a session are in W in the order of their calls.
func (s *search) inOrder(p place, placed map[int32]place) bool {
	u := &s.unknown[p.unknown]
	for n, q := range placed { // order-free: all must agree
		v := &s.unknown[n]
		if v.session != u.session || u.session == 0 {
			continue
		}
		if earlier := earlierPlace(&q, &p); earlier != (v.xid < u.xid) {
			return false
		}
	}
	return true
}

// earlierPlace reports whether p, which is there already, comes before q, which
// would be inserted.
func earlierPlace(p, q *place) bool {
	switch {
	case p.moment != q.moment:
		return p.moment < q.moment
	case q.index < 0: // what is before the hole
		return true
	case p.index < 0:
		return false
	}
	return p.index < q.index
}

// positions tells where each unknown transaction is placed.
func (s *search) positions() map[int32]place {
	placed := make(map[int32]place, len(s.before)+len(s.inHole))
	for i, list := range s.before { // order-free: fills a map
		for k, n := range list {
			placed[n] = place{n, i, int32(k)}
		}
	}
	for i, n := range s.inHole { // order-free: fills a map
		placed[n] = place{n, i, -1}
	}
	return placed
}

// direct lists the unplaced transactions that touch what the mismatch depends on.
func (s *search) direct(m *mismatch, placed map[int32]place) []int32 {
	var out []int32
	z := s.t.moments[m.at].zxid
	for n := range s.unknown {
		u := &s.unknown[n]
		if _, ok := placed[int32(n)]; !ok && u.low < z && u.footprint.meets(&m.footprint) {
			out = append(out, int32(n))
		}
	}
	return out
}

// relevant lists the unplaced transactions that touch what the mismatch depends
// on, or what others that touch it depend on.
func (s *search) relevant(m *mismatch, placed map[int32]place) []int32 {
	z := s.t.moments[m.at].zxid
	reach := m.footprint
	reach.paths, reach.prefixes = slices.Clone(reach.paths), slices.Clone(reach.prefixes)
	sessions := []proto.SessionID{reach.session}
	in := make([]bool, len(s.unknown))
	for grown := true; grown; {
		grown = false
		for n := range s.unknown {
			u := &s.unknown[n]
			ends := u.op.Type == proto.OpCloseSession && slices.Contains(sessions, u.session)
			if in[n] || u.low >= z || !ends && !u.footprint.meets(&reach) {
				continue
			}
			in[n], grown = true, true
			reach.join(&u.footprint)
			sessions = append(sessions, u.session)
		}
	}
	var out []int32
	for n, ok := range in {
		if _, there := placed[int32(n)]; ok && !there {
			out = append(out, int32(n))
		}
	}
	return out
}
