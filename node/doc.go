// Package node is the server: leader election, discovery, synchronisation,
// broadcast, sessions, the request pipeline and persistence, as a pure state
// machine. It does no I/O, reads no clock, draws no random number and starts no
// goroutine. A simulator and a real host drive the same code.
//
// # Duties of a driver
//
//  1. Start: read the disk with [store.Recover], make the core with [New], hand
//     it [EventStart].
//  2. Hand every event to [Node.Step] and carry out every list of the [Output],
//     each in its order, before the next Step. Lists do not wait for each other.
//  3. Disk: carry out the operations of one lane one after the other, in order;
//     tell [EventDiskDone] for those with Notify and for every error. A driver
//     may crash between any two of them.
//  4. Turns: grant each asked-for turn once, in any order and after any delay.
//     A sender's turn is granted only while its stream takes bytes, and says how
//     many ([Event.Room]).
//  5. Reading: bytes that have arrived are handed over with [EventReceived],
//     unless the connection's gate is closed. They are the receiver stage's turn.
//  6. Timers: one per [TimerID]; asking again replaces it; fire at an instant
//     between Min and Max from the request. Late is allowed, early is not.
//  7. A panic with a [proto.Violation] is a broken invariant. Exit ends the process.
//
// # Stages
//
// ZooKeeper's threads are stages here: actors with queues of their own that work
// only when they are granted a turn (see [StageKind]). On the leader a request
// of a client goes receiver, prep, propose, then both log and commit, final,
// sender; on a follower receiver, commit, final, sender, while writes also
// travel to the leader. What waits for the disk is done by the step that gets
// the DiskDone, so acknowledging after fsync is structure, not discipline.
//
// The package imports its own sub-packages and pure parts of the standard
// library.
package node
