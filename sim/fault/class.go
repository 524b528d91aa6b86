package fault

import "slices"

// Class is the kind of trouble that a statement makes, for drawing kinds at
// random and for counting what was tried.
type Class uint8

// The classes. ClassRepair is of statements that only end the trouble of others.
const (
	ClassRepair Class = iota
	ClassCrash
	ClassKill
	ClassStop
	ClassPartition
	ClassOneWayCut
	ClassHalfOpen
	ClassSlowLink
	ClassLossyLink
	ClassClog
	ClassFlap
	ClassRefusal
	ClassReset
	ClassNoReset
	ClassSmallBuffer
	ClassNoChecksum
	ClassMaxConn
	ClassDiskStall
	ClassDiskError
	ClassProcessPause
	ClassStagePause
	ClassClockJump
	ClassClockDrift
	ClassSessionExpiry
	ClassClientCut
	ClassLostReply
	ClassLostRequest
	numClasses
)

// NumClasses is the number of classes, ClassRepair included.
const NumClasses = int(numClasses)

var classNames = [...]string{"repair", "crash", "kill", "stop", "partition", "one-way cut", "half-open", "slow link", "lossy link",
	"clog", "flap", "refusal", "reset", "noreset", "small buffer", "no checksum", "few connections", "disk stall", "disk error",
	"process pause", "stage pause", "clock jump", "clock drift", "session expiry", "client cut", "lost reply", "lost request"}

// String names the class as reports do.
func (c Class) String() string { return wordOf(classNames[:], c) }

// Classes lists all classes of trouble, so without ClassRepair.
func Classes() []Class {
	out := make([]Class, 0, NumClasses-1)
	for c := ClassRepair + 1; c < numClasses; c++ {
		out = append(out, c)
	}
	return out
}

// Class gives the class of a statement. A link that is slow and lossy counts
// as lossy.
func (s Statement) Class() Class {
	switch s.Action {
	case ActionCrash:
		return ClassCrash
	case ActionKill:
		return ClassKill
	case ActionStop:
		return ClassStop
	case ActionPause:
		if s.Stage.Kind != StageProcess {
			return ClassStagePause
		}
		return ClassProcessPause
	case ActionNet:
		return s.Net.class()
	case ActionFlap:
		return ClassFlap
	case ActionSwizzle:
		return ClassClog
	case ActionPartition:
		return ClassPartition
	case ActionMaxConn:
		return ClassMaxConn
	case ActionClock:
		return s.Clock.class()
	case ActionDisk:
		return s.Disk.class()
	case ActionClient:
		return s.Client.class()
	}
	return ClassRepair
}

func (n Net) class() Class {
	switch n.Kind {
	case NetNetem:
		return n.netemClass()
	case NetBlackhole:
		if n.Both {
			return ClassHalfOpen
		}
		return ClassOneWayCut
	case NetRefuse:
		return ClassRefusal
	case NetReset:
		return ClassReset
	case NetNoReset:
		return ClassNoReset
	case NetClog:
		return ClassClog
	case NetSndBuf:
		return ClassSmallBuffer
	case NetChecksum:
		if !n.On {
			return ClassNoChecksum
		}
	}
	return ClassRepair
}

func (n Net) netemClass() Class {
	switch {
	case n.Netem.Loss > 0:
		return ClassLossyLink
	case n.Netem.Delay > 0 || n.Netem.Jitter > 0:
		return ClassSlowLink
	}
	return ClassRepair
}

func (c Clock) class() Class {
	switch c.Kind {
	case ClockOffset, ClockStep, ClockStrobe:
		return ClassClockJump
	case ClockDrift:
		return ClassClockDrift
	}
	return ClassRepair
}

func (d Disk) class() Class {
	switch d.Kind {
	case DiskLatency, DiskHang:
		return ClassDiskStall
	case DiskError:
		return ClassDiskError
	}
	return ClassRepair
}

func (c ClientFault) class() Class {
	switch c {
	case ClientExpire:
		return ClassSessionExpiry
	case ClientCut:
		return ClassClientCut
	case ClientDropReply:
		return ClassLostReply
	case ClientDropRequest:
		return ClassLostRequest
	}
	return ClassRepair
}

// Undo is what ends the effect of a statement: at the end of its for, by a
// statement that says so, and at the end of the safety phase.
type Undo uint8

// The ends.
const (
	UndoNothing   Undo = iota // it happened once, or ended something itself: for and to are refused
	UndoStart                 // the processes start
	UndoResume                // the processes, or their stages, go on
	UndoNet                   // the links are as they were; what was clogged arrives
	UndoMaxConn               // connections are unlimited
	UndoClock                 // offset and strobe: the wall clock is right; step: it jumps back; drift: the clocks run right, the wall clock is right
	UndoDisk                  // the disks are as they were; what hung completes
	UndoClientCut             // the client reaches the servers
)

// Undo says what ends the effect of the statement.
func (s Statement) Undo() Undo {
	switch s.Action {
	case ActionCrash, ActionKill, ActionStop:
		return UndoStart
	case ActionPause:
		return UndoResume
	case ActionFlap, ActionSwizzle, ActionPartition:
		return UndoNet
	case ActionNet:
		if s.Net.Kind != NetReset && s.Net.Kind != NetClear {
			return UndoNet
		}
	case ActionMaxConn:
		return UndoMaxConn
	case ActionClock:
		if s.Clock.Kind != ClockReset {
			return UndoClock
		}
	case ActionDisk:
		if s.Disk.Kind != DiskClear {
			return UndoDisk
		}
	case ActionClient:
		if s.Client == ClientCut {
			return UndoClientCut
		}
	}
	return UndoNothing
}

// Lasts reports whether the statement has an effect that stays until it is
// undone; at the heal at the end of the safety phase, for those that are healed.
func (s Statement) Lasts() bool { return s.Undo() != UndoNothing }

// EndsWithHeal reports whether a heal statement undoes this one: all that is
// done to the network.
func (s Statement) EndsWithHeal() bool {
	return slices.Contains([]Undo{UndoNet, UndoMaxConn, UndoClientCut}, s.Undo())
}
