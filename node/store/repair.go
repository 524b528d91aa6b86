package store

import (
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// tidy plans what recovery changes. A crash between any two of the operations
// leaves a directory in which recovery finds the same history.
func (h *history) tidy(d *directory) []Op {
	ops := h.cutBehind(nil)
	for _, name := range d.temps {
		ops = append(ops, Op{Kind: OpRemove, Class: tempClass(name), Name: name})
	}
	if h.adopt {
		ops = EpochOps(ops, CurrentEpochFile, h.current)
	} else if d.epochTemp {
		ops = append(ops, Op{Kind: OpRemove, Class: ClassEpoch, Name: CurrentEpochFile.String() + tempSuffix})
	}
	return h.settle(ops)
}

func tempClass(name string) Class {
	if name == AcceptedEpochFile.String()+tempSuffix {
		return ClassEpoch
	}
	return ClassSnapshot
}

// cutBehind plans the removal of everything behind the end of the history,
// newest first. Each removal is durable before the next one begins: a file in
// the middle that vanished before a later one would look like damage.
func (h *history) cutBehind(ops []Op) []Op {
	for _, first := range slices.Backward(h.logs[h.end.file+1:]) {
		ops = append(ops,
			Op{Kind: OpRemove, Class: ClassTxnLog, Name: LogName(first)},
			Op{Kind: OpSyncDir, Class: ClassTxnLog})
	}
	if h.end.trim {
		ops = append(ops, Op{Kind: OpTruncate, Class: ClassTxnLog, Name: LogName(h.logs[h.end.file]), Off: h.end.size})
	}
	return ops
}

// settle plans the syncs after which the history survives a loss of power. What
// the previous process wrote and did not sync was read from the page cache.
func (h *history) settle(ops []Op) []Op {
	if h.end.file >= 0 {
		ops = append(ops, Op{Kind: OpFsync, Class: ClassTxnLog, Name: LogName(h.logs[h.end.file])})
	}
	return append(ops, Op{Kind: OpSyncDir, Class: ClassTxnLog})
}

// removeSnapshots plans the durable removal of snapshots, newest first.
func removeSnapshots(ops []Op, snapshots []proto.Zxid) []Op {
	for _, z := range slices.Backward(snapshots) {
		ops = append(ops, Op{Kind: OpRemove, Class: ClassSnapshot, Name: SnapshotName(z)})
	}
	if len(snapshots) > 0 {
		ops = append(ops, Op{Kind: OpSyncDir, Class: ClassSnapshot})
	}
	return ops
}
