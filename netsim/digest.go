package netsim

import (
	"encoding/binary"
	"math/bits"
)

// The digest multiplies to 128 bits and folds the halves. It is integer
// arithmetic on little-endian words, so every architecture gives the same.
// It tells runs apart; it is no defence against anybody.
const (
	mixA = 0x9e3779b97f4a7c15 // 2^64 / golden ratio
	mixB = 0xd1b54a32d192ed03 // 2^64 / 1.2207440846…, the root of x^4 = x + 1, odd
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^mixA, b^mixB)
	return hi ^ lo
}

// mixBytes takes p into h. A last word that is not full is padded with zeros;
// the length tells the padding from the bytes.
func mixBytes(h uint64, p []byte) uint64 {
	h ^= uint64(len(p))
	if len(p) >= 32 {
		other := h ^ mixB // a second chain, for processors that multiply two at a time
		for ; len(p) >= 32; p = p[32:] {
			h = mix(h^word(p), word(p[8:]))
			other = mix(other^word(p[16:]), word(p[24:]))
		}
		h ^= bits.RotateLeft64(other, 32)
	}
	for ; len(p) >= 8; p = p[8:] {
		h = mix(h^word(p), 0)
	}
	if len(p) > 0 {
		h = mix(h^shortWord(p), 1)
	}
	return h
}

func word(p []byte) uint64 { return binary.LittleEndian.Uint64(p) }

// shortWord is word for one to seven bytes.
func shortWord(p []byte) uint64 {
	w := uint64(0)
	for i, b := range p {
		w |= uint64(b) << (8 * i)
	}
	return w
}
