package bisect

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
)

// Judgement is what is known of a commit.
type Judgement uint8

// The judgements.
const (
	Unjudged Judgement = iota
	Good
	Bad
	Skipped // it cannot be judged
)

var judgementWords = [...]string{"unjudged", "good", "bad", "skipped"}

// String gives the word that people read.
func (j Judgement) String() string {
	if int(j) < len(judgementWords) {
		return judgementWords[j]
	}
	return fmt.Sprintf("judgement %d", uint8(j))
}

// Commits is the search for the first bad commit of a history. Commit 0 is
// known to be bad, everything before the history is known to be good, and
// whatever descends from a bad commit is taken to be bad: the rules of git
// bisect, merges included.
type Commits struct {
	parents [][]int
	states  []Judgement
	bad     int    // the earliest that is known to be bad
	suspect bitset // may be the first bad one; bad is one of them
	skips   int    // more than could be judged, of late
}

// NewCommits begins a search. parents lists for every commit the places of its
// parents within the history, each after the commit itself, as git rev-list
// --topo-order prints them; parents outside are left out. The error names a
// commit that breaks this. The slices belong to the search from then on.
func NewCommits(parents [][]int) (*Commits, error) {
	if len(parents) == 0 {
		return nil, fmt.Errorf("bisect: a history without commits has no first bad one")
	}
	for i, list := range parents {
		for _, p := range list {
			if p <= i || p >= len(parents) {
				return nil, fmt.Errorf("bisect: commit %d of %d has parent %d: parents come after their children", i, len(parents), p)
			}
		}
	}
	c := &Commits{parents: parents, states: make([]Judgement, len(parents))}
	c.states[0] = Bad
	c.suspect = c.ancestry(0)
	return c, nil
}

// Next is the commit to judge next: the one that, good or bad, leaves the fewest
// suspects. After commits that could not be judged it moves away from the middle,
// because what does not build seldom stands alone. ok is false when nothing that
// could be judged is left.
func (c *Commits) Next() (commit int, ok bool) {
	choices := c.choices()
	if len(choices) == 0 {
		return 0, false
	}
	if at := away(c.skips, len(choices)); at >= 0 {
		return choices[at].commit, true
	}
	all := c.suspect.count()
	best := slices.MaxFunc(choices, func(a, b choice) int {
		return cmp.Compare(min(a.below, all-a.below), min(b.below, all-b.below))
	})
	return best.commit, true
}

// choice is a commit that could be judged next, and how many suspects it has
// below it, itself included.
type choice struct{ commit, below int }

// choices are all there are, from the oldest ones to the latest.
func (c *Commits) choices() []choice {
	var list []choice
	for i := range c.suspect.all() {
		if c.states[i] == Unjudged {
			below := c.ancestry(i)
			list = append(list, choice{i, below.countBoth(c.suspect)})
		}
	}
	slices.SortFunc(list, func(a, b choice) int { // total order: each commit is there once
		return cmp.Or(cmp.Compare(a.below, b.below), cmp.Compare(a.commit, b.commit))
	})
	return list
}

// away gives a place among n by how many commits could not be judged: -1 for the
// middle, then a quarter from either end, an eighth, until the ends are reached.
// Next to them commits can be judged most likely, and a block in the middle that
// does not build is left in a few tries.
func away(skips, n int) int {
	k := skips % (1 + 2*bits.Len(uint(n)))
	if k == 0 {
		return -1
	}
	fromEnd := (n - 1) >> ((k + 1) / 2) >> 1
	if k%2 == 1 {
		return fromEnd
	}
	return n - 1 - fromEnd
}

// Judge takes in what was found out about a commit that Next has named.
func (c *Commits) Judge(commit int, j Judgement) {
	c.states[commit] = j
	switch j {
	case Good:
		c.suspect.remove(c.ancestry(commit))
	case Bad:
		c.bad = commit
		c.suspect.keep(c.ancestry(commit))
	case Skipped:
		c.skips++
		return
	}
	c.skips = max(0, c.skips-1)
}

// Suspects lists the commits of which one is the first bad one, in the order of
// the history: the last of them that is known to be bad, and such as cannot be
// judged. One suspect is an answer.
func (c *Commits) Suspects() []int { return slices.Collect(c.suspect.all()) }

// Left is how many suspects there are.
func (c *Commits) Left() int { return c.suspect.count() }

// Parents lists the parents of a commit within the history.
func (c *Commits) Parents(commit int) []int { return c.parents[commit] }

// ancestry is a commit with everything that it descends from. Parents come after
// their children, so one pass finds it.
func (c *Commits) ancestry(commit int) bitset {
	seen := newBitset(len(c.parents))
	seen.add(commit)
	for i := commit; i < len(c.parents); i++ {
		if !seen.has(i) {
			continue
		}
		for _, p := range c.parents[i] {
			seen.add(p)
		}
	}
	return seen
}
