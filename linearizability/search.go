package linearizability

import (
	"cmp"
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
//
// When nothing mends a mismatch, the search turns back to the last choice that
// has to do with it: each choice keeps what its failures have to blame on.
type search struct {
	*replay
	budget    int
	stack     []choice
	visited   map[uint64]numbers // arrangements, and what their failure is to be blamed on
	key       uint64             // the present arrangement
	spots     []int32            // moments with a place, ascending
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
	placed bool    // places[next-1] is in force
	key    uint64  // the arrangement that had the mismatch
	blame  numbers // the unknown transactions that the failure of all places so far depends on
}

// numbers is a set of unknown transactions.
type numbers []uint64

func (s *search) numbers() numbers { return make(numbers, (len(s.unknown)+63)/64) }

func (b numbers) add(n int32)      { b[n/64] |= 1 << (n % 64) }
func (b numbers) has(n int32) bool { return b[n/64]>>(n%64)&1 != 0 }

func (b numbers) join(o numbers) {
	for i := range o {
		b[i] |= o[i]
	}
}

// placesMax bounds the alternatives of one mismatch.
const placesMax = 1 << 14

// solve replays the history to its end, or says why there is no end to come to.
func (s *search) solve() Result {
	s.visited = map[uint64]numbers{}
	for i := range s.t.moments {
		if s.t.moments[i].kind == momentHole || s.t.room(i) > 0 {
			s.spots = append(s.spots, int32(i))
		}
	}
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
		s.stack = append(s.stack, s.choice(m))
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
	from = len(s.t.moments)
	for len(s.stack) > 0 {
		c := &s.stack[len(s.stack)-1]
		from = min(from, s.withdraw(c))
		if c.next == len(c.places) {
			from = min(from, s.turnBack())
			continue
		}
		p := &c.places[c.next]
		c.next++
		s.do(p)
		c.placed = true
		s.steps++
		s.key = s.arrangement()
		blame, seen := s.visited[s.key]
		if !seen {
			s.visited[s.key] = nil
			return s.rewind(min(from, int(p.moment))), true
		}
		c.blame.join(blame)
	}
	return 0, false
}

// withdraw takes away what a choice has placed, and returns the moment of it.
func (s *search) withdraw(c *choice) int {
	if !c.placed {
		return len(s.t.moments)
	}
	p := &c.places[c.next-1]
	s.undo(p)
	c.placed = false
	return int(p.moment)
}

// turnBack ends a choice of which nothing is left, and with it those before it
// that have nothing to do with its failure: whatever they choose, it stays. It
// returns the first moment at which something was placed and is no more.
func (s *search) turnBack() (from int) {
	from = len(s.t.moments)
	blame := s.stack[len(s.stack)-1].blame
	for {
		c := &s.stack[len(s.stack)-1]
		if c.placed && blame.has(c.places[c.next-1].unknown) {
			c.blame.join(blame)
			return from
		}
		from = min(from, s.withdraw(c))
		s.visited[c.key] = blame
		s.stack = s.stack[:len(s.stack)-1]
		if len(s.stack) == 0 {
			return from
		}
	}
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

// choice lists what may mend a mismatch, the most likely first.
func (s *search) choice(m *mismatch) choice {
	c := choice{key: s.key, blame: s.numbers()}
	placed := s.positions()
	reach := s.reach(m)
	for n, in := range reach {
		if in {
			c.blame.add(int32(n))
		}
	}
	switch {
	case m.dead || m.hopeless:
	case m.hole:
		s.fillHole(&c, m, placed)
	default:
		s.addBefore(&c, m, placed, s.candidates(reach, placed, func(u *unknown) bool { return u.footprint.meets(&m.footprint) }))
		s.addBefore(&c, m, placed, s.candidates(reach, placed, func(u *unknown) bool { return !u.footprint.meets(&m.footprint) }))
	}
	return c
}

// fillHole offers what touches the node that the hole has changed; first what
// changes it as it was told.
func (s *search) fillHole(c *choice, m *mismatch, placed map[int32]place) {
	for n := range s.unknown {
		u := &s.unknown[n]
		if _, there := placed[int32(n)]; !there && u.footprint.meets(&m.footprint) {
			s.offer(c, place{int32(n), int32(m.at), -1}, placed)
		}
	}
	at := &s.t.moments[m.at]
	fills := func(p place) bool { return s.fills(p.unknown, at) }
	c.places = slices.Concat(filtered(c.places, fills), filtered(c.places, func(p place) bool { return !fills(p) }))
}

// addBefore offers every place of the candidates up to a mismatch. Ends of
// sessions come first, which are rarely mentioned, with the latest place first:
// they come long after the last call. Of the calls the latest comes first, with
// its earliest place: nearly every call takes effect soon after it was made, or never.
func (s *search) addBefore(c *choice, m *mismatch, placed map[int32]place, candidates []int32) {
	slices.SortStableFunc(candidates, func(a, b int32) int { return cmp.Compare(s.unknown[b].low, s.unknown[a].low) })
	for _, n := range candidates {
		if spots := s.spotsOf(n, m.at); s.unknown[n].call < 0 {
			for _, i := range slices.Backward(spots) {
				s.addAt(c, n, int(i), m.at, placed)
			}
		}
	}
	for _, n := range candidates {
		if spots := s.spotsOf(n, m.at); s.unknown[n].call >= 0 {
			for _, i := range spots {
				s.addAt(c, n, int(i), m.at, placed)
			}
		}
	}
}

// spotsOf lists the moments up to a last one where an unknown transaction has a
// place: holes, and those with room before them.
func (s *search) spotsOf(n int32, last int) []int32 {
	low := s.unknown[n].low
	from, _ := slices.BinarySearchFunc(s.spots, low, func(i int32, z proto.Zxid) int {
		if s.t.moments[i].zxid <= z {
			return -1
		}
		return 1
	})
	to, found := slices.BinarySearch(s.spots, int32(last))
	if found {
		to++
	}
	return s.spots[from:max(from, to)]
}

// addAt offers the places of a candidate at a moment: in the hole, or directly
// before it. The hole of the mismatch itself is not to be mended so.
func (s *search) addAt(c *choice, n int32, i, last int, placed map[int32]place) {
	if s.truncated {
		return
	}
	if s.t.moments[i].kind == momentHole && i < last {
		s.offer(c, place{n, int32(i), -1}, placed)
	}
	room := s.t.room(i)
	list := s.before[int32(i)]
	if room > 0 && int64(len(list)) >= room {
		for _, other := range list {
			c.blame.add(other)
		}
		return
	}
	for k := len(list); k >= 0 && room > 0; k-- {
		s.offer(c, place{n, int32(i), int32(k)}, placed)
	}
}

func filtered(list []place, keep func(place) bool) []place {
	return slices.DeleteFunc(slices.Clone(list), func(p place) bool { return !keep(p) })
}

// offer adds a place if the bounds of the transaction and the order within its
// session allow it. What stands in the way has its part in the failure.
func (s *search) offer(c *choice, p place, placed map[int32]place) {
	s.steps++
	other, taken := s.inHole[p.moment]
	switch {
	case !s.within(p):
	case p.index < 0 && taken:
		c.blame.add(other)
	case !s.inOrder(p, placed, c.blame):
	case len(c.places) >= placesMax, s.steps > len(s.t.moments)+s.budget:
		s.truncated = true
	default:
		c.places = append(c.places, p)
	}
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
// Those against it are to be blamed.
func (s *search) inOrder(p place, placed map[int32]place, blame numbers) bool {
	u := &s.unknown[p.unknown]
	fits := true
	for n, q := range placed { // order-free: all must agree
		v := &s.unknown[n]
		if v.session != u.session || u.session == 0 {
			continue
		}
		if earlier := earlierPlace(&q, &p); earlier != (v.xid < u.xid) {
			blame.add(n)
			fits = false
		}
	}
	return fits
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

// reach tells which unknown transactions touch what a mismatch depends on, or
// what others that touch it depend on.
func (s *search) reach(m *mismatch) []bool {
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
	return in
}

// candidates lists those within reach that are not placed.
func (s *search) candidates(reach []bool, placed map[int32]place, is func(*unknown) bool) []int32 {
	var out []int32
	for n, in := range reach {
		if _, there := placed[int32(n)]; in && !there && is(&s.unknown[n]) {
			out = append(out, int32(n))
		}
	}
	return out
}
