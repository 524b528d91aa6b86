// Package chrome writes a run as a trace in Chrome's JSON format, which
// ui.perfetto.dev and chrome://tracing open, and checks such files.
//
// A server is a process, and each stage of it a thread, on which a slice is a
// turn: from the moment at which the stage asked for it to the moment at which
// it was granted and done. A step takes no virtual time, so a slice ends one
// nanosecond after its step, and what the step did lies within it. Disk
// operations, and the role that a server has, are slices on threads of their own.
// Calls of clients overlap, so they are asynchronous events of the process
// "clients". Messages are flows from the turn that sent them to the turn that
// took them; one that nobody took has none. Faults are slices of the process
// "faults". Queues, unsent bytes and zxids are counters.
//
// Equal runs give equal bytes. The package imports sim/engine, sim/report, node
// and node/proto.
package chrome
