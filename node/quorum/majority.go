package quorum

import (
	"fmt"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// Majority is the voters of an ensemble, by rising id. Any set that holds more
// than half of them is a quorum. The zero value has no voters and no quorum.
type Majority []proto.ServerID

// NewMajority returns the quorum system of the given voters, in any order. It
// refuses ids outside 1..MaxID, an id named twice, and an ensemble of nobody.
func NewMajority(voters []proto.ServerID) (Majority, error) {
	m := Majority(slices.Clone(voters))
	slices.Sort(m)
	if len(m) == 0 {
		return nil, fmt.Errorf("quorum: an ensemble needs at least one voter")
	}
	for i, id := range m {
		if !inRange(id) {
			return nil, fmt.Errorf("quorum: server id %d is not between 1 and %d", int64(id), int64(MaxID))
		}
		if i > 0 && id == m[i-1] {
			return nil, fmt.Errorf("quorum: server id %d is named twice", int64(id))
		}
	}
	return m, nil
}

// Size returns how many voters make a quorum.
func (m Majority) Size() int { return len(m)/2 + 1 }

// Contains reports whether votes holds a quorum. Members of votes that are not
// voters do not count.
func (m Majority) Contains(votes Set) bool { return m.Count(votes) >= m.Size() }

// Count returns how many voters are in votes.
func (m Majority) Count(votes Set) int {
	n := 0
	for _, id := range m {
		if votes.Has(id) {
			n++
		}
	}
	return n
}

// IsVoter reports whether id is one of the voters.
func (m Majority) IsVoter(id proto.ServerID) bool {
	_, found := slices.BinarySearch(m, id)
	return found
}

// Voters returns the set of all voters.
func (m Majority) Voters() Set { return SetOf(m...) }
