package node

import (
	"encoding/binary"
	"fmt"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/node/ztree"
)

// syncBegins handles the packet that says how this server becomes equal to the
// leader.
func (n *Node) syncBegins(l *learner, p *proto.Packet) error {
	if order := n.cfg.Bugs.syncLogging(); p.Type == proto.PktDiff || p.Type == proto.PktTrunc {
		l.later = order == logAfterEpoch || order == logAfterUpToDate
	}
	switch p.Type {
	case proto.PktDiff:
		l.mode = SyncDiff
	case proto.PktTrunc:
		l.mode, l.memoryLost = SyncTrunc, true
		n.stopReading(l)
		n.write(LaneMain, n.planCut(p.Zxid, false), thenTruncated, 0)
	case proto.PktSnap:
		l.mode, l.hold, l.memoryLost = SyncSnap, true, true
		l.loader, l.label = ztree.NewLoader(), p.Zxid
	default:
		return fmt.Errorf("%v instead of DIFF, TRUNC or SNAP", p.Type)
	}
	return nil
}

// planCut plans to cut the log after z. A loose cut takes the largest
// transaction up to z where z itself is not in the log.
func (n *Node) planCut(z proto.Zxid, loose bool) []store.Op {
	return append(n.scratch(), store.Op{Kind: store.OpCutLog, Class: store.ClassTxnLog,
		Off: int64(z), Keep: n.cfg.CommitLogCount, Loose: loose})
}

func (n *Node) planRecover() []store.Op {
	return append(n.scratch(), store.Op{Kind: store.OpRecover, Class: store.ClassTxnLog, Keep: n.cfg.CommitLogCount})
}

// truncated: the log ends where the leader said; so does the memory.
func (n *Node) truncated(r *store.Recovered) {
	n.load(r)
	n.log.writer.Roll()
	n.needSnapshot = false
	n.note(Note{Kind: NoteTruncated, Zxid: n.lastLogged})
	l := n.learner
	if l == nil {
		return
	}
	l.memoryLost = false
	if !n.stopping {
		n.goOnReading(l)
	}
}

// truncateFailed: without the transaction to cut at, this server's history is
// one that the leader cannot repair by cutting, so it asks for a snapshot next
// time. Any other failure ends the process.
func (n *Node) truncateFailed(err error) {
	if !isNoSuchRecord(err) {
		n.exit(13, fmt.Sprintf("cannot truncate: %v", err))
		return
	}
	n.needSnapshot = true
	if n.learner != nil {
		n.learner.memoryLost = false // nothing was changed
	}
	n.giveUp("TRUNC to a transaction that this server does not have")
}

// reloaded: an unfinished SNAP has been undone, or taken over whole when its
// snapshot was in place already, and its epoch with it.
func (n *Node) reloaded(r *store.Recovered) {
	n.load(r)
	if r.CurrentEpoch > n.currentEpoch {
		n.currentEpoch = r.CurrentEpoch
		n.note(Note{Kind: NoteCurrentEpoch, Epoch: n.currentEpoch, Zxid: n.lastDurable})
	}
	n.log.writer.Roll()
}

// snapshotBytes feeds the loader; behind the database stands the signature.
func (n *Node) snapshotBytes(l *learner, b []byte) (int, error) {
	if !l.loaded {
		k, done, err := l.loader.Feed(b)
		l.loaded = done
		return k, err
	}
	size := 4 + len(syncSignature)
	if len(b) < size {
		return 0, nil
	}
	if binary.BigEndian.Uint32(b) != uint32(len(syncSignature)) || string(b[4:size]) != syncSignature {
		return 0, fmt.Errorf("%w: snapshot without its signature", proto.ErrMarshalling)
	}
	n.snapshotReceived(l)
	return size, nil
}

// snapshotReceived replaces the memory by what the leader sent.
func (n *Node) snapshotReceived(l *learner) {
	l.cutFirst = n.lastLogged > l.label
	n.setTree(l.loader.Tree())
	n.tree.SetLastProcessed(l.label)
	n.lastLogged = l.label
	n.tail.clear()
	n.committed.reset(l.label, n.cfg.CommitLogCount)
	l.loader = nil
}

func (n *Node) decodeProposal(p *proto.Packet) (*proposal, error) {
	if len(p.Data) == 0 {
		return nil, fmt.Errorf("%w: PROPOSAL without a transaction", proto.ErrMarshalling)
	}
	if _, err := proto.DecodeTxnHeader(p.Data); err != nil {
		return nil, err
	}
	prop := &proposal{rec: store.RecordFromPayload(p.Data)}
	if err := prop.txn.Decode(prop.rec.Payload()); err != nil {
		return nil, err
	}
	if prop.txn.Zxid != p.Zxid {
		return nil, fmt.Errorf("%w: PROPOSAL %v holds transaction %v", proto.ErrMarshalling, p.Zxid, prop.txn.Zxid)
	}
	return prop, nil
}

// newLeaderArrived: everything of the leader's initial history has come. Before
// it is acknowledged, three things become durable in this order: the history
// (as a snapshot, or as log), the rest of what has arrived, currentEpoch. A
// server whose epoch were newer than its history would win elections that it
// must lose.
func (n *Node) newLeaderArrived(l *learner, z proto.Zxid) error {
	if z.Epoch() != l.epoch || l.newLeader {
		return fmt.Errorf("NEWLEADER %v in epoch %d", z, l.epoch)
	}
	l.newLeader, l.until = true, n.lastLogged
	if !l.hold {
		n.newLeaderDurable()
		return nil
	}
	if k := n.tail.len(); k > 0 {
		l.until = n.tail.at(k - 1).zxid()
	}
	if l.cutFirst {
		// What this server has logged beyond the snapshot is in no history that
		// counts; replayed behind the snapshot it would come back as a ghost.
		n.write(LaneMain, n.planCut(l.label, true), thenCutForSnapshot, 0)
		return nil
	}
	n.writeSyncSnapshot()
	return nil
}

func (n *Node) writeSyncSnapshot() {
	n.noteLoaded()
	n.startSnapshot(snapshotSync)
}

// syncSnapshotDurable: the log goes on behind the snapshot.
func (n *Node) syncSnapshotDurable() {
	l := n.learner
	l.hold, l.memoryLost, n.needSnapshot = false, false, false
	n.lastDurable = n.tree.LastProcessed()
	n.log.writer.Roll()
	for i := range n.tail.len() {
		n.logProposal(n.tail.at(i))
	}
	n.newLeaderDurable()
}

// newLeaderDurable writes currentEpoch once the history is durable. What the
// leader has proposed since is not waited for: on a busy ensemble there would
// always be more of it.
func (n *Node) newLeaderDurable() {
	l := n.learner
	if !l.newLeader || l.hold || l.writing {
		return
	}
	if n.lastDurable < l.until && n.cfg.Bugs.syncLogging() != logUnawaited {
		return
	}
	l.writing = true
	n.writeCurrentEpoch(l.epoch)
}

// learnerAdopted: history and epoch are durable, so NEWLEADER is acknowledged.
func (n *Node) learnerAdopted(l *learner) {
	if l.later && n.cfg.Bugs.syncLogging() == logAfterEpoch {
		n.logLater(l)
		l.catchingUp = true
		n.caughtUp(l)
		return
	}
	n.ackNewLeaderNow(l)
}

// ackNewLeaderNow acknowledges NEWLEADER, and behind it each proposal that was
// logged meanwhile.
func (n *Node) ackNewLeaderNow(l *learner) {
	for n.tail.ncommitted > 0 && !l.later {
		n.apply(n.tail.popApplied())
	}
	n.sendAck(proto.MakeZxid(l.epoch, 0))
	l.acksOpen, l.lastHeard = true, n.now
	n.arm(TimerLearnerRead, 0, n.readLimit())
	for i := range n.tail.len() {
		if z := n.tail.at(i).zxid(); z <= n.lastDurable {
			n.sendAck(z)
		}
	}
}

// The rest is reached with a planted bug only.

// logLater logs what was held back.
func (n *Node) logLater(l *learner) {
	l.later = false
	for i := range n.tail.len() {
		n.logProposal(n.tail.at(i))
	}
}

// caughtUp acknowledges NEWLEADER once what was held back is durable.
func (n *Node) caughtUp(l *learner) {
	if n.lastDurable == n.lastLogged {
		l.catchingUp = false
		n.ackNewLeaderNow(l)
	}
}

// settleLater logs what was held back until UPTODATE, and lets the commit stage
// have what is committed of it.
func (n *Node) settleLater(l *learner) {
	n.logLater(l)
	for i := range n.tail.ncommitted {
		n.committedNow(n.tail.at(i))
	}
}
