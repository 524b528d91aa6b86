package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim/report"
)

// seedRange is the seeds from first to last, both included.
type seedRange struct{ first, last uint64 }

// seedSet is seeds in the order in which they are to run, none of them twice.
// It takes room for its ranges, not for its seeds.
type seedSet struct {
	ranges []seedRange
	starts []uint64 // the place of the first seed of each range, from 0
	count  uint64
}

// seedsMax bounds how many seeds a set may hold, so that places and sums of them
// have room.
const seedsMax = math.MaxInt64

// add appends a range.
func (s *seedSet) add(r seedRange) error {
	if r.last-r.first >= seedsMax-s.count {
		return errors.New("these are more seeds than could ever run; give a shorter range")
	}
	s.ranges = append(s.ranges, r)
	s.starts = append(s.starts, s.count)
	s.count += r.last - r.first + 1
	return nil
}

// at gives the seed of a place, from 0.
func (s *seedSet) at(place uint64) (seed uint64, ok bool) {
	if place >= s.count {
		return 0, false
	}
	i, exact := slices.BinarySearch(s.starts, place)
	if !exact {
		i--
	}
	return s.ranges[i].first + (place - s.starts[i]), true
}

// twice names a seed that is in two ranges.
func (s *seedSet) twice() (seed uint64, found bool) {
	sorted := slices.Clone(s.ranges)
	slices.SortFunc(sorted, func(a, b seedRange) int { // total order: equal ranges are alike
		if a.first != b.first {
			return compare(a.first, b.first)
		}
		return compare(a.last, b.last)
	})
	for i := range sorted[1:] {
		if sorted[i+1].first <= sorted[i].last {
			return sorted[i+1].first, true
		}
	}
	return 0, false
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// parseSeeds reads a list of seeds and ranges of seeds: 1,2,5-10.
func parseSeeds(list string) (*seedSet, error) {
	s := &seedSet{}
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		r := seedRange{}
		var err error
		r.first, err = repro.ParseSeed(from)
		r.last = r.first
		if err == nil && isRange {
			r.last, err = repro.ParseSeed(to)
		}
		if err == nil && r.last < r.first {
			err = errors.New("a range of seeds rises, such as 5-10")
		}
		if err == nil {
			err = s.add(r)
		}
		if err != nil {
			if part == list {
				return nil, err
			}
			return nil, fmt.Errorf("%s: %w", repro.Quote(part), err)
		}
	}
	if seed, found := s.twice(); found {
		return nil, fmt.Errorf("seed %d is in the list twice; name each seed once", seed)
	}
	return s, nil
}

// following is so many seeds behind a base, which has 63 bits, so that there is
// room for them.
func following(base, count uint64) *seedSet {
	base >>= 1
	return &seedSet{ranges: []seedRange{{base + 1, base + count}}, starts: []uint64{0}, count: count}
}

// everySeed is the seeds from 1 on.
func everySeed() *seedSet {
	return &seedSet{ranges: []seedRange{{1, seedsMax}}, starts: []uint64{0}, count: seedsMax}
}

// seedsValue is the value of --seeds.
type seedsValue struct {
	text     string
	set      *seedSet // of a list
	drawn    uint64   // how many are to be drawn
	ofCommit uint64   // how many are to be derived from the commit
}

// countMax bounds random:N and commit:N.
const countMax = 1 << 32

// Set takes a list of seeds and ranges, random:N or commit:N.
func (v *seedsValue) Set(s string) (err error) {
	*v = seedsValue{text: s}
	word, count, counted := strings.Cut(s, ":")
	switch {
	case !counted:
		v.set, err = parseSeeds(s)
	case word == "random":
		v.drawn, err = parseCount(count, "after random: comes how many seeds are to be drawn, such as random:1000")
	case word == "commit":
		v.ofCommit, err = parseCount(count, "after commit: comes how many seeds are to be derived, such as commit:1000")
	default:
		err = errors.New("seeds are a list such as 1,2,5-10, or random:1000, or commit:1000")
	}
	return err
}

func parseCount(s, sentence string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if errors.Is(err, strconv.ErrRange) || n > countMax {
		return 0, fmt.Errorf("these are more seeds than could ever run; give a number up to %d", uint64(countMax))
	}
	if err != nil || n == 0 {
		return 0, errors.New(sentence)
	}
	return n, nil
}

// String prints what was asked for.
func (v *seedsValue) String() string { return v.text }

// Type is the placeholder in help.
func (v *seedsValue) Type() string { return "LIST" }

// settleSeeds gives the seeds, and says in f.seeds.text which they are: a text
// that --seeds takes, also where they were drawn.
func (a *app) settleSeeds(f *exploreFlags) (*seedSet, error) {
	v := &f.seeds
	switch {
	case v.set != nil:
		return v.set, nil
	case v.drawn > 0 && f.shard.of > 1:
		return nil, usagef("--seeds %s with --shard %v: every shard would draw seeds of its own; give a range, or commit:%d",
			v.text, &f.shard, v.drawn)
	case v.drawn > 0:
		base, err := a.drawSeed()
		if err != nil {
			return nil, fmt.Errorf("cannot draw seeds: %w; give them with --seeds", err)
		}
		return v.behind(base, v.drawn), nil
	case v.ofCommit > 0:
		commit, err := a.head()
		if err != nil {
			return nil, usagef("--seeds %s: %v", v.text, err)
		}
		return v.behind(seedOfCommit(commit), v.ofCommit), nil
	case f.timeout.d > 0:
		return everySeed(), nil
	}
	return nil, usagef("zksim explore needs an end: say which seeds, such as --seeds 1-1000, or how long, such as --timeout 10m")
}

// behind is the seeds behind a base, written down as a range.
func (v *seedsValue) behind(base, count uint64) *seedSet {
	s := following(base, count)
	v.text = report.Seed(s.ranges[0].first) + "-" + report.Seed(s.ranges[0].last)
	return s
}

// seedOfCommit makes a base of the hash of a commit. Neighbouring commits have
// bases that have nothing to do with each other.
func seedOfCommit(hash string) uint64 {
	sum := sha256.Sum256([]byte("zksim seeds of commit " + hash))
	return binary.BigEndian.Uint64(sum[:])
}

// headCommit is the hash of the commit that is checked out in the current
// directory.
func headCommit() (string, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return "", errors.New("there is no git here to ask for the commit; give a range, such as 1-1000")
	}
	out, err := exec.Command(git, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").Output()
	hash := strings.TrimSpace(string(out))
	if err != nil || hash == "" {
		return "", errors.New("the current directory is not in a git repository that has a commit; go to one, or give a range, such as 1-1000")
	}
	return hash, nil
}
