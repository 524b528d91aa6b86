package engine

import (
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// view is what the notes of a server have told of it so far.
type view struct {
	// Durable: these outlive the process.
	acceptedEpoch, currentEpoch proto.Epoch

	// Of the process that runs.
	role         node.Role
	phase        node.Phase
	established  proto.Epoch // the epoch that it leads with a quorum; 0 when it does not
	serving      bool
	servingEpoch proto.Epoch    // the epoch in which it does
	history      proto.Zxid     // last transaction in its tree
	digest       int64          // of the tree at history
	leader       proto.ServerID // whom it follows
}

// died forgets what only the process knew.
func (v *view) died() {
	*v = view{acceptedEpoch: v.acceptedEpoch, currentEpoch: v.currentEpoch}
}

// began: a role begins, and nothing of the former one goes on.
func (v *view) began(r node.Role) { v.role, v.established, v.serving = r, 0, false }

// leads reports whether the server leads, with a quorum or on the way to it.
func (v *view) leads() bool { return v.role == node.RoleLeading }

// note takes in a fact that a server has told: it counts, keeps the view of the
// server, and judges.
func (c *cluster) note(s *server, n *node.Note) {
	c.digest.fold(uint64(n.Kind)<<56 ^ uint64(n.Zxid))
	c.digest.fold(uint64(n.Digest) ^ uint64(n.Epoch)<<32 ^ uint64(n.Peer)<<8)
	c.count(n)
	c.reached(s, n)
	c.tellNote(s, n)
	v := &s.seen
	switch n.Kind {
	case node.NoteRole:
		v.began(n.Role)
	case node.NotePhase:
		v.phase = n.Phase
	case node.NoteAcceptedEpoch:
		c.judge(s, c.checks.accepted(v, n.Epoch))
	case node.NoteCurrentEpoch:
		c.judge(s, c.checks.current(v, n.Epoch))
	case node.NoteEstablished:
		v.established = n.Epoch
		c.leaders++
		c.judge(s, c.checks.establishedBy(s.id, n.Epoch, n.Zxid))
	case node.NoteServing:
		v.serving, v.servingEpoch = true, n.Epoch
	case node.NoteProposed:
		c.checks.ledger.entry(n.Zxid).payload = n.Payload
	case node.NoteApplied:
		c.judge(s, c.checks.applied(s.id, v.history, n))
		if c.checks.fresh {
			c.counts.Txns++
		}
		v.history, v.digest = n.Zxid, n.Digest
	case node.NoteLoaded:
		c.judge(s, c.checks.loaded(s.id, n))
		v.history, v.digest = n.Zxid, n.Digest
	case node.NoteSessionHeard:
		s.expiry.heard(s, n)
	case node.NoteSessionExpired:
		c.judge(s, s.expiry.expired(s, n.Session))
	case node.NoteCommitted:
		c.judge(s, c.checks.committedBy(s.id, n.Zxid))
	}
	c.judge(s, c.replication.told(s, n))
}

// count adds a fact to the counters of the run.
func (c *cluster) count(n *node.Note) {
	switch n.Kind {
	case node.NoteEstablished:
		c.counts.Elections++
	case node.NoteSync:
		switch n.Sync {
		case node.SyncDiff:
			c.counts.Diff++
		case node.SyncTrunc:
			c.counts.Trunc++
		case node.SyncSnap:
			c.counts.Snap++
		}
	case node.NoteSnapshotDone:
		c.counts.Snapshots++
	case node.NoteSessionExpired:
		c.counts.SessionsExpired++
	}
	if c.checks.fresh {
		c.countFresh(n)
	}
}

// countFresh counts what every server tells, when the first one does.
func (c *cluster) countFresh(n *node.Note) {
	switch n.Kind {
	case node.NoteSessionOpened:
		c.counts.SessionsOpened++
	case node.NoteSessionClosed:
		c.counts.SessionsClosed++
	}
}
