// Package netem holds the impairments of one direction of a link in the words
// of tc-netem(8): delay, jitter and loss as a value that parses and prints. The
// words of netem beyond these are known and refused by name.
//
// The package imports the standard library only.
package netem

import "time"

// Netem is what happens to each packet that leaves a host on a link. The zero
// value impairs nothing.
type Netem struct {
	Delay  time.Duration // added to each packet, not negative
	Jitter time.Duration // the delay is uniform in [Delay-Jitter, Delay+Jitter), below 0 it is 0; at most JitterMax
	Loss   Chance        // that a packet is lost
}

// JitterMax is the largest jitter: the kernel keeps it in 31 bits of
// nanoseconds.
const JitterMax = 1<<31 - 1

// Chance is a probability p as the integer round(p·(2³²−1)): a draw x of 32
// bits hits when the chance is not 0 and x ≤ chance.
type Chance uint32

// Certain is the chance of what always happens.
const Certain Chance = 1<<32 - 1

// Hits reports whether a draw of 32 bits hits.
func (c Chance) Hits(x uint32) bool { return c > 0 && x <= uint32(c) }
