package engine

import (
	"math/bits"
	"time"
)

// eventHash folds a run into 64 bits, word by word. It is no defence against an
// adversary: it tells two runs apart that differ in one event. Multiplication
// and rotation give the same on every architecture.
type eventHash uint64

const (
	hashStart eventHash = 0x7a6b73696d206531
	hashMulA  uint64    = 0x9fb21c651e98df25
	hashMulB  uint64    = 0xd6e8feb86659fd93
)

// fold mixes one word in.
func (h *eventHash) fold(w uint64) {
	x := bits.RotateLeft64(uint64(*h)*hashMulA, 29) ^ w
	x *= hashMulB
	*h = eventHash(x ^ x>>32)
}

// foldBytes mixes a byte string in, length included.
func (h *eventHash) foldBytes(p []byte) {
	h.fold(uint64(len(p)))
	for ; len(p) >= 8; p = p[8:] {
		h.fold(uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24 |
			uint64(p[4])<<32 | uint64(p[5])<<40 | uint64(p[6])<<48 | uint64(p[7])<<56)
	}
	var last uint64
	for i := len(p) - 1; i >= 0; i-- {
		last = last<<8 | uint64(p[i])
	}
	h.fold(last)
}

// hashOf is the hash of one byte string.
func hashOf(p []byte) uint64 {
	h := hashStart
	h.foldBytes(p)
	return uint64(h)
}

// checkpointsKept bounds how many checkpoints a run keeps; half of them go when
// there are more.
const checkpointsKept = 1024

// EventsMax bounds of how many steps a report tells the hash to a byte, so that
// the bundle of a long run does not outgrow what a person keeps.
const EventsMax = 1 << 21

// FirstDifferentEvent finds the first step after which two runs differ, from
// Report.Events of both; 0 when they are equal. A step that only one of them has
// is a difference too, up to EventsMax. One in 256 differences shows a step late.
func FirstDifferentEvent(a, b []byte) uint64 {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == len(a) && i == len(b) {
		return 0
	}
	return uint64(i) + 1
}

// checkpoints is the event hash at regular distances, so that two runs which
// should be equal can be compared part by part.
type checkpoints struct {
	every uint64 // steps between two of them, doubles when the list is full
	list  []Checkpoint
}

func newCheckpoints() checkpoints {
	return checkpoints{every: 64, list: make([]Checkpoint, 0, checkpointsKept)}
}

// add notes the hash after a step that the distance divides.
func (c *checkpoints) add(step uint64, at time.Duration, h eventHash) {
	if len(c.list) == checkpointsKept {
		c.thin()
		if step%c.every != 0 {
			return
		}
	}
	c.list = append(c.list, Checkpoint{step, at, uint64(h)})
}

// thin keeps every second checkpoint: those that twice the distance divides.
func (c *checkpoints) thin() {
	for i := range c.list[:checkpointsKept/2] {
		c.list[i] = c.list[2*i+1]
	}
	c.list = c.list[:checkpointsKept/2]
	c.every *= 2
}

// FirstDifference finds the first checkpoint at which two runs differ and
// returns it from both. Checkpoints of steps that only one run has kept, because
// it is longer and keeps fewer, are passed over. When one run ends where the
// other goes on, the zero Checkpoint stands for the missing one.
func FirstDifference(a, b []Checkpoint) (Checkpoint, Checkpoint, bool) {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i].Step < b[j].Step && !last(a, i):
			i++
		case b[j].Step < a[i].Step && !last(b, j):
			j++
		case a[i] != b[j]:
			return a[i], b[j], true
		default:
			i, j = i+1, j+1
		}
	}
	switch {
	case i < len(a):
		return a[i], Checkpoint{}, true
	case j < len(b):
		return Checkpoint{}, b[j], true
	}
	return Checkpoint{}, Checkpoint{}, false
}

func last(list []Checkpoint, i int) bool { return i == len(list)-1 }
