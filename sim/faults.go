package sim

import (
	"slices"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// Class is a kind of faults that seeds draw from.
type Class = fault.Class

// The classes. Of those that concern servers any may be hit, the leader too.
const (
	Sessions     = fault.ClassSessionExpiry // sessions of clients expire
	Disconnects  = fault.ClassClientCut     // clients are cut off for a while, without a word
	LostReplies  = fault.ClassLostReply     // a request is carried out, but the connection is lost before the reply
	LostRequests = fault.ClassLostRequest   // a request is lost with its connection

	Crashes  = fault.ClassCrash // servers lose power
	Kills    = fault.ClassKill  // processes of servers die
	Restarts = fault.ClassStop  // servers are stopped and started

	Partitions  = fault.ClassPartition    // servers do not reach each other
	OneWayCuts  = fault.ClassOneWayCut    // or in one direction only
	HalfOpen    = fault.ClassHalfOpen     // a peer is gone and nobody hears of it
	SlowLinks   = fault.ClassSlowLink     // between servers
	LossyLinks  = fault.ClassLossyLink    // between servers
	Clogs       = fault.ClassClog         // packets between servers wait
	Flaps       = fault.ClassFlap         // servers lose the network and get it back, in turn
	Resets      = fault.ClassReset        // streams between servers are reset
	DiskStalls  = fault.ClassDiskStall    // disks are slow, or stand still
	DiskErrors  = fault.ClassDiskError    // operations on disks fail
	Pauses      = fault.ClassProcessPause // processes of servers stand still
	ClockJumps  = fault.ClassClockJump    // wall clocks are wrong
	ClockDrifts = fault.ClassClockDrift   // clocks run too fast or too slow
)

// Everything is every class.
func Everything() []Class { return engine.DrawnClasses() }

// Faults says of which classes each seed draws: first which of them are on, one
// at least, then a fault of one of them about every five seconds.
func (c *Cluster) Faults(classes ...Class) {
	c.declaring("Faults")
	for _, class := range classes {
		if !slices.Contains(engine.DrawnClasses(), class) {
			c.wrong("faults of the class %q are not drawn: use Schedule", class)
		}
	}
	c.classes = append(c.classes, classes...)
}
