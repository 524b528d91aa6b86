package node

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/zksim/zksim/node/proto"
)

// electionDialTimeout bounds an attempt to reach a peer's election port.
const electionDialTimeout = 5 * time.Second

// helloTimeout bounds how long somebody may connect to the election port without
// saying who it is.
const helloTimeout = 10 * time.Second

// electionPeer is what this server knows of the election connection to another:
// at most one worker connection, and a queue of one message, since a newer vote
// replaces an older one that has not left.
type electionPeer struct {
	id       proto.ServerID
	worker   *conn
	dialling *conn

	pending    proto.Notification
	hasPending bool
	sent       proto.Notification
	hasSent    bool
}

// electionConn is an election connection; peer is nil until its hello arrived.
type electionConn struct {
	peer  *electionPeer
	ready bool // hellos are done: messages follow
}

func (n *Node) electionPeer(id proto.ServerID) *electionPeer {
	for _, p := range n.election.peers {
		if p != nil && p.id == id {
			return p
		}
	}
	return nil
}

// sendVote queues a message, in place of one that has not left yet.
func (n *Node) sendVote(p *electionPeer, m proto.Notification) {
	p.pending, p.hasPending = m, true
	if p.worker != nil {
		n.askSender(p.worker)
		return
	}
	n.connectPeer(p)
}

// voteDelivered reports whether some peer's queue is empty.
func (n *Node) voteDelivered() bool {
	for _, p := range n.election.peers {
		if p == nil || !p.hasPending {
			return true
		}
	}
	return false
}

func (n *Node) connectPeers() {
	for _, p := range n.election.peers {
		if p != nil && p.worker == nil {
			n.connectPeer(p)
		}
	}
}

// connectPeer starts an attempt to connect, one at a time for each peer and
// independently of all others.
func (n *Node) connectPeer(p *electionPeer) {
	if p.dialling != nil {
		return
	}
	p.dialling = n.dial(p.id, PortElection)
	p.dialling.elect = &electionConn{peer: p}
	n.arm(TimerRedial, int64(p.id), electionDialTimeout)
}

// redialTimeout gives up an attempt that nobody has answered.
func (n *Node) redialTimeout(id proto.ServerID) {
	p := n.electionPeer(id)
	if p == nil || p.dialling == nil {
		return
	}
	n.closeConn(p.dialling)
	p.dialling = nil
	if p.hasPending {
		n.connectPeer(p)
	}
}

// electionConnected: an attempt succeeded. Of two servers only the one with the
// larger id may keep a connection that it made; the other says who it is and
// hangs up, and will be called back.
func (n *Node) electionConnected(c *conn) {
	p := c.elect.peer
	p.dialling = nil
	n.disarm(TimerRedial, int64(p.id))
	n.setOut(c, proto.AppendElectionHello(c.buffer(), proto.ElectionHello{Server: n.id, Addr: n.electionAddr()}))
	if n.id < p.id {
		n.closeFlushed(c)
		return
	}
	n.setWorker(p, c)
}

func (n *Node) electionAddr() string {
	for _, s := range n.cfg.Servers {
		if s.ID == n.id {
			return s.ElectionAddr
		}
	}
	return ""
}

// setWorker makes c the connection to p. What was sent last may have been lost
// with the connection before, so it is sent again unless something newer waits.
func (n *Node) setWorker(p *electionPeer, c *conn) {
	if p.worker != nil && p.worker != c {
		n.closeConn(p.worker)
	}
	p.worker = c
	c.elect.peer, c.elect.ready = p, true
	if !p.hasPending && p.hasSent {
		p.pending, p.hasPending = p.sent, true
	}
	if p.hasPending {
		n.askSender(c)
	}
}

// electionBytes decodes a hello or a message.
func (n *Node) electionBytes(c *conn, b []byte) (int, error) {
	if !c.elect.ready {
		h, k, err := proto.DecodeElectionHello(b)
		if k > 0 && err == nil {
			n.helloArrived(c, h.Server)
		}
		return k, err
	}
	if len(b) < 4 {
		return 0, nil
	}
	size := int32(binary.BigEndian.Uint32(b))
	if size <= 0 || size > proto.MaxNotification {
		return 0, fmt.Errorf("%w: election message of %d bytes", proto.ErrMarshalling, size)
	}
	if len(b) < 4+int(size) {
		return 0, nil
	}
	// A malformed message is dropped and the receiver lives: a server that stops
	// hearing votes could never take part in an election again.
	if m, err := proto.DecodeNotification(b[4 : 4+size]); err == nil {
		n.voteArrived(c.elect.peer, &m)
	}
	return 4 + int(size), nil
}

// helloArrived: somebody connected to this server's election port.
func (n *Node) helloArrived(c *conn, from proto.ServerID) {
	p := n.electionPeer(from)
	switch {
	case p == nil:
		n.closeConn(c)
	case from < n.id:
		if p.worker != nil {
			n.closeConn(p.worker)
			p.worker = nil
		}
		n.closeConn(c)
		n.callBack(p)
	default:
		n.setWorker(p, c)
	}
}

// callBack connects to a peer that has just shown that it lives. An attempt from
// before may be waiting for an answer that a dead host never gave.
func (n *Node) callBack(p *electionPeer) {
	if p.dialling != nil {
		n.closeConn(p.dialling)
		p.dialling = nil
	}
	n.connectPeer(p)
}

func (n *Node) electionConnLost(c *conn) {
	p := c.elect.peer
	if p == nil {
		return
	}
	if p.worker == c {
		p.worker = nil
	}
	if p.dialling == c {
		p.dialling = nil
		n.disarm(TimerRedial, int64(p.id))
	}
}

// produceVote encodes the waiting message once everything before it has left.
func (n *Node) produceVote(c *conn) {
	p := c.elect.peer
	if !n.voteWaits(c) || c.sent < len(c.out) {
		return
	}
	b := proto.AppendNotification(c.buffer(), &p.pending)
	c.queued += int64(len(b))
	c.out = b
	p.sent, p.hasSent, p.hasPending = p.pending, true, false
}

func (n *Node) voteWaits(c *conn) bool {
	p := c.elect.peer
	return p != nil && p.worker == c && p.hasPending
}
