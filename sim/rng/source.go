package rng

import (
	"fmt"
	"math/bits"
	"time"
)

// The numbers are those of SplitMix64 (Steele, Lea, Flood: "Fast splittable
// pseudorandom number generators", 2014): the n-th draw of a stream is a mixed
// base + n·gamma, where the base is a hash of the seed and the key. Golden
// vectors in the tests pin them: changing anything here changes the meaning of
// every seed.
const gamma = 0x9e3779b97f4a7c15 // 2^64 / golden ratio, odd

// Tags keep the hashes of different purposes apart.
const (
	tagSource uint64 = 0x736f757263650001
	tagStream uint64 = 0x73747265616d0002
	tagDerive uint64 = 0x6465726976650003
	tagRedraw uint64 = 0x7265647261770004
	tagUnmet  uint64 = 0x756e6d6574000005
)

// mix is the finaliser of SplitMix64 (Stafford's variant 13): a bijection in
// which every bit of x reaches every bit of the result.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// absorb hashes one more word into h.
func absorb(h, word uint64) uint64 { return mix((h ^ mix(word+gamma)) + gamma) }

// Source is all randomness of a run. It is a small value without hidden state,
// but for the control that it may be under: copies are equal, and using one never
// changes another. The zero value is not the source of seed 0; use New.
type Source struct {
	state   uint64
	control *Control
}

// New makes the source of a seed, under no control.
func New(seed uint64) Source { return Source{state: absorb(tagSource, seed)} }

// Derive gives the n-th source that descends from this one: independent of it,
// and a pure function of it and n. For continuations of one prefix.
func (s Source) Derive(n uint64) Source {
	return Source{absorb(absorb(s.state, tagDerive), n), s.control}
}

// Stream gives the stream of a key, at its beginning. Asking twice for one key
// gives the same numbers twice: whoever decides under a key keeps its stream.
func (s Source) Stream(k Key) Stream {
	h := absorb(s.state, tagStream)
	h = absorb(h, uint64(uint32(k.Host))<<32|uint64(uint32(k.Peer)))
	h = absorb(h, uint64(k.Purpose)<<16|uint64(k.Kind))
	st := Stream{base: h, key: k}
	if s.control != nil {
		s.control.steer(&st)
	}
	return st
}

// Stream is the sequence of random decisions under one key. The n-th number is a
// pure function of seed, key and n, and every method but Drawn and Key takes
// exactly one number. A copy is a fork: both go on with the same numbers.
type Stream struct {
	base    uint64
	drawn   uint64
	key     Key
	control *Control // nil: plain
	noted   bool     // by the control
}

// Key is the stream's key.
func (s *Stream) Key() Key { return s.key }

// Drawn is how many numbers have been taken so far.
func (s *Stream) Drawn() uint64 { return s.drawn }

// Uint64 draws a number, all 2^64 equally likely.
func (s *Stream) Uint64() uint64 {
	if s.control != nil {
		return s.steeredUint64()
	}
	return s.plain()
}

// plain draws a number under no control.
func (s *Stream) plain() uint64 {
	s.drawn++
	return mix(s.base + s.drawn*gamma)
}

// below maps one number to [0, n), n > 0. Two results differ in likelihood by at
// most one in 2^64/n; a second draw to mend that would cost the purity of n.
func below(number, n uint64) uint64 {
	hi, _ := bits.Mul64(number, n)
	return hi
}

// between maps one number to [lo, hi], lo <= hi.
func between(number uint64, lo, hi int64) int64 {
	span := uint64(hi) - uint64(lo) + 1
	if span == 0 { // every int64
		return int64(number)
	}
	return int64(uint64(lo) + below(number, span))
}

// Below draws from [0, n). It panics unless n > 0.
func (s *Stream) Below(n int64) int64 {
	if n <= 0 {
		panic(fmt.Sprintf("rng: a number below %d", n))
	}
	if s.control != nil {
		return s.steeredBetween(0, n-1)
	}
	return int64(below(s.plain(), uint64(n)))
}

// Between draws from [lo, hi], both included. It panics if lo > hi.
func (s *Stream) Between(lo, hi int64) int64 {
	if lo > hi {
		panic(fmt.Sprintf("rng: a number between %d and %d", lo, hi))
	}
	if s.control != nil {
		return s.steeredBetween(lo, hi)
	}
	return between(s.plain(), lo, hi)
}

// Duration draws from [lo, hi], both included, to the nanosecond. It panics if lo > hi.
func (s *Stream) Duration(lo, hi time.Duration) time.Duration {
	return time.Duration(s.Between(int64(lo), int64(hi)))
}

// Chance is true num times in den. It panics unless den > 0. With num <= 0 it is
// never true, with num >= den always; it takes a number all the same.
func (s *Stream) Chance(num, den int64) bool {
	if den <= 0 {
		panic(fmt.Sprintf("rng: a chance of %d in %d", num, den))
	}
	if s.control != nil {
		return s.steeredChance(num, den)
	}
	return int64(below(s.plain(), uint64(den))) < num
}
