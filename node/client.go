package node

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// clientConn is a client's connection.
type clientConn struct {
	asked       bool // the ConnectRequest came
	ready       bool // the session is confirmed: requests are read
	session     proto.SessionID
	timeout     time.Duration
	hasReadOnly bool
	lastHeard   time.Duration
	ids         []proto.ID // who the client is; never changed in place, for requests share it

	asking      bool  // by a four-letter word
	stopped     bool  // it is not read from until answers have left
	flooded     bool  // more waits for it than may, or it watches too much: it is being closed
	outstanding int   // requests that were read and are not answered
	inside      int   // those of them that are in the pipeline
	large       int64 // bytes of the large ones among them
	replySize   int64 // how long a reply is, going by the last ones
	stats       connStats
}

// clientAccepted begins a connection. Without a quorum too: a word may come that
// asks how things are.
func (n *Node) clientAccepted(c *conn) {
	if reason := n.admitClient(c); reason != "" {
		n.counters.rejected++
		n.drop(c, reason)
		return
	}
	c.client = &clientConn{lastHeard: n.now, ids: []proto.ID{ztree.IPIdentity(hostOf(c.addr))},
		replySize: replySizeAtFirst, stats: newConnStats(n.wall)}
	n.arm(TimerConnect, int64(c.id), n.cfg.Clients.Sessionless)
}

func (n *Node) clientGone(c *conn) {
	n.clientLeft(c)
	n.disarm(TimerConnect, int64(c.id))
	n.watches.Drop(ztree.Watcher(c.id))
	if n.sessionConn[c.client.session] == c {
		delete(n.sessionConn, c.client.session)
	}
}

// clientIdle closes a connection on which nothing was heard for too long.
func (n *Node) clientIdle(id ConnID) {
	c := n.conns.byID[id]
	if c != nil && c.elect != nil && !c.elect.ready {
		n.drop(c, "election connection without a hello")
		return
	}
	if c == nil || c.client == nil {
		return
	}
	left := c.client.lastHeard + n.idleLimit(c.client) - n.now
	if left <= 0 {
		if !c.client.ready {
			n.counters.sessionless++
		}
		n.drop(c, "nothing heard for too long")
		return
	}
	n.arm(TimerConnect, int64(id), left)
}

// idleLimit is how long a connection may be silent. The end of its session
// closes it no later than this, unless the session lives on behind another
// connection and this one was left half open.
func (n *Node) idleLimit(c *clientConn) time.Duration {
	if !c.ready {
		return n.cfg.Clients.Sessionless
	}
	return c.timeout + n.ticks(2)
}

// clientFrame handles the first frame in b.
func (n *Node) clientFrame(c *conn, b []byte) (int, error) {
	cc := c.client
	if cc.asked && !cc.ready || len(b) < 4 {
		return 0, nil
	}
	if !cc.asked {
		if k, is := n.wordArrived(c, b); is {
			return k, nil
		}
	}
	size := int32(binary.BigEndian.Uint32(b))
	if err := n.judgeFrame(cc, size); err != nil {
		return 0, err
	}
	if len(b) < 4+int(size) {
		return 0, nil
	}
	if cc.ready && !n.mayAsk(cc, c.queued-c.left) {
		n.holdReading(c)
		return 0, nil
	}
	cc.lastHeard = n.now
	n.packetReceived(cc)
	frame := b[4 : 4+size]
	if !cc.asked {
		return 4 + int(size), n.connectArrived(c, frame)
	}
	return 4 + int(size), n.requestArrived(c, frame)
}

// tlsHello is how a client begins that speaks TLS, read as a length.
const tlsHello = 0x160301

// judgeFrame refuses a frame by its length alone, before any of it is kept.
func (n *Node) judgeFrame(cc *clientConn, size int32) error {
	switch {
	case !cc.asked && size>>8 == tlsHello:
		return errTLS
	case size < 0 || int(size) > n.maxFrame():
		return fmt.Errorf("%w: client frame of %d bytes", proto.ErrMarshalling, size)
	case cc.ready && n.tooLarge(int(size)):
		n.counters.largeRefused++
		return fmt.Errorf("large request of %d bytes, with %d of others under way", size, n.demand.large)
	}
	return nil
}

// Why a ConnectRequest is refused.
var (
	errTLS        = errors.New("client speaks TLS, which is not in this version")
	errNotServing = errors.New("not serving: there is no quorum")
	errNoToken    = errors.New("too many connects at a time")
)

// connectArrived handles the first frame of a connection.
func (n *Node) connectArrived(c *conn, frame []byte) error {
	req, err := proto.DecodeConnectRequest(frame)
	if err != nil {
		return err
	}
	switch {
	case !n.serving:
		n.counters.notServing++
		return errNotServing
	case !n.takeToken():
		n.counters.rejected++
		return errNoToken
	}
	if req.LastZxidSeen > n.tree.LastProcessed() {
		return fmt.Errorf("client has seen %v, this server %v", req.LastZxidSeen, n.tree.LastProcessed())
	}
	cc := c.client
	cc.asked, cc.hasReadOnly = true, req.HasReadOnly
	cc.timeout = n.negotiate(req.Timeout)
	n.out.Gates = append(n.out.Gates, ReadGate{c.id, false})
	if req.Session == 0 {
		n.openSession(c)
	} else {
		n.resumeSession(c, req.Session, req.Password)
	}
	return nil
}

// negotiate bounds a timeout that a client asks for, in ms.
func (n *Node) negotiate(ms int32) time.Duration {
	d := time.Duration(ms) * time.Millisecond
	return min(max(d, n.cfg.MinSessionTimeout), n.cfg.MaxSessionTimeout)
}

func (c *clientConn) timeoutMillis() int32 { return int32(c.timeout / time.Millisecond) }

func (n *Node) openSession(c *conn) {
	cc := c.client
	cc.session = n.newSessionID()
	n.sessionConn[cc.session] = c
	r := n.newRequest(cc.session, 0, proto.OpCreateSession, proto.AppendInt(nil, cc.timeoutMillis()), origin{conn: c.id})
	n.submit(r)
}

// resumeSession asks whoever knows whether the session is alive. A connection of
// it that is still open here is closed even if the password is wrong.
func (n *Node) resumeSession(c *conn, id proto.SessionID, password []byte) {
	if old := n.sessionConn[id]; old != nil {
		n.drop(old, "session taken over by a new connection")
	}
	c.client.session = id
	if !bytes.Equal(password, n.sessionPassword(id)) {
		n.sessionRefused(c)
		return
	}
	n.sessionConn[id] = c
	if n.leader != nil {
		n.revalidateInOrder(id, c.client.timeoutMillis(), origin{conn: c.id})
		return
	}
	n.learner.revalidate(n, c)
}

func (n *Node) revalidated(c *conn, valid bool) {
	if valid {
		n.sessionReady(c)
	} else {
		n.sessionRefused(c)
	}
}

// sessionReady answers the ConnectRequest and lets requests in.
func (n *Node) sessionReady(c *conn) {
	cc := c.client
	cc.ready = true
	n.connectReply(c, proto.ConnectResponse{Timeout: cc.timeoutMillis(), Session: cc.session,
		Password: n.sessionPassword(cc.session)})
	n.out.Gates = append(n.out.Gates, ReadGate{c.id, true})
	n.arm(TimerConnect, int64(c.id), n.idleLimit(cc))
	n.pump(c)
}

// sessionRefused tells a client that its session is over.
func (n *Node) sessionRefused(c *conn) {
	n.connectReply(c, proto.ConnectResponse{Password: make([]byte, proto.PasswordLen)})
	n.closeFlushed(c)
}

func (n *Node) connectReply(c *conn, r proto.ConnectResponse) {
	r.HasReadOnly = c.client.hasReadOnly
	b, at := proto.BeginFrame(c.buffer())
	n.toClient(c, proto.EndFrame(proto.AppendConnectResponse(b, &r), at))
}

func (n *Node) maxFrame() int {
	if m := n.cfg.Store.MaxFrame; m > 0 {
		return m
	}
	return proto.MaxFrame
}

// offered reports whether a client may send requests of type t. To some of them
// there is but one answer.
func offered(t proto.OpCode) bool {
	switch t {
	case proto.OpPing, proto.OpExists, proto.OpGetData, proto.OpGetChildren, proto.OpGetChildren2, proto.OpGetACL,
		proto.OpGetEphemerals, proto.OpGetAllChildren, proto.OpMultiRead, proto.OpWhoAmI, proto.OpSync,
		proto.OpSetWatches, proto.OpSetWatches2, proto.OpAddWatch, proto.OpCheckWatches, proto.OpRemoveWatches:
		return true
	}
	return t.IsWrite() && t != proto.OpCreateSession
}

func (n *Node) requestArrived(c *conn, frame []byte) error {
	h, body, err := proto.DecodeRequestHeader(frame)
	if err != nil {
		return err
	}
	if n.learner != nil {
		n.learner.touch(c.client.session, c.client.timeoutMillis())
	}
	switch {
	case h.Type == proto.OpAuth || h.Type == proto.OpSASL:
		return n.authArrived(c, h, body)
	case !offered(h.Type):
		n.refuse(c, h)
		return nil
	}
	r := n.newRequest(c.client.session, h.Xid, h.Type, body, origin{conn: c.id})
	r.ids = c.client.ids
	r.size = len(frame)
	n.enter(c.client, r)
	return nil
}

// refuse answers a request type that this server does not know and closes the
// connection; the session lives on.
func (n *Node) refuse(c *conn, h proto.RequestHeader) {
	n.answer(c, proto.ReplyHeader{Xid: h.Xid, Zxid: -1, Err: proto.Unimplemented}, &proto.Result{})
	n.note(Note{Kind: NoteConnClosed, Conn: c.id, Text: fmt.Sprintf("requests of type %d are not in this version", int32(h.Type))})
	n.closeFlushed(c)
}

// answer queues a reply.
func (n *Node) answer(c *conn, h proto.ReplyHeader, res *proto.Result) {
	b, at := proto.BeginFrame(c.buffer())
	b = proto.AppendReplyHeader(b, h)
	if h.Err == proto.OK {
		b = proto.AppendResult(b, res)
	}
	n.toClient(c, proto.EndFrame(b, at))
}
