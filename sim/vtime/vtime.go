// Package vtime is the virtual clock of a simulation: the present instant and
// the queue of what is still to happen, ordered by (At, Seq). Seq counts
// insertions, so that events of the same instant happen in the order in which
// they were asked for.
//
// It is a leaf: it imports nothing of this module. Instants are time.Durations
// since the run began. In steady state nothing is allocated per event.
package vtime

import "time"

// Event is something that will happen. The clock does not interpret it: Class
// says which part of the simulation handles it, the rest is that part's business.
type Event struct {
	At    time.Duration
	Seq   uint64 // position in the order of insertion, from 1
	Class uint8
	Kind  uint8
	Host  int32
	A, B  int64
}
