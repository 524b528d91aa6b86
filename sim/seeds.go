package sim

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/zksim/zksim/sim/fault"
)

// seedsDefault is how many fresh seeds a test runs unless told otherwise. They
// are derived from the commit that is checked out: the same when it runs again,
// others after the next commit. Outside of a repository they are those of no
// commit, and always the same.
const seedsDefault = 50

// seedRange is seeds from first to last, both included.
type seedRange struct{ first, last uint64 }

// seedsOf gives the seeds of ranges, one after the other.
func seedsOf(ranges []seedRange) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, r := range ranges {
			for seed := r.first; ; seed++ {
				if !yield(seed) {
					return
				}
				if seed == r.last {
					break
				}
			}
		}
	}
}

// derived gives n seeds of a commit.
func derived(commit string, n uint64) []seedRange {
	var list []seedRange
	for i := range n {
		sum := sha256.Sum256([]byte("zksim seeds of commit " + commit + " number " + strconv.FormatUint(i, 10)))
		seed := binary.BigEndian.Uint64(sum[:])
		list = append(list, seedRange{seed, seed})
	}
	return list
}

// drawnSeeds gives n random ones.
func drawnSeeds(n uint64) []seedRange {
	var list []seedRange
	for range n {
		var b [8]byte
		_, _ = rand.Read(b[:]) // it never fails, see its documentation
		seed := binary.BigEndian.Uint64(b[:])
		list = append(list, seedRange{seed, seed})
	}
	return list
}

// parseSeed reads one seed.
func parseSeed(s string) (uint64, error) {
	digits, base := s, 10
	if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errors.New("a seed has 64 bits; the largest is 0xffffffffffffffff")
	case err != nil:
		return 0, errors.New("a seed is a whole number, decimal or after 0x hexadecimal, such as 7 or 0x1f")
	}
	return n, nil
}

// parseSeeds reads a list of seeds and ranges, random:N or commit:N.
func parseSeeds(list string) ([]seedRange, error) {
	if count, ok := strings.CutPrefix(list, "random:"); ok {
		n, err := seedCount(count)
		return drawnSeeds(n), err
	}
	if count, ok := strings.CutPrefix(list, "commit:"); ok {
		n, err := seedCount(count)
		if err != nil {
			return nil, err
		}
		commit, err := headCommit()
		if err != nil {
			return nil, fmt.Errorf("the commit that is checked out cannot be told: %w", err)
		}
		return derived(commit, n), nil
	}
	var ranges []seedRange
	for part := range strings.SplitSeq(list, ",") {
		r, err := parseRange(part)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", part, err)
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

func parseRange(part string) (r seedRange, err error) {
	from, to, isRange := strings.Cut(part, "-")
	if r.first, err = parseSeed(from); err != nil {
		return r, err
	}
	r.last = r.first
	if isRange {
		r.last, err = parseSeed(to)
	}
	if err == nil && r.last < r.first {
		err = errors.New("a range of seeds rises, such as 5-10")
	}
	return r, err
}

// seedCount reads how many seeds are wanted.
func seedCount(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 20)
	if err != nil || n == 0 {
		return 0, errors.New("after the colon comes how many seeds are wanted, 1 to 1048575, such as commit:2000")
	}
	return n, nil
}

// parseSchedule reads a file of fault statements, one a line. A word that begins
// with # begins a comment.
func parseSchedule(name, text string) ([]fault.Statement, error) {
	list := []fault.Statement{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.Fields(line)
		for i, w := range words {
			if strings.HasPrefix(w, "#") {
				words = words[:i]
				break
			}
		}
		if len(words) == 0 {
			continue
		}
		st, err := fault.Parse(strings.Join(words, " "))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		list = append(list, st)
	}
	return list, nil
}
