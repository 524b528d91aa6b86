package node

import (
	"errors"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// acceptedEpoch is a promise: no leader of that epoch or a smaller one will be
// followed any more, but the one promised to. currentEpoch says whose history
// this server holds. Memory changes only after the disk has.

func (n *Node) writeAcceptedEpoch(e proto.Epoch) {
	n.assertf(e > n.acceptedEpoch, proto.EpochMonotonic, "acceptedEpoch %d after %d", e, n.acceptedEpoch)
	n.ops = store.EpochOps(n.scratch(), store.AcceptedEpochFile, e)
	n.write(LaneMain, n.ops, thenAcceptedEpoch, int64(e))
}

func (n *Node) writeCurrentEpoch(e proto.Epoch) {
	n.assertf(e >= n.currentEpoch && e <= n.acceptedEpoch, proto.EpochMonotonic,
		"currentEpoch %d after %d, accepted %d", e, n.currentEpoch, n.acceptedEpoch)
	n.ops = store.EpochOps(n.scratch(), store.CurrentEpochFile, e)
	n.write(LaneMain, n.ops, thenCurrentEpoch, int64(e))
}

func (n *Node) acceptedEpochDurable(e proto.Epoch) {
	n.acceptedEpoch = e
	n.note(Note{Kind: NoteAcceptedEpoch, Epoch: e})
	switch {
	case n.stopping:
	case n.leader != nil:
		n.leaderPromised()
	case n.learner != nil:
		n.sendAckEpoch(n.currentEpoch)
	}
}

func (n *Node) currentEpochDurable(e proto.Epoch) {
	n.currentEpoch = e
	n.note(Note{Kind: NoteCurrentEpoch, Epoch: e, Zxid: n.lastDurable})
	switch {
	case n.stopping:
	case n.leader != nil:
		n.leaderAdopted()
	case n.learner != nil:
		n.learnerAdopted(n.learner)
	}
}

func isNoSuchRecord(err error) bool { return errors.Is(err, store.ErrNoSuchRecord) }
