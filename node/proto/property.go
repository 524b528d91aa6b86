package proto

import (
	"fmt"
	"time"
)

// Property names what a run is checked for. The list is closed: checkers,
// shrinking, bisection and exit codes compare these names, never texts.
// Numbers in brackets are those of the specification.
type Property string

// The properties.
const (
	EpochMonotonic     Property = "EpochMonotonic"     // R1
	Leadership         Property = "Leadership"         // R2
	Agreement          Property = "Agreement"          // R3
	TotalOrder         Property = "TotalOrder"         // R3
	PrefixConsistency  Property = "PrefixConsistency"  // R3
	Integrity          Property = "Integrity"          // nothing is delivered that was not proposed
	LocalPrimaryOrder  Property = "LocalPrimaryOrder"  // R4
	GlobalPrimaryOrder Property = "GlobalPrimaryOrder" // R4
	PrimaryIntegrity   Property = "PrimaryIntegrity"   // a primary delivers earlier epochs first
	LeaderCompleteness Property = "LeaderCompleteness" // a leader holds everything committed
	DurableQuorum      Property = "DurableQuorum"      // R5
	AckOrder           Property = "AckOrder"           // R6
	DigestEquality     Property = "DigestEquality"     // R7
	ReloadEquality     Property = "ReloadEquality"     // R8
	LogShape           Property = "LogShape"           // zxids on disk rise without gaps
	VoteHonesty        Property = "VoteHonesty"        // a vote says what the disk holds
	LinearizableWrites Property = "LinearizableWrites" // G1, G2, G9
	ClientOrder        Property = "ClientOrder"        // G3
	PrefixRead         Property = "PrefixRead"         // G4
	SingleSystemImage  Property = "SingleSystemImage"  // G5
	Durability         Property = "Durability"         // G6
	SyncRead           Property = "SyncRead"           // G7
	AtomicMulti        Property = "AtomicMulti"        // G8
	WatchOrder         Property = "WatchOrder"         // G10, G11
	WatchOnce          Property = "WatchOnce"          // G12
	Ephemeral          Property = "Ephemeral"          // G13
	SessionExpiry      Property = "SessionExpiry"      // G14
	SessionClosed      Property = "SessionClosed"      // G15
	SessionOwner       Property = "SessionOwner"       // G16
	SequentialName     Property = "SequentialName"     // G17
	StatShape          Property = "StatShape"          // G18
	Progress           Property = "Progress"           // L1
	GreyFailure        Property = "GreyFailure"        // shallow checks green, deep check red
	ActorDeath         Property = "ActorDeath"         // a stage died while its process lives
	BoundedQueue       Property = "BoundedQueue"       // admission bounds every queue
	Panic              Property = "Panic"              // the core panicked
	Determinism        Property = "Determinism"        // a replay differed
)

// Properties lists every property, in the order above.
func Properties() []Property {
	return []Property{
		EpochMonotonic, Leadership, Agreement, TotalOrder, PrefixConsistency, Integrity,
		LocalPrimaryOrder, GlobalPrimaryOrder, PrimaryIntegrity, LeaderCompleteness, DurableQuorum,
		AckOrder, DigestEquality, ReloadEquality, LogShape, VoteHonesty, LinearizableWrites, ClientOrder,
		PrefixRead, SingleSystemImage, Durability, SyncRead, AtomicMulti, WatchOrder, WatchOnce,
		Ephemeral, SessionExpiry, SessionClosed, SessionOwner, SequentialName, StatShape, Progress,
		GreyFailure, ActorDeath, BoundedQueue, Panic, Determinism,
	}
}

// Violation says that a property does not hold. The core panics with one; the
// driver recovers it at the step boundary and makes it the verdict of the run.
type Violation struct {
	Property Property
	Server   ServerID      // 0 when no single server is to blame
	Place    string        // role and stage, function, or bound; for telling failures apart
	At       time.Duration // since the run began
	Detail   string
}

// Error gives property, server and detail on one line.
func (v *Violation) Error() string {
	if v.Server == 0 {
		return fmt.Sprintf("%s: %s", v.Property, v.Detail)
	}
	return fmt.Sprintf("%s at %v: %s", v.Property, v.Server, v.Detail)
}
