package node

import (
	"fmt"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// lane remembers what is to be done when its disk operations complete. A lane
// works in order, so the answers come in order.
type lane struct {
	waiting queue[continuation]
}

// continuation is what follows a disk operation.
type continuation struct {
	id   WriteID
	then then
	arg  int64
}

// then names the function that continues after a disk operation.
type then uint8

const (
	thenNothing        then = iota
	thenLogged              // log stage: the batch is fsynced
	thenSnapshotChunk       // snapshot stage: a piece is written; arg is the snapshot's number
	thenSnapshotDone        // snapshot stage: in place and durable; arg is the snapshot's number
	thenAcceptedEpoch       // arg is the epoch
	thenCurrentEpoch        // arg is the epoch
	thenTruncated           // learner: the log was cut; memory is to be replaced
	thenReloaded            // the disk was read again after an unfinished SNAP
	thenAnnounced           // learner: recovery knows which epoch is being taken over
	thenCutForSnapshot      // learner: the log was cut; the snapshot may be written
)

// write asks for the operations one after the other and continues with then
// once the last is done.
func (n *Node) write(l Lane, ops []store.Op, next then, arg int64) {
	for i, op := range ops {
		n.nextWrite++
		last := i == len(ops)-1 && next != thenNothing
		n.out.Writes = append(n.out.Writes, Write{n.nextWrite, l, last, op})
	}
	if next != thenNothing {
		n.lanes[l].waiting.push(continuation{n.nextWrite, next, arg})
	}
}

// scratch returns an empty list of operations to plan into.
func (n *Node) scratch() []store.Op { return n.ops[:0] }

func (n *Node) diskDone(id WriteID, l Lane, err error, recovered *store.Recovered) {
	w := &n.lanes[l].waiting
	if err != nil {
		n.diskFailed(id, l, err)
		return
	}
	if w.len() > 0 && w.at(0).id == id {
		n.proceed(w.pop(), recovered)
	}
}

func (n *Node) proceed(c continuation, recovered *store.Recovered) {
	switch c.then {
	case thenLogged:
		n.logged()
	case thenSnapshotChunk:
		n.snapshotChunkWritten(c.arg)
	case thenSnapshotDone:
		n.snapshotDurable(c.arg)
	case thenAcceptedEpoch:
		n.acceptedEpochDurable(proto.Epoch(c.arg))
	case thenCurrentEpoch:
		n.currentEpochDurable(proto.Epoch(c.arg))
	case thenTruncated:
		n.truncated(recovered)
	case thenReloaded:
		n.reloaded(recovered)
	case thenAnnounced:
		n.announced()
	case thenCutForSnapshot:
		if !n.stopping {
			n.writeSyncSnapshot()
		}
	}
}

// diskFailed ends the process: a server that can't write must not go on as if
// it had. A supervisor starts it again, and recovery decides what is true.
func (n *Node) diskFailed(id WriteID, l Lane, err error) {
	w := &n.lanes[l].waiting
	if w.len() > 0 && w.at(0).id == id && w.at(0).then == thenTruncated {
		w.pop()
		n.truncateFailed(err)
		return
	}
	code := 1
	if l == LaneSnapshot {
		code = 10
	}
	n.note(Note{Kind: NoteGaveUp, Text: err.Error()})
	n.exit(code, fmt.Sprintf("disk: %v", err))
}

// idle reports whether nothing is on its way to the disk in lane l.
func (n *Node) idle(l Lane) bool { return n.lanes[l].waiting.len() == 0 }
