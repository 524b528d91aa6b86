package engine

import (
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// FactKind is the kind of a fact of the story.
type FactKind uint8

// The facts that a story is made of. In brackets the fields of Fact they use.
const (
	FactFault     FactKind = iota // Text: the statement, which takes effect; Servers: whom it hits
	FactUndone                    // Text: the statement, which is undone; Servers
	FactHeal                      // the safety phase is over
	FactLeader                    // Server leads Epoch with a quorum, from Zxid
	FactSync                      // Server brings Peer up to date: Sync, Zxid; Peer's history ends with Had, and is Server's up to Common
	FactServing                   // Server serves clients: Epoch, Zxid
	FactAccepted                  // Server has acceptedEpoch Epoch on its disk
	FactCurrent                   // Server has currentEpoch Epoch on its disk, and Zxid, Had, Common as for FactAcked
	FactGaveUp                    // Server ends Role: Text
	FactTailCut                   // Server has cut a torn tail behind Zxid: Text
	FactTruncated                 // Server has cut its log behind Zxid
	FactExpired                   // Server, the leader, has expired Session
	FactTooBusy                   // Server was too busy to snap at Zxid
	FactExit                      // the process of Server has ended by itself
	FactClient                    // Client, of a program: Text, Session
	FactStarted                   // the process of Server starts again, with Epoch and a history that ends with Zxid; Had: before the end
	FactAcked                     // Server acknowledges NEWLEADER of Epoch; its disk has Zxid of Had, which Peer began with, the same up to Common
	FactProposed                  // Server proposes Zxid, which the violation is about
	FactCommitted                 // Server commits Zxid, which the violation is about
)

// Fact is one thing that happened, as far as a short story of the run tells it.
type Fact struct {
	Kind    FactKind
	Role    node.Role
	Sync    node.SyncKind
	At      time.Duration
	Step    uint64
	Server  proto.ServerID
	Peer    proto.ServerID
	Epoch   proto.Epoch
	Zxid    proto.Zxid
	Had     proto.Zxid
	Common  proto.Zxid
	Session proto.SessionID
	Servers ServerSet
	Text    string
	Client  string // its name in the program
}

// ServerSet is a set of servers: bit n-1 stands for the server with the id n.
type ServerSet uint64

// Add puts a server in.
func (s *ServerSet) Add(id proto.ServerID) { *s |= 1 << uint(id-1) }

// IDs lists the set by rising id.
func (s ServerSet) IDs() []proto.ServerID {
	var ids []proto.ServerID
	for id := proto.ServerID(1); s != 0; id, s = id+1, s>>1 {
		if s&1 != 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// storyKept bounds how many facts a run keeps: the last ones, because a story is
// told from its end.
const storyKept = 512

// story is a ring of the last facts of a run. Recording allocates nothing once
// the ring is full.
type story struct {
	ring []Fact
	next int // the oldest, once the ring is full
}

// add records a fact.
func (s *story) add(f Fact) {
	if len(s.ring) < storyKept {
		s.ring = append(s.ring, f)
		return
	}
	s.ring[s.next] = f
	s.next = (s.next + 1) % storyKept
}

// told lists the facts, oldest first.
func (s *story) told() []Fact {
	return append(append([]Fact{}, s.ring[s.next:]...), s.ring[:s.next]...)
}

// tell records a fact at this moment.
func (c *cluster) tell(f Fact) {
	f.At, f.Step = c.clock.Now(), c.kernel.step
	if c.trace != nil {
		c.trace.fact(f)
	}
	c.story.add(f)
}

// tellNote records what a server has told, if it belongs into a story. It must
// be called before the view of the server takes the note in: Role is the one
// that it had until then.
func (c *cluster) tellNote(s *server, n *node.Note) {
	kind, ok := factOf(n.Kind)
	if !ok {
		return
	}
	f := Fact{Kind: kind, Server: s.id, Peer: n.Peer, Role: s.seen.role, Sync: n.Sync,
		Epoch: n.Epoch, Zxid: n.Zxid, Session: n.Session, Text: n.Text}
	switch n.Kind {
	case node.NoteAckSent:
		if n.Zxid.Counter() != 0 || s.seen.phase != node.PhaseSynchronization {
			return
		}
		f.Epoch = n.Zxid.Epoch()
		c.replication.compareTo(&f, s)
	case node.NoteSync:
		c.replication.compareWith(&f, s)
	}
	c.tell(f)
}

func factOf(k node.NoteKind) (FactKind, bool) {
	switch k {
	case node.NoteEstablished:
		return FactLeader, true
	case node.NoteSync:
		return FactSync, true
	case node.NoteServing:
		return FactServing, true
	case node.NoteAcceptedEpoch:
		return FactAccepted, true
	case node.NoteAckSent:
		return FactAcked, true
	case node.NoteGaveUp:
		return FactGaveUp, true
	case node.NoteTailCut:
		return FactTailCut, true
	case node.NoteTruncated:
		return FactTruncated, true
	case node.NoteSessionExpired:
		return FactExpired, true
	case node.NoteTooBusyToSnap:
		return FactTooBusy, true
	}
	return 0, false
}
