package engine

import (
	"encoding/binary"
	"slices"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// replication judges, event by event, what the servers do against what their
// disks hold: the ghosts see every operation that was carried out.
type replication struct {
	c         *cluster
	ghosts    []ghost     // by host
	adoptions []adoption  // by rising epoch
	committed chain       // what is committed, as far as leaders have told
	reign     proto.Epoch // of the newest established leader
	sessions  []sessionTxn
	reloads   reloads
}

// adoption is a leader's beginning of an epoch: the history that it had on disk
// when it wrote currentEpoch, and that every follower of that epoch begins with.
type adoption struct {
	epoch   proto.Epoch
	leader  proto.ServerID
	history chain
}

// sessionTxn is a proposal that opens or closes a session.
type sessionTxn struct {
	zxid    proto.Zxid
	session proto.SessionID
	opens   bool
}

func (r *replication) init(c *cluster) {
	r.c = c
	r.ghosts = make([]ghost, len(c.servers))
	r.reloads.init(c)
}

func (r *replication) ghost(s *server) *ghost { return &r.ghosts[s.host] }

// adopted finds the beginning of an epoch, nil if no leader has written it.
func (r *replication) adopted(e proto.Epoch) *adoption {
	for i := len(r.adoptions) - 1; i >= 0 && r.adoptions[i].epoch >= e; i-- {
		if r.adoptions[i].epoch == e {
			return &r.adoptions[i]
		}
	}
	return nil
}

// done takes in a disk operation that was carried out on a server's disk.
func (r *replication) done(s *server, op *store.Op, recovered *store.Recovered) *proto.Violation {
	g := r.ghost(s)
	switch op.Kind {
	case store.OpCreate:
		g.created(op)
	case store.OpWrite:
		switch op.Class {
		case store.ClassTxnLog:
			return g.wrote(op)
		case store.ClassEpoch:
			g.wroteEpoch(op)
		}
	case store.OpFsync:
		g.fsynced(op.Name)
	case store.OpSyncDir:
		g.named()
	case store.OpRename:
		return r.renamed(s, g, op)
	case store.OpCutLog:
		return r.cut(g, proto.Zxid(op.Off), recovered)
	case store.OpRecover:
		return g.recovered(recovered)
	}
	return nil
}

func (r *replication) renamed(s *server, g *ghost, op *store.Op) *proto.Violation {
	if z, ok := snapshotNamed(op); ok {
		kept := g.cached.common(r.committed)
		g.renamedSnapshot(z)
		return r.keeps(g, kept, "a snapshot")
	}
	if v := g.renamedEpoch(op); v != nil || op.To != store.CurrentEpochFile.String() {
		return v
	}
	return r.adopts(s, g)
}

// cut takes in a cut of the log. It must not remove what is committed.
func (r *replication) cut(g *ghost, z proto.Zxid, recovered *store.Recovered) *proto.Violation {
	kept := g.cached.common(r.committed)
	g.cut(z)
	if tip := g.cached.tip(); recovered != nil && recovered.LastLogged != tip {
		return found(proto.ReloadEquality, "truncate", "cut after %s: the log should end with %s, and does with %s",
			both(z), both(tip), both(recovered.LastLogged))
	}
	return r.keeps(g, kept, "TRUNC")
}

// keeps says that a committed transaction has left a disk (Durability).
func (r *replication) keeps(g *ghost, kept proto.Zxid, by string) *proto.Violation {
	if g.cached.holds(kept) {
		return nil
	}
	return found(proto.Durability, "disk", "%s removed %s, which is committed; the history ends with %s now", by, both(kept), both(g.cached.tip()))
}

// adopts: currentEpoch on a disk says whose history the disk holds. A leader's
// own is the history of the epoch; everybody else's must begin with it (R6).
func (r *replication) adopts(s *server, g *ghost) *proto.Violation {
	e := g.current.cached
	a := r.adopted(e)
	r.tellCurrent(s, e)
	if s.seen.role == node.RoleLeading {
		if a != nil && a.leader != s.id {
			return found(proto.Leadership, "currentEpoch", "%v adopts epoch %d to lead it, as %v did before", s.id, e, a.leader)
		}
		return r.leaderAdopts(s, g, e)
	}
	return r.inherits(g, e, "currentEpoch")
}

func (r *replication) leaderAdopts(s *server, g *ghost, e proto.Epoch) *proto.Violation {
	if r.adopted(e) == nil {
		at := len(r.adoptions)
		for at > 0 && r.adoptions[at-1].epoch > e {
			at--
		}
		r.adoptions = slices.Insert(r.adoptions, at, adoption{e, s.id, slices.Clone(g.durable)})
	}
	if r.reign < e && !g.durable.begins(r.committed) {
		return found(proto.LeaderCompleteness, "currentEpoch", "%v adopts epoch %d with a history that ends with %s and has of what is committed only %s",
			s.id, e, both(g.durable.tip()), both(g.durable.common(r.committed)))
	}
	return nil
}

// inherits judges whether what is durable on a disk, up to epoch e, is the
// history that the epoch began with: no less (R6), and nothing else.
func (r *replication) inherits(g *ghost, e proto.Epoch, place string) *proto.Violation {
	a := r.adopted(e)
	if a == nil {
		return found(proto.AckOrder, place, "takes over epoch %d, which no leader has adopted", e)
	}
	same := g.durable.common(a.history)
	switch {
	case same == a.history.tip() && same == g.durable.before(e):
		return nil
	case same != a.history.tip() && same == g.durable.tip():
		return found(proto.AckOrder, place, "takes over epoch %d with a durable history that ends with %s; its leader %v began with %s",
			e, both(same), a.leader, both(a.history.tip()))
	}
	return found(proto.PrefixConsistency, place, "takes over epoch %d of %v, which began with %s; its own history is the same up to %s and goes on to %s",
		e, a.leader, both(a.history.tip()), both(same), both(g.durable.before(e)))
}

// told judges a fact that a server tells, after the view of it has changed.
func (r *replication) told(s *server, n *node.Note) *proto.Violation {
	switch n.Kind {
	case node.NoteProposed:
		return r.proposed(s, n)
	case node.NoteApplied:
		return r.applied(s, n.Zxid)
	case node.NoteCommitted:
		r.c.checks.ledger.entry(n.Zxid).committed(s.id, r.c.moment())
		if r.committed.tip() < n.Zxid && n.Zxid.Follows(r.committed.tip()) {
			r.committed = r.committed.with(n.Zxid)
		}
		return r.exposed(n.Zxid, "commit")
	case node.NoteEstablished:
		return r.established(n)
	case node.NoteServing:
		return r.exposed(s.seen.history, "serving")
	case node.NoteAckSent:
		return r.acked(s, n.Zxid)
	case node.NoteVote:
		return r.ghost(s).honest(n)
	case node.NoteRole:
		s.seen.leader = n.Peer
	case node.NoteLoaded:
		r.loaded(s, n.Zxid)
	}
	return nil
}

// loaded remembers which history a tree from a leader stands for: the leader's.
func (r *replication) loaded(s *server, z proto.Zxid) {
	g := r.ghost(s)
	if s.seen.role != node.RoleFollowing || g.cached.holds(z) {
		return
	}
	g.incoming = r.ghosts[r.c.hostOf(s.seen.leader)].cached.copyTo(g.incoming).upTo(z)
	if g.incoming.tip() != z {
		g.incoming = g.incoming.with(z)
	}
}

// established: what a leader's epoch began with is committed.
func (r *replication) established(n *node.Note) *proto.Violation {
	if a := r.adopted(n.Epoch); a != nil && n.Epoch > r.reign {
		r.reign = n.Epoch
		r.committed = a.history.copyTo(r.committed)
	}
	return r.exposed(n.Zxid, "leader")
}

// proposed takes in a proposal. A primary proposes without gaps, alone in its
// epoch, and not before it holds all that its epoch began with.
func (r *replication) proposed(s *server, n *node.Note) *proto.Violation {
	e := r.c.checks.ledger.entry(n.Zxid)
	switch {
	case e.proposedBy != 0 && e.proposedBy != s.id:
		return found(proto.Leadership, "propose", "%v proposes %s, as %v did before", s.id, both(n.Zxid), e.proposedBy)
	case e.proposedBy != 0:
		return found(proto.LocalPrimaryOrder, "propose", "%v proposes %s twice", s.id, both(n.Zxid))
	}
	e.proposedBy, e.proposed, e.proposedAt = s.id, hashOf(n.Payload), r.c.moment()
	r.noteSession(n)
	if n.Zxid.Counter() > 1 {
		if before := r.c.checks.ledger.entry(n.Zxid - 1).proposedBy; before != s.id {
			return found(proto.LocalPrimaryOrder, "propose", "%v proposes %s and not %s before it", s.id, both(n.Zxid), both(n.Zxid-1))
		}
		return nil
	}
	return r.primary(s, n.Zxid)
}

// primary judges the first proposal of an epoch (PrimaryIntegrity).
func (r *replication) primary(s *server, z proto.Zxid) *proto.Violation {
	if a := r.adopted(z.Epoch()); a != nil && s.seen.history != a.history.tip() {
		return found(proto.PrimaryIntegrity, "propose", "%v proposes %s with a tree at %s; its history ends with %s",
			s.id, both(z), both(s.seen.history), both(a.history.tip()))
	}
	return nil
}

// Where session and type lie in a transaction.
const (
	payloadType = 28
	payloadHead = 32
)

func (r *replication) noteSession(n *node.Note) {
	if len(n.Payload) < payloadHead {
		return
	}
	t := proto.OpCode(int32(binary.BigEndian.Uint32(n.Payload[payloadType:])))
	if t != proto.OpCreateSession && t != proto.OpCloseSession {
		return
	}
	id := proto.SessionID(binary.BigEndian.Uint64(n.Payload))
	at := len(r.sessions)
	for at > 0 && r.sessions[at-1].zxid > n.Zxid {
		at--
	}
	r.sessions = slices.Insert(r.sessions, at, sessionTxn{n.Zxid, id, t == proto.OpCreateSession})
}

// applied: what is applied was proposed, as it is (Integrity); what is left of
// earlier epochs is in the history of the primary that is followed
// (PrimaryIntegrity); and who serves clients applies what a quorum has on disk.
func (r *replication) applied(s *server, z proto.Zxid) *proto.Violation {
	e := r.c.checks.ledger.entry(z)
	switch {
	case e.proposedBy == 0:
		return found(proto.Integrity, "applied", "%v applied %s, which nobody has proposed", s.id, both(z))
	case e.proposed != e.content:
		return found(proto.Integrity, "applied", "%v applied another transaction as %s than %v has proposed", s.id, both(z), e.proposedBy)
	}
	if epoch := r.ghost(s).current.cached; z.Epoch() < epoch {
		if a := r.adopted(epoch); a != nil && !a.history.holds(z) {
			return found(proto.PrimaryIntegrity, "applied", "%v applied %s in epoch %d, whose primary %v does not hold it", s.id, both(z), epoch, a.leader)
		}
	}
	if s.seen.serving && !e.safe {
		return r.exposed(z, "applied")
	}
	return nil
}

// exposed: what clients may come to see is fsynced on a quorum of disks (R5).
func (r *replication) exposed(z proto.Zxid, place string) *proto.Violation {
	e := r.c.checks.ledger.entry(z)
	if e.safe || z == 0 {
		return nil
	}
	disks := 0
	for i := range r.ghosts {
		if r.ghosts[i].durable.holds(z) {
			disks++
		}
	}
	if e.safe = 2*disks > len(r.ghosts); e.safe {
		return nil
	}
	return found(proto.DurableQuorum, place, "%s may be seen, and is fsynced on %d of %d disks", both(z), disks, len(r.ghosts))
}

// acked: an ACK tells of what is durable on the disk of its sender (R6).
func (r *replication) acked(s *server, z proto.Zxid) *proto.Violation {
	g := r.ghost(s)
	switch {
	case z.Counter() == 0 && g.current.durable != z.Epoch():
		return found(proto.AckOrder, "newleader", "%v acknowledged NEWLEADER of epoch %d; currentEpoch on its disk is %d", s.id, z.Epoch(), g.current.durable)
	case z.Counter() == 0:
		return r.inherits(g, z.Epoch(), "newleader")
	case !g.durable.holds(z):
		return found(proto.AckOrder, "proposal", "%v acknowledged %s; durable on its disk is %s", s.id, both(z), both(g.durable.tip()))
	}
	return nil
}

// carriedOut has a disk operation judged, and now and then the disk.
func (c *cluster) carriedOut(s *server, op *store.Op, recovered *store.Recovered) {
	c.judge(s, c.replication.done(s, op, recovered))
	if c.replication.reloads.due(c.clock.Now()) {
		c.judge(s, c.replication.reload(s))
	}
}
