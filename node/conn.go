package node

import (
	"github.com/zksim/zksim/node/proto"
)

// conn is one connection: what came in and is not yet decoded, what is to go
// out and has not left, and the one actor that it belongs to.
type conn struct {
	id         ConnID
	port       Port
	addr       string
	peer       proto.ServerID // dialled: whom
	up         bool           // established
	gone       bool           // not in the books any more
	in         []byte
	pumping    bool   // in is being decoded
	out        []byte // out[sent:] waits for room in the stream
	sent       int
	asked      bool  // a sender's turn is asked for
	flushClose bool  // close once everything has left
	queued     int64 // bytes ever appended
	left       int64 // bytes ever sent
	prev, next *conn

	client  *clientConn
	handler *learnerHandler
	learner *learner
	elect   *electionConn
}

// conns holds all connections, by id and in the order of their making.
type conns struct {
	byID        map[ConnID]*conn
	first, last *conn
}

func (s *conns) add(c *conn) {
	s.byID[c.id] = c
	c.prev = s.last
	if s.last != nil {
		s.last.next = c
	} else {
		s.first = c
	}
	s.last = c
}

func (s *conns) remove(c *conn) {
	c.gone = true
	delete(s.byID, c.id)
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		s.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		s.last = c.prev
	}
}

// accepted takes a connection that somebody made to one of the server's ports.
func (n *Node) accepted(id ConnID, p Port, addr string) {
	c := &conn{id: id, port: p, addr: addr, up: true}
	n.conns.add(c)
	switch p {
	case PortClient:
		n.clientAccepted(c)
	case PortQuorum:
		n.learnerAccepted(c)
	case PortElection:
		c.elect = &electionConn{}
		n.arm(TimerConnect, int64(c.id), helloTimeout)
	}
}

// dial asks for a connection to a server.
func (n *Node) dial(peer proto.ServerID, p Port) *conn {
	c := &conn{id: n.nextDial, port: p, peer: peer}
	n.nextDial--
	n.conns.add(c)
	n.out.Dials = append(n.out.Dials, Dial{c.id, peer, p})
	return c
}

func (n *Node) connected(id ConnID) {
	c := n.conns.byID[id]
	if c == nil {
		return
	}
	c.up = true
	switch {
	case c.elect != nil:
		n.electionConnected(c)
	case c.learner != nil:
		n.leaderConnected(c)
	}
}

func (n *Node) connectFailed(id ConnID) {
	if c := n.conns.byID[id]; c != nil {
		n.forget(c)
		n.lost(c)
	}
}

func (n *Node) peerClosed(id ConnID) {
	if c := n.conns.byID[id]; c != nil {
		n.forget(c)
		n.lost(c)
	}
}

// lost tells the owner of a connection that it is gone.
func (n *Node) lost(c *conn) {
	switch {
	case c.client != nil:
		n.clientGone(c)
	case c.handler != nil:
		n.handlerGone(c.handler)
	case c.learner != nil:
		n.leaderConnLost(c)
	case c.elect != nil:
		n.electionConnLost(c)
	}
}

// forget drops the connection from the books, without telling anybody.
func (n *Node) forget(c *conn) {
	if !c.gone {
		n.conns.remove(c)
	}
}

// drop closes a connection for a reason and tells its owner.
func (n *Node) drop(c *conn, reason string) {
	if c.gone {
		return
	}
	n.note(Note{Kind: NoteConnClosed, Conn: c.id, Text: reason})
	if c.port == PortClient {
		n.counters.dropped++
	}
	n.closeConn(c)
	n.lost(c)
}

// closeConn closes a connection without telling its owner.
func (n *Node) closeConn(c *conn) {
	if !c.gone {
		n.forget(c)
		n.out.Closes = append(n.out.Closes, c.id)
	}
}

// received is the turn of a connection's receiver stage.
func (n *Node) received(id ConnID, data []byte) {
	c := n.conns.byID[id]
	if c == nil || c.flushClose {
		return
	}
	c.in = append(c.in, data...)
	n.pump(c)
}

// pump decodes what has arrived, message by message, until more bytes are
// needed, the owner wants to wait, or the connection is gone.
//
// An owner that stops waiting while its own message is being handled pumps
// again; the outer loop then simply goes on.
func (n *Node) pump(c *conn) {
	if c.pumping {
		return
	}
	c.pumping = true
	used := 0
	for !c.gone && !c.flushClose {
		k, err := n.decodeOne(c, c.in[used:])
		if err != nil {
			n.drop(c, err.Error())
			return
		}
		if k == 0 {
			break
		}
		used += k
	}
	c.in = c.in[:copy(c.in, c.in[used:])]
	if c.client != nil && len(c.in) == 0 && cap(c.in) > keptBytes {
		c.in = nil
	}
	c.pumping = false
}

// decodeOne hands the first whole message in b to its owner and returns how
// many bytes it took; 0 means that more bytes, or permission to go on, are needed.
func (n *Node) decodeOne(c *conn, b []byte) (int, error) {
	switch {
	case len(b) == 0:
		return 0, nil
	case c.client != nil:
		return n.clientFrame(c, b)
	case c.handler != nil:
		return n.handlerPacket(c, b)
	case c.learner != nil:
		return n.learnerBytes(c, b)
	case c.elect != nil:
		return n.electionBytes(c, b)
	}
	return 0, nil
}

// keptBytes is how much memory an idle client's connection may keep for reading,
// and as much for writing: there may be very many of them.
const keptBytes = 64 << 10

// buffer prepares c.out for an append.
func (c *conn) buffer() []byte {
	if c.sent > 0 && c.sent == len(c.out) {
		c.out, c.sent = c.out[:0], 0
	}
	return c.out
}

// setOut stores the buffer after an append and asks for a sender's turn.
func (n *Node) setOut(c *conn, b []byte) {
	c.queued += int64(len(b) - len(c.out))
	c.out = b
	n.askSender(c)
}

func (n *Node) askSender(c *conn) {
	if !c.asked && c.up {
		c.asked = true
		n.out.Turns = append(n.out.Turns, Stage{StageSender, c.id})
	}
}

// senderTurn lets a connection's sender hand bytes to the stream. Whatever
// produces bytes at the pace of the stream (a snapshot, the newest vote) runs
// first; nothing may append afterwards in this step, since the sent slice
// belongs to the driver until the next one.
func (n *Node) senderTurn(id ConnID, room int) {
	c := n.conns.byID[id]
	if c == nil {
		return
	}
	c.asked = false
	n.readOn(c, max(c.queued-c.left-int64(room), 0)) // before anything is sent: it may have answers
	n.produce(c, room)
	data := c.out[c.sent:min(len(c.out), c.sent+room)]
	if len(data) > 0 {
		n.out.Sends = append(n.out.Sends, Send{c.id, data})
		c.sent += len(data)
		c.left += int64(len(data))
	}
	if c.handler != nil {
		n.proposalsWritten(c.handler)
	}
	switch {
	case c.sent < len(c.out) || n.hasMore(c):
		n.shrink(c)
		n.askSender(c)
	case c.flushClose:
		n.closeConn(c)
		n.lost(c)
	case c.client != nil && cap(c.out) > keptBytes:
		c.out, c.sent = nil, 0
	}
}

// produce fills c.out before a send.
func (n *Node) produce(c *conn, room int) {
	switch {
	case c.handler != nil && c.handler.snap != nil:
		n.produceSnapshot(c.handler, room)
	case c.elect != nil:
		n.produceVote(c)
	}
}

func (n *Node) hasMore(c *conn) bool {
	return c.handler != nil && c.handler.snap != nil || c.elect != nil && n.voteWaits(c)
}

// shrink gives up a long sent prefix: a blocked stream's buffer would keep it
// alive for ever. The rest moves to a slice of its own, so that the driver's view
// of what was sent stays intact; it is no longer than what was sent since it
// moved last, so that a long backlog is not copied again and again.
func (n *Node) shrink(c *conn) {
	if c.sent > 64<<10 && 2*c.sent > len(c.out) {
		c.out, c.sent = append([]byte(nil), c.out[c.sent:]...), 0
	}
}

// closeFlushed closes a connection once what is queued has left.
func (n *Node) closeFlushed(c *conn) {
	c.flushClose = true
	n.askSender(c)
}

// sendPacket queues a quorum packet.
func (n *Node) sendPacket(c *conn, p *proto.Packet) {
	n.setOut(c, proto.AppendPacket(c.buffer(), p))
}
