package node

import (
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// logBatchMax bounds how many transactions share one fsync.
const logBatchMax = 1000

// logStage appends transactions to the log, fsyncs them in batches, and only
// then lets them be acknowledged. A batch is one write: if power fails before
// its fsync, the log cannot end in a hole with something valid behind it.
type logStage struct {
	queue  queue[*proposal]
	batch  []*proposal // between append and fsync
	recs   []store.Record
	busy   bool
	writer *store.LogWriter
	count  int64 // transactions since the log was last rolled
	limit  int64 // roll and snapshot after so many
	due    bool  // the limit was reached within this batch
}

// logProposal hands a transaction to the log stage.
func (n *Node) logProposal(p *proposal) {
	if !p.zxid().Follows(n.lastLogged) {
		n.violated(proto.TotalOrder, "logs %v after %v", p.zxid(), n.lastLogged)
	}
	n.lastLogged = p.zxid()
	n.log.queue.push(p)
	n.askLog()
}

func (n *Node) askLog() {
	if !n.log.busy && n.log.queue.len() > 0 {
		n.ask(StageLog)
	}
}

func (n *Node) logTurn() {
	l := &n.log
	if l.busy || l.queue.len() == 0 {
		return
	}
	l.busy = true
	l.recs = l.recs[:0]
	for l.queue.len() > 0 && len(l.batch) < logBatchMax {
		p := l.queue.pop()
		l.batch = append(l.batch, p)
		l.recs = append(l.recs, p.rec)
		l.count++
		l.due = l.due || l.count > l.limit
	}
	ops := l.writer.Append(n.scratch(), l.recs)
	ops = l.writer.Fsync(ops)
	n.write(LaneLog, ops, thenLogged, 0)
	n.ops = ops
}

// logged: the batch is durable, so it may be acknowledged.
func (n *Node) logged() {
	l := &n.log
	l.busy = false
	n.lastDurable = l.batch[len(l.batch)-1].zxid()
	n.note(Note{Kind: NoteDurable, Zxid: n.lastDurable})
	if !n.stopping {
		n.acknowledge(l.batch)
	}
	clear(l.batch)
	l.batch = l.batch[:0]
	if l.due {
		n.rollLog()
	}
	n.askLog()
	n.snapshotMayFinish()
}

// acknowledge tells whoever counts that the batch is on this server's disk.
func (n *Node) acknowledge(batch []*proposal) {
	switch {
	case n.leader != nil:
		for _, p := range batch {
			n.ackArrived(n.id, p.zxid())
		}
	case n.learner != nil:
		n.learnerLogged(batch)
	}
}

// rollLog starts a new log file and, if none is being written, a snapshot.
func (n *Node) rollLog() {
	l := &n.log
	l.due, l.count = false, 0
	l.writer.Roll()
	n.drawSnapshotInterval()
	if n.snap.running() {
		n.note(Note{Kind: NoteTooBusyToSnap, Zxid: n.lastDurable})
		return
	}
	if !n.stopping && n.serving {
		n.startSnapshot(snapshotPeriodic)
	}
}
