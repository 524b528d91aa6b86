package node

import (
	"time"

	"github.com/zksim/zksim/node/proto"
)

// origin says on whose behalf a request is in the pipeline: the connection of
// this server's own client, or of the learner that forwarded it.
type origin struct {
	conn   ConnID
	remote bool // conn is a learner's
}

// request is a client's request on its way through the pipeline.
type request struct {
	session proto.SessionID
	xid     int32
	op      proto.Op
	bad     proto.ErrCode // not OK: it could not be decoded
	from    origin
	ids     []proto.ID    // of the client's connection when the request was read; immutable
	body    []byte        // as received; the decoded data aliases it
	fail    proto.ErrCode // prep: a read that must fail
	asRead  bool          // a sync that waits for nobody
	after   proto.Zxid    // learner: the newest proposal when it was sent on; what becomes of it is newer
	began   time.Duration // when it was read
	size    int           // of its frame

	// throttled: it has waited for too long. It goes through the pipeline in its
	// place, is no transaction, and is answered by an error.
	throttled bool

	// revalidate: not a request, but the question whether a session may go on
	// behind another connection. It keeps its place among the requests.
	revalidate bool
}

// needsCommit reports whether the request waits for the ensemble.
func (r *request) needsCommit() bool {
	if r.throttled {
		return false
	}
	return r.op.Type.IsWrite() || r.op.Type == proto.OpSync && !r.asRead
}

// newRequest decodes a request; its body is copied.
func (n *Node) newRequest(s proto.SessionID, xid int32, t proto.OpCode, body []byte, from origin) *request {
	r := n.takeRequest()
	r.session, r.xid, r.from, r.began = s, xid, from, n.now
	r.body = append(r.body[:0:0], body...)
	op, err := proto.DecodeOp(t, r.body)
	if err != nil {
		r.bad = proto.MarshallingError
		op = proto.Op{Type: t}
	}
	r.op = op
	return r
}

func (n *Node) takeRequest() *request {
	if k := len(n.freeReqs); k > 0 {
		r := n.freeReqs[k-1]
		n.freeReqs = n.freeReqs[:k-1]
		return r
	}
	return new(request)
}

// release gives a request back once nobody refers to it. Its decoded strings and
// data may live on in the tree, so only the struct itself is used again.
func (n *Node) release(r *request) {
	*r = request{}
	n.freeReqs = append(n.freeReqs, r)
}

// submit lets a request of this server's own client enter the pipeline.
func (n *Node) submit(r *request) {
	if n.leader != nil {
		n.prep.push(r)
		n.ask(StagePrep)
		return
	}
	// The commit stage must know of the request before its COMMIT can come
	// back, or it would take it for somebody else's.
	n.commit.queued.push(r)
	n.ask(StageCommit)
	if r.op.Type == proto.OpSync && !r.throttled {
		n.learner.pendingSyncs.push(r)
	}
	if r.needsCommit() {
		// The leader has proposed this much, so it prepares the request later. By
		// the request and not by its connection, which may be gone before it is sent on.
		r.after = n.lastLogged
		n.forward(r)
	}
}

// forward sends a follower's client's request on to the leader.
func (n *Node) forward(r *request) {
	data := proto.AppendForwardedRequest(nil, &proto.ForwardedRequest{
		Session: r.session, Cxid: r.xid, Type: r.op.Type, Body: r.body})
	n.sendPacket(n.learner.conn, &proto.Packet{Type: proto.PktRequest, Zxid: -1, Data: data, AuthInfo: r.ids})
}
