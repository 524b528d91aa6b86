package node

import (
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/node/ztree"
)

// snapshotChunk is how many bytes of a snapshot are serialised in one turn.
const snapshotChunk = 16 << 10

// snapshotWhy says what a snapshot is written for.
type snapshotWhy uint8

const (
	snapshotPeriodic snapshotWhy = iota
	snapshotLeader               // before a new leader accepts learners
	snapshotSync                 // a learner's state after SNAP
)

// snapshotStage writes one snapshot at a time, piece by piece, while
// transactions go on being applied. The file therefore may contain effects of
// transactions that are newer than its name; replay is idempotent. What it may
// contain must be in the log before the file gets its name: a server may apply
// a transaction that its own disk does not hold yet.
type snapshotStage struct {
	number  int64 // of the present one; answers for older ones are stale
	state   snapshotState
	why     snapshotWhy
	image   *ztree.Snapshot
	writer  *store.SnapshotWriter
	content proto.Zxid // newest transaction that the file may contain
	piece   []byte     // the last one written, if its memory may be used again
}

type snapshotState uint8

const (
	snapshotIdle snapshotState = iota
	snapshotWriting
	snapshotWaiting   // serialised; the log must catch up before it is finished
	snapshotFinishing // its last operations are on their way
	snapshotAborted   // its temporary file is being removed
)

func (s *snapshotStage) running() bool { return s.state != snapshotIdle }

// drawSnapshotInterval asks for the random part of the next interval, so that
// the servers of an ensemble do not all write at the same time.
func (n *Node) drawSnapshotInterval() {
	n.log.limit = 2 * n.halfSnapCount()
	n.out.Draws = append(n.out.Draws, Draw{DrawSnapshot, n.halfSnapCount()})
}

func (n *Node) halfSnapCount() int64 { return int64(max(n.cfg.SnapCount, 2) / 2) }

func (n *Node) snapshotIntervalDrawn(random int64) { n.log.limit = n.halfSnapCount() + random }

func (n *Node) startSnapshot(why snapshotWhy) {
	s := &n.snap
	s.number++
	s.state, s.why, s.piece = snapshotWriting, why, nil
	s.image = n.tree.NewSnapshot()
	s.writer = store.NewSnapshotWriter(s.image.Zxid())
	n.ops = s.writer.Begin(n.scratch())
	n.write(LaneSnapshot, n.ops, thenNothing, 0)
	n.ask(StageSnapshot)
}

func (n *Node) snapshotTurn() {
	s := &n.snap
	if s.state != snapshotWriting {
		return
	}
	b, done := s.image.Append(s.room(), snapshotChunk)
	if n.cfg.DiskCopies {
		s.piece = b
	}
	n.ops = s.writer.Chunk(n.scratch(), b)
	if done {
		s.state = snapshotWaiting
		s.content = n.tree.LastProcessed()
		s.writer.SetDigest(s.content, n.tree.Digest())
		n.write(LaneSnapshot, n.ops, thenNothing, 0)
		n.snapshotMayFinish()
		return
	}
	n.write(LaneSnapshot, n.ops, thenSnapshotChunk, s.number)
}

// room is where the next piece goes. The one before has been written: without
// using its memory again, the garbage of a snapshot would be as large as its file.
func (s *snapshotStage) room() []byte {
	if cap(s.piece) > 0 && cap(s.piece) <= 4*snapshotChunk {
		return s.piece[:0]
	}
	return make([]byte, 0, snapshotChunk+1024)
}

func (n *Node) snapshotChunkWritten(number int64) {
	if number == n.snap.number && n.snap.state == snapshotWriting {
		n.ask(StageSnapshot)
	}
}

// snapshotMayFinish gives the file its name once the log holds everything that
// the file may contain. A snapshot of a SNAP synchronisation does not wait: the
// log it belongs to begins after it.
func (n *Node) snapshotMayFinish() {
	s := &n.snap
	if s.state != snapshotWaiting || s.why != snapshotSync && n.lastDurable < s.content {
		return
	}
	s.state = snapshotFinishing
	n.ops = s.writer.Finish(n.scratch())
	n.write(LaneSnapshot, n.ops, thenSnapshotDone, s.number)
}

func (n *Node) snapshotDurable(number int64) {
	s := &n.snap
	if number != s.number {
		return
	}
	finished := s.state == snapshotFinishing
	zxid := s.image.Zxid()
	s.state, s.image, s.writer, s.piece = snapshotIdle, nil, nil, nil
	if !finished {
		return
	}
	n.note(Note{Kind: NoteSnapshotDone, Zxid: zxid})
	if n.stopping {
		return
	}
	switch s.why {
	case snapshotLeader:
		n.leaderReady()
	case snapshotSync:
		n.syncSnapshotDurable()
	}
}

// abortSnapshot ends a snapshot when a role ends: what is fast-forwarded next
// is not known to be committed and must not get into it. One that already has
// its whole content is left to finish.
func (n *Node) abortSnapshot() {
	s := &n.snap
	if s.state != snapshotWriting && s.state != snapshotWaiting {
		return
	}
	s.state = snapshotAborted
	n.ops = s.writer.Abort(n.scratch())
	n.write(LaneSnapshot, n.ops, thenSnapshotDone, s.number)
}
