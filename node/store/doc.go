// Package store keeps a server's history: the transaction log, the snapshots
// and the two epoch files, in ZooKeeper's byte formats (protocol.md §8, §5.2),
// over the file system of [FS]. It imports node/ztree and node/proto.
//
// Planning is pure. [LogWriter], [SnapshotWriter] and [EpochOps] only append
// operations to a list; a driver carries them out one by one with [Do], and a
// crash can fall between any two. [Recover] reads everything back.
//
// # The tail rule
//
// A log ends where no further record can be read. If no valid record follows
// the first bad byte, in this file or a later one, the rest is a torn tail: it
// is cut, and reported in [Recovered.Cut]. If one follows, the log is damaged
// in the middle and recovery refuses with [ErrDamagedLog], having changed
// nothing. The rule is right as long as at most one write to the log is not
// yet synced: of two such writes a crash could keep the second and lose the
// first. [LogWriter] insists on that.
//
// # What a restart may rely on
//
// A process that dies leaves its unsynced writes in the page cache, and the
// next one reads them. Before it may vote with them or build on them they must
// survive a loss of power too, so recovery syncs the last log and the directory.
package store
