package quorum

import (
	"math/bits"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// MaxID is the greatest server id: session ids carry the id in their top byte,
// and 255 is taken there.
const MaxID proto.ServerID = 254

// Set is a set of servers, one bit for each id. The zero value is empty; a copy
// is independent of its original, and sets compare with ==.
type Set struct {
	words [4]uint64
}

// SetOf returns the set of the given servers.
func SetOf(ids ...proto.ServerID) Set {
	var s Set
	for _, id := range ids {
		s.Add(id)
	}
	return s
}

func inRange(id proto.ServerID) bool { return id >= 1 && id <= MaxID }

// Add puts id into the set. An id outside 1..MaxID, such as a stranger may send,
// names no server and is left out.
func (s *Set) Add(id proto.ServerID) {
	if inRange(id) {
		s.words[id>>6] |= 1 << (uint64(id) & 63)
	}
}

// Remove takes id out of the set.
func (s *Set) Remove(id proto.ServerID) {
	if inRange(id) {
		s.words[id>>6] &^= 1 << (uint64(id) & 63)
	}
}

// Has reports whether id is in the set.
func (s Set) Has(id proto.ServerID) bool {
	return inRange(id) && s.words[id>>6]>>(uint64(id)&63)&1 != 0
}

// Len returns the number of servers in the set.
func (s Set) Len() int {
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// Clear empties the set.
func (s *Set) Clear() { *s = Set{} }

// Members returns the ids in the set, rising, in a new slice.
func (s Set) Members() []proto.ServerID {
	out := make([]proto.ServerID, 0, s.Len())
	for i, w := range s.words {
		for ; w != 0; w &= w - 1 {
			out = append(out, proto.ServerID(i<<6+bits.TrailingZeros64(w)))
		}
	}
	return out
}

// String gives the members, as in "zk1 zk3".
func (s Set) String() string {
	var words []string
	for _, id := range s.Members() {
		words = append(words, id.String())
	}
	return strings.Join(words, " ")
}
