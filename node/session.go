package node

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"

	"github.com/zksim/zksim/node/proto"
)

// sessions is the leader's session tracker. Sessions are kept in buckets one
// tick wide by the instant at which they expire, rounded up.
type sessions struct {
	byID    map[proto.SessionID]*session
	buckets map[int64][]proto.SessionID // bucket b is due at b ticks
	due     int64                       // buckets below it have been emptied
	width   time.Duration
}

type session struct {
	id      proto.SessionID
	timeout time.Duration
	bucket  int64
	closing bool
	owner   ConnID // learner whose client it is; ownerLocal, ownerUnknown
}

const (
	ownerLocal   ConnID = 0
	ownerUnknown ConnID = math.MinInt64
)

func (o origin) owner() ConnID {
	if o.remote {
		return o.conn
	}
	return ownerLocal
}

// internal marks requests that the leader makes itself.
func (o origin) internal() bool { return o.conn == 0 && !o.remote }

// startSessions tracks every session of the tree afresh: a change of leaders
// gives each of them a whole timeout.
func (n *Node) startSessions() {
	s := &n.leader.sessions
	s.byID = map[proto.SessionID]*session{}
	s.buckets = map[int64][]proto.SessionID{}
	s.width = n.cfg.TickTime
	s.due = int64(n.now / s.width)
	for _, t := range n.tree.Sessions() {
		s.track(n, t.ID, t.Timeout, origin{})
		s.byID[t.ID].owner = ownerUnknown
	}
	n.armExpiry()
}

func (n *Node) armExpiry() {
	w := n.cfg.TickTime
	n.arm(TimerExpiry, 0, (n.now/w+1)*w-n.now)
}

// track begins to watch over a session; timeout is in ms.
func (s *sessions) track(n *Node, id proto.SessionID, timeout int32, from origin) {
	t := s.byID[id]
	if t == nil {
		t = &session{id: id, owner: from.owner()}
		s.byID[id] = t
	}
	t.timeout = time.Duration(timeout) * time.Millisecond
	s.place(n, t)
}

// place puts a session into the bucket of its present deadline.
func (s *sessions) place(n *Node, t *session) {
	n.note(Note{Kind: NoteSessionHeard, Session: t.id, Timeout: t.timeout})
	b := int64((n.now+t.timeout)/s.width) + 1
	if b != t.bucket {
		t.bucket = b
		s.buckets[b] = append(s.buckets[b], t.id)
	}
}

// touch notes a sign of life. It fails for a session that is unknown or closing.
func (s *sessions) touch(n *Node, id proto.SessionID) bool {
	t := s.byID[id]
	if t == nil || t.closing {
		return false
	}
	s.place(n, t)
	return true
}

// touchRequest touches the session of a request of the leader's own client. It
// reports whether the request may enter the pipeline.
func (s *sessions) touchRequest(n *Node, r *request) bool {
	if r.from.remote || r.from.internal() || r.op.Type == proto.OpCreateSession {
		return true
	}
	s.touch(n, r.session)
	return s.byID[r.session] != nil
}

// check says why a request of its session must fail, or OK. Once a session is
// closing nothing of it may be prepared, so that no ephemeral can appear behind
// the closeSession that deletes them.
func (s *sessions) check(r *request) proto.ErrCode {
	if r.from.internal() {
		return proto.OK
	}
	t := s.byID[r.session]
	switch {
	case t == nil || t.closing:
		return proto.SessionExpired
	case t.owner == ownerUnknown:
		t.owner = r.from.owner()
	case t.owner != r.from.owner():
		return proto.SessionMoved
	}
	return proto.OK
}

func (s *sessions) markClosing(id proto.SessionID) {
	if t := s.byID[id]; t != nil {
		t.closing = true
	}
}

func (s *sessions) remove(id proto.SessionID) { delete(s.byID, id) }

// revalidate lets a session go on behind another connection, with a newly
// negotiated timeout in ms.
func (s *sessions) revalidate(n *Node, id proto.SessionID, timeout int32, from origin) bool {
	t := s.byID[id]
	if t == nil || t.closing {
		return false
	}
	t.owner = from.owner()
	t.timeout = time.Duration(timeout) * time.Millisecond
	s.place(n, t)
	return true
}

// revalidateInOrder has a session revalidated behind everything that the same
// learner, or this server's own clients, have sent before. Were it done at once,
// a request of the session's old connection that is still queued would be let in
// again after an earlier one had been turned away as moved: what comes of a
// broken connection must be a prefix of what was sent on it.
func (n *Node) revalidateInOrder(id proto.SessionID, timeout int32, from origin) {
	r := n.takeRequest()
	r.session, r.from, r.revalidate = id, from, true
	r.op.Timeout = timeout
	n.prep.push(r)
	n.ask(StagePrep)
}

func (n *Node) revalidateNow(r *request) {
	valid := n.leader.sessions.revalidate(n, r.session, r.op.Timeout, r.from)
	c := n.conns.byID[r.from.conn]
	switch {
	case c == nil:
	case c.handler != nil:
		answer := proto.AppendBool(proto.AppendLong(nil, int64(r.session)), valid)
		n.sendPacket(c, &proto.Packet{Type: proto.PktRevalidate, Zxid: -1, Data: answer})
	default:
		n.revalidated(c, valid)
	}
	n.release(r)
}

// expireSessions closes the sessions of every bucket that is due.
func (n *Node) expireSessions() {
	s := &n.leader.sessions
	for ; s.due <= int64(n.now/s.width); s.due++ {
		for _, id := range s.buckets[s.due] {
			if t := s.byID[id]; t != nil && t.bucket == s.due && !t.closing {
				n.expire(t)
			}
		}
		delete(s.buckets, s.due)
	}
	n.armExpiry()
}

func (n *Node) expire(t *session) {
	t.closing = true
	n.note(Note{Kind: NoteSessionExpired, Session: t.id})
	r := n.takeRequest()
	r.session = t.id
	r.op = proto.Op{Type: proto.OpCloseSession}
	n.prep.push(r)
	n.ask(StagePrep)
}

// firstSession is the first id that a server hands out after it started: its own
// id in the top byte, then 40 bits of the time in ms, then a count.
func firstSession(id proto.ServerID, wall int64) proto.SessionID {
	return proto.SessionID(uint64(id)<<56 | uint64(wall)<<24>>8)
}

// containerMarker as an owner would make an ephemeral look like a container.
const containerMarker = proto.SessionID(math.MinInt64)

func (n *Node) newSessionID() proto.SessionID {
	if n.nextSession == containerMarker {
		n.nextSession++
	}
	id := n.nextSession
	n.nextSession++
	return id
}

// sessionPassword is what a client must show to take up its session again. Every
// server of the ensemble computes the same; it is stored nowhere.
func (n *Node) sessionPassword(id proto.SessionID) []byte {
	m := hmac.New(sha256.New, n.cfg.SessionSecret)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(id))
	m.Write(b[:])
	return m.Sum(nil)[:proto.PasswordLen]
}
