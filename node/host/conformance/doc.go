// Package conformance holds the duties of a driver (see package node) as checks
// that every driver must pass: the simulator's and the host's. The checks put
// puppets in the place of cores, have a driver carry out outputs, and look at
// what the puppets are told.
//
// A check returns an error in words. So it can be shown to fail: see [Spoilt].
//
// The package imports node and what lies below it, and the standard library.
package conformance
