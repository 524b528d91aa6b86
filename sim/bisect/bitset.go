package bisect

import (
	"iter"
	"math/bits"
)

// bitset is a set of small numbers.
type bitset []uint64

// newBitset makes an empty set of numbers below n.
func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (s bitset) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s bitset) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

// remove takes out what is in t, a set of the same size.
func (s bitset) remove(t bitset) {
	for i := range s {
		s[i] &^= t[i]
	}
}

// keep takes out what is not in t, a set of the same size.
func (s bitset) keep(t bitset) {
	for i := range s {
		s[i] &= t[i]
	}
}

func (s bitset) count() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// countBoth counts what is in t too, a set of the same size.
func (s bitset) countBoth(t bitset) int {
	n := 0
	for i := range s {
		n += bits.OnesCount64(s[i] & t[i])
	}
	return n
}

// all gives the numbers, the smallest first.
func (s bitset) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(i*64 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}
