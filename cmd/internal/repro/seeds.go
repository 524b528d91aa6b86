package repro

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ParseSeed reads a seed: decimal, or hexadecimal after 0x.
func ParseSeed(s string) (uint64, error) {
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

// seedsMax bounds how many seeds one list may name.
const seedsMax = 10_000_000

// ParseSeeds reads a list of seeds and ranges of seeds: 1,2,5-10.
func ParseSeeds(list string) ([]uint64, error) {
	var seeds []uint64
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := ParseSeed(from)
		last := first
		if err == nil && isRange {
			last, err = ParseSeed(to)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", part, err)
		case last < first:
			return nil, fmt.Errorf("%s: a range of seeds rises, such as 5-10", part)
		case last-first >= seedsMax-uint64(len(seeds)):
			return nil, fmt.Errorf("%s: more than %d seeds; split the list", part, seedsMax)
		}
		for i := uint64(0); i <= last-first; i++ {
			seeds = append(seeds, first+i)
		}
	}
	return seeds, nil
}
