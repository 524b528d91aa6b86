package vtime

import (
	"fmt"
	"math/bits"
	"time"
)

// The queue is a timing wheel of eleven levels with 64 slots each, in base 64
// of the nanosecond: level 0 has slots of 1 ns, level 1 of 64 ns, and so on
// until every instant above 0 has its place.
//
//	now    d10 … d3 d2 d1 d0     digits of the present instant
//	event  d10 … d3 e2 ·  ·      first differing digit is 2: level 2, slot e2
//
// An event lies at the level of the highest digit in which it differs from now.
// It is later than now, so that digit is greater than now's; hence everything at
// a lower level is earlier than anything at a higher one, and within a level
// the lower slot is earlier. Two events of one instant always share a slot, and
// slots are first in, first out, which gives (At, Seq) without comparing Seq.
const (
	digitBits = 6
	slots     = 1 << digitBits
	levels    = (63 + digitBits - 1) / digitBits
)

// node is an event in a slot, or a free place.
type node struct {
	ev   Event
	next int32 // place of the next one in the slot or in the free list, 0 for none
}

// slot is a queue of nodes; meaningful only while its bit is set.
type slot struct{ head, tail int32 }

// Clock is the present instant and what is still to happen. The zero value is
// ready: it stands at 0 with nothing scheduled. A Clock must not be copied.
type Clock struct {
	now      time.Duration
	seq      uint64
	pending  int
	nodes    []node // place p is nodes[p-1]
	free     int32  // first free place, 0 for none
	nonEmpty uint16 // bit per level
	occupied [levels]uint64
	wheel    [levels][slots]slot
}

// Now is the present instant, that of the event popped last.
func (c *Clock) Now() time.Duration { return c.now }

// Len is how many events are still to happen.
func (c *Clock) Len() int { return c.pending }

// Schedule puts ev on the queue for the instant at, fills in its At and Seq, and
// returns Seq. An instant equal to Now is allowed; an earlier one panics.
func (c *Clock) Schedule(at time.Duration, ev Event) uint64 {
	if at < c.now {
		panic(fmt.Sprintf("vtime: scheduled for %v, but it is %v", at, c.now))
	}
	c.seq++
	p := c.place()
	n := &c.nodes[p-1]
	// Field by field, here and in release: to store small ones and load them as
	// one large copy would make the processor wait.
	n.ev.At, n.ev.Seq, n.ev.A, n.ev.B = at, c.seq, ev.A, ev.B
	n.ev.Class, n.ev.Kind, n.ev.Host = ev.Class, ev.Kind, ev.Host
	c.put(p, n)
	c.pending++
	return c.seq
}

// Peek is the instant of the earliest event; false if there is none. It looks
// at every event that shares the earliest one's slot.
func (c *Clock) Peek() (time.Duration, bool) {
	if c.pending == 0 {
		return 0, false
	}
	level, s := c.earliestSlot()
	at := c.at(c.wheel[level][s].head)
	if level == 0 {
		return at, true
	}
	for p := c.next(c.wheel[level][s].head); p != 0; p = c.next(p) {
		at = min(at, c.at(p))
	}
	return at, true
}

// Next takes the earliest event off the queue and moves Now to its instant;
// false if there is none.
func (c *Clock) Next() (Event, bool) {
	if c.pending == 0 {
		return Event{}, false
	}
	c.pending--
	level, s := c.earliestSlot()
	sl := &c.wheel[level][s]
	first := sl.head
	if first == sl.tail {
		c.clear(level, s)
	} else if level == 0 {
		sl.head = c.next(first)
	} else {
		first = c.spread(level, s)
	}
	ev := c.release(first)
	c.now = ev.At
	return ev, true
}

// spread empties a slot of several events: it returns the place of the earliest
// one, moves Now to its instant, and puts the others where they belong as seen
// from there. No other slot has to change, for the highest digit in which its
// events differ from now is still the same. The lower levels are empty, so the
// order of insertion survives.
func (c *Clock) spread(level, s int) int32 {
	first := c.wheel[level][s].head
	at := c.at(first)
	for p := c.next(first); p != 0; p = c.next(p) {
		if c.at(p) < at {
			first, at = p, c.at(p)
		}
	}
	c.now = at
	p := c.wheel[level][s].head
	c.clear(level, s)
	for p != 0 {
		next := c.next(p)
		if p != first {
			c.put(p, &c.nodes[p-1])
		}
		p = next
	}
	return first
}

// put appends place p, which holds n, to its slot as seen from Now.
func (c *Clock) put(p int32, n *node) {
	n.next = 0
	at := uint64(n.ev.At)
	level := uint(bits.Len64((at^uint64(c.now))|1)-1) / digitBits
	s := (at >> (level * digitBits)) % slots
	sl := &c.wheel[level][s]
	if bit := uint64(1) << s; c.occupied[level]&bit == 0 {
		c.occupied[level] |= bit
		c.nonEmpty |= 1 << level
		sl.head = p
	} else {
		c.nodes[sl.tail-1].next = p
	}
	sl.tail = p
}

// earliestSlot needs at least one pending event.
func (c *Clock) earliestSlot() (level, s int) {
	level = bits.TrailingZeros16(c.nonEmpty)
	return level, bits.TrailingZeros64(c.occupied[level])
}

// clear marks a slot as empty.
func (c *Clock) clear(level, s int) {
	c.occupied[level] &^= 1 << s
	if c.occupied[level] == 0 {
		c.nonEmpty &^= 1 << level
	}
}

// place takes a free place, whose event is to be filled in.
func (c *Clock) place() int32 {
	p := c.free
	if p == 0 {
		c.nodes = append(c.nodes, node{})
		return int32(len(c.nodes))
	}
	c.free = c.nodes[p-1].next
	return p
}

// release frees place p and returns its event.
func (c *Clock) release(p int32) Event {
	n := &c.nodes[p-1]
	n.next, c.free = c.free, p
	return Event{At: n.ev.At, Seq: n.ev.Seq, Class: n.ev.Class, Kind: n.ev.Kind, Host: n.ev.Host, A: n.ev.A, B: n.ev.B}
}

func (c *Clock) at(p int32) time.Duration { return c.nodes[p-1].ev.At }

func (c *Clock) next(p int32) int32 { return c.nodes[p-1].next }
