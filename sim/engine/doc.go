// Package engine runs a whole ensemble in one thread on virtual time: the kernel
// (event loop, clock, hash), the driver of the server core, the clients and
// their load, faults, and the checks that judge what was seen. A run is a
// function of its [Config]: see [Run].
//
// It imports node (with node/store, node/ztree and node/proto), netsim, disksim,
// linearizability, and the packages beside it under sim. Nothing here starts a goroutine,
// reads a clock or draws a number outside sim/rng.
package engine
