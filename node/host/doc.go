// Package host runs a server of package node for real: on TCP, on files of the
// operating system, by the machine's clocks. It is a driver as node's package
// comment describes one, and nothing else: what a server does is decided in node.
//
// # Who does what
//
// One goroutine, the loop, owns the core and steps it. Everything that happens
// reaches it through one inbox: bytes that readers took from connections,
// finished disk operations, dials. It empties the inbox, grants every turn that
// was asked for, senders last, and only then looks into the inbox again: so
// requests that arrive together are prepared together, share an fsync, and
// answers to one client share a write to its socket.
//
// A connection has one goroutine that reads; it is at most two buffers ahead of
// the core. The loop itself writes, as much as the kernel takes without waiting;
// the rest, which is bounded by the room the core was told of, is written by a
// goroutine of its own, and until that is done the sender gets no turn. A disk
// lane is a goroutine that carries out operations in order.
//
// The package imports node and what lies below it, and the standard library.
package host
