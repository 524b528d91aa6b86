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

// mixBytes takes p into h, sixteen bytes at a time; the rest is padded with
// zeros, and the length tells the padding from the bytes.
func mixBytes(h uint64, p []byte) uint64 {
	h ^= uint64(len(p))
	for ; len(p) >= 16; p = p[16:] {
		h = mix(h^binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[8:]))
	}
	if len(p) > 0 {
		var rest [16]byte
		copy(rest[:], p)
		h = mix(h^binary.LittleEndian.Uint64(rest[:]), binary.LittleEndian.Uint64(rest[8:]))
	}
	return h
}
