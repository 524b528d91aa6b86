package client

import (
	"math"
	"time"

	"github.com/zksim/zksim/node/proto"
)

// unsent is the end of a request that is not in the stream's buffer yet.
const unsent = math.MaxInt64

// request is one that has not ended.
type request struct {
	done  Completion // nil: nobody wants to know
	tag   int
	path  string
	at    time.Duration // when it was made
	end   int64         // position in the stream of the byte after its last, or unsent
	size  int32         // of its frame, with the length
	xid   int32
	op    proto.OpCode
	watch bool
}

func (r *request) complete(o *Outcome) {
	if r.done != nil {
		r.done.Completed(r.tag, o)
	}
}

// Do makes a request; any number may be outstanding, and they take effect in the
// order in which they are made. It returns the request's xid, which rises by one
// with each request of a session. The client keeps nothing of op but its strings.
//
// A request made while there is no connection waits for the next one, and fails
// if the attempt to connect does. When there is no session any more it fails
// before Do returns, and the xid is 0. done may be nil. Pings and setWatches are
// the client's own business and must not be asked for.
func (c *Client) Do(op *proto.Op, done Completion, tag int) int32 {
	r := request{done: done, tag: tag, path: op.Path, at: c.env.Now(), op: op.Type, watch: op.Watch}
	if c.phase == phaseIdle || c.closing {
		c.refuse(&r)
		return 0
	}
	c.lastXid++
	r.xid = c.lastXid
	if op.Type == proto.OpCloseSession && c.phase != phaseUp {
		r.end = unsent
		c.pending.push(r)
		c.finish(Closed, connectionLost)
		return r.xid
	}
	c.closing = op.Type == proto.OpCloseSession
	c.armDeadline(c.cfg.RequestDeadline)
	if c.phase != phaseUp {
		before := len(c.queued)
		c.queued = appendRequest(c.queued, r.xid, op)
		r.size, r.end = int32(len(c.queued)-before), unsent
		c.pending.push(r)
		return r.xid
	}
	c.send(r, op)
	c.flush()
	return r.xid
}

// refuse fails a request of a session that is over.
func (c *Client) refuse(r *request) {
	code := proto.ConnectionLoss
	if c.state == Expired {
		code = proto.SessionExpired
	}
	r.complete(&Outcome{Kind: Failed, Err: code, Session: c.session})
}

// send puts a request into the stream's buffer.
func (c *Client) send(r request, op *proto.Op) {
	c.out.buf = appendRequest(c.out.buf, r.xid, op)
	r.end = c.out.end()
	c.pending.push(r)
}

func appendRequest(b []byte, xid int32, op *proto.Op) []byte {
	b, at := proto.BeginFrame(b)
	b = proto.AppendRequestHeader(b, proto.RequestHeader{Xid: xid, Type: op.Type})
	return proto.EndFrame(proto.AppendOp(b, op), at)
}

// sendQueued moves the requests made without a connection into the stream.
// Before phaseUp nothing else is pending.
func (c *Client) sendQueued() {
	end := c.out.end()
	for i := range c.pending.len() {
		r := c.pending.at(i)
		end += int64(r.size)
		r.end = end
	}
	c.out.buf = append(c.out.buf, c.queued...)
	c.queued = c.queued[:0]
}

func (c *Client) sendPing() {
	b, at := proto.BeginFrame(c.out.buf)
	b = proto.AppendRequestHeader(b, proto.RequestHeader{Xid: proto.XidPing, Type: proto.OpPing})
	c.out.buf = proto.EndFrame(b, at)
	c.lastSent = c.env.Now() // also if the stream takes nothing: one ping an interval will do
	c.flush()
}

func (c *Client) sendConnectRequest() {
	c.out.reset()
	r := proto.ConnectRequest{LastZxidSeen: c.lastZxid, Timeout: int32(c.cfg.SessionTimeout / time.Millisecond),
		Session: c.session, Password: c.password[:], HasReadOnly: true}
	b, at := proto.BeginFrame(c.out.buf)
	c.out.buf = proto.EndFrame(proto.AppendConnectRequest(b, &r), at)
	c.flush()
}

// flush hands to the stream what it takes.
func (c *Client) flush() {
	p := c.out.rest()
	if c.out.blocked || len(p) == 0 {
		return
	}
	n := c.env.Write(c.conn, p)
	c.out.took(n)
	c.lastSent = c.env.Now()
}

// outbox is what is to be written to the present connection.
type outbox struct {
	buf     []byte
	off     int   // bytes of buf that the stream has taken
	written int64 // bytes that the stream has taken since it was connected
	blocked bool  // until Writable
}

func (o *outbox) reset() { *o = outbox{buf: o.buf[:0]} }

func (o *outbox) rest() []byte { return o.buf[o.off:] }

// end is the position in the stream after everything in the buffer.
func (o *outbox) end() int64 { return o.written + int64(len(o.buf)-o.off) }

func (o *outbox) took(n int) {
	o.off += n
	o.written += int64(n)
	o.blocked = o.off < len(o.buf)
	if !o.blocked {
		o.buf, o.off = o.buf[:0], 0
	}
}
