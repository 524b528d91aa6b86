// Package rng is the only source of randomness in a simulation.
//
// Every random decision is drawn under a stable key: which host decides, for
// what purpose, about which peer, of what kind, and for the how-manieth time.
// The value depends on the seed and on this key alone, so that a new draw in
// one place moves nothing elsewhere. Everything is integer arithmetic;
// probabilities are ratios. The package is a leaf: it imports nothing of this
// module.
package rng

import (
	"fmt"
	"slices"
)

// Purpose says what a stream of random numbers is drawn for. The numbers are
// part of the meaning of a seed: append, never renumber.
type Purpose uint16

// The purposes.
const (
	PurposeConfig   Purpose = iota + 1 // parameters of a run
	PurposeLink                        // delay of a link: host, peer
	PurposeDisk                        // latency of a disk: host; kind is the operation
	PurposeCrash                       // what a crash leaves on a disk: host
	PurposeStage                       // delay before a stage's turn: host; kind is the stage
	PurposeTimer                       // jitter of timers: host; kind is the timer
	PurposeNode                        // numbers that the core asks for: host; kind says which
	PurposeClient                      // a client's decisions: host is the client
	PurposeWorkload                    // operations of a client: host is the client
	PurposeFault                       // which nodes "one", "minority" … select
	PurposeNet                         // anything else of the network
	PurposeProgram                     // what a person's own code draws: host is the client
)

// purposeNames are the words of bundles; append, never rename.
var purposeNames = [...]string{
	PurposeConfig: "config", PurposeLink: "link", PurposeDisk: "disk", PurposeCrash: "crash", PurposeStage: "stage",
	PurposeTimer: "timer", PurposeNode: "node", PurposeClient: "client", PurposeWorkload: "workload",
	PurposeFault: "fault", PurposeNet: "net", PurposeProgram: "program",
}

// String gives the word of bundles.
func (p Purpose) String() string {
	if p == 0 || int(p) >= len(purposeNames) {
		return fmt.Sprintf("Purpose(%d)", uint16(p))
	}
	return purposeNames[p]
}

// ParsePurpose reads the word of bundles; false if this version has no such
// purpose.
func ParsePurpose(word string) (Purpose, bool) {
	i := slices.Index(purposeNames[:], word)
	return Purpose(max(i, 0)), i > 0
}

// Key names a stream of random decisions.
type Key struct {
	Host    int32
	Purpose Purpose
	Peer    int32
	Kind    uint16
}
