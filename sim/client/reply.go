package client

import (
	"encoding/binary"
	"time"

	"github.com/zksim/zksim/node/proto"
)

// maxReply is the longest frame that a client takes, 4 MiB. Servers do not limit
// replies, and a znode of the longest request comes back in a longer reply.
const maxReply = 4 << 20

// Received: bytes have arrived. They are the driver's again when it returns.
func (c *Client) Received(conn Conn, data []byte) {
	if conn != c.conn || conn == 0 {
		return
	}
	c.lastHeard = c.env.Now()
	if len(c.in) > 0 {
		c.in = append(c.in, data...)
		data = c.in
	}
	rest, ok := c.frames(conn, data)
	if c.conn != conn {
		return
	}
	if !ok {
		c.drop(connectionLost)
		return
	}
	c.in = append(c.in[:0], rest...)
}

// frames handles every whole frame and returns what is left. It stops when the
// connection is no more, because of a frame or of what a Completion did. It
// returns false at a frame that no server may send.
func (c *Client) frames(conn Conn, data []byte) (rest []byte, ok bool) {
	for len(data) >= 4 && c.conn == conn {
		n := binary.BigEndian.Uint32(data)
		if n > maxReply {
			return nil, false
		}
		if uint32(len(data)-4) < n {
			break
		}
		if !c.frame(data[4 : 4+n]) {
			return nil, false
		}
		data = data[4+n:]
	}
	return data, true
}

func (c *Client) frame(p []byte) bool {
	if c.phase == phaseHandshake {
		r, err := proto.DecodeConnectResponse(p)
		return err == nil && c.handshake(&r)
	}
	h, body, err := proto.DecodeReplyHeader(p)
	if err != nil {
		return false
	}
	switch h.Xid {
	case proto.XidNotification:
		return c.notified(body)
	case proto.XidPing:
		c.saw(h.Zxid)
		return true
	}
	return c.reply(h, body)
}

// handshake handles the answer to a ConnectRequest.
func (c *Client) handshake(r *proto.ConnectResponse) bool {
	if r.Timeout <= 0 {
		c.finish(Expired, sessionExpired)
		return true
	}
	if len(r.Password) != proto.PasswordLen || r.Session == 0 || c.session != 0 && r.Session != c.session {
		return false
	}
	if c.session != 0 {
		c.reconnects++
	}
	c.session = r.Session
	copy(c.password[:], r.Password)
	c.negotiated(time.Duration(r.Timeout) * time.Millisecond)
	c.env.Arm(TimerConnect, 0)
	c.phase = phaseUp
	c.env.Arm(TimerRead, c.readTimeout)
	c.env.Arm(TimerPing, c.pingIdle)
	c.greet()
	c.sendQueued()
	c.flush()
	c.changed(Connected)
	return true
}

func (c *Client) notified(body []byte) bool {
	e, err := proto.DecodeWatcherEvent(body)
	if err != nil {
		return false
	}
	c.watches.fired(e)
	if c.cfg.Watcher != nil {
		c.cfg.Watcher.Watched(e)
	}
	return true
}

func (c *Client) saw(z proto.Zxid) {
	if z > 0 {
		c.lastZxid = z
	}
}

// reply ends the oldest request. A reply to another one, or one that cannot be
// read, tells nothing about any request: the connection is given up, and the
// request is among those that are lost with it.
func (c *Client) reply(h proto.ReplyHeader, body []byte) bool {
	if c.pending.len() == 0 || c.pending.front().xid != h.Xid {
		return false
	}
	o := &c.outcome
	*o = Outcome{Err: h.Err, Zxid: h.Zxid, Session: c.session, Xid: h.Xid}
	if h.Err == proto.OK {
		var err error
		if o.Result, err = proto.DecodeResult(c.pending.front().op, body); err != nil {
			return false
		}
	}
	r := c.pending.pop()
	c.saw(h.Zxid)
	c.watches.answered(&r, h.Err)
	if r.op == proto.OpMulti && h.Err == proto.OK {
		o.Err = multiError(o.Result.Multi)
	}
	o.Kind = kindOf(r.op, o.Err)
	conn := c.conn
	r.complete(o)
	if r.op == proto.OpCloseSession && c.conn == conn {
		c.finish(Closed, connectionLost)
	}
	return true
}

// multiError returns the error of the operation that made a multi fail.
func multiError(results []proto.Result) proto.ErrCode {
	for i := range results {
		if e := results[i].Err; e != proto.OK {
			return e
		}
	}
	return proto.OK
}

// kindOf says what an answer with this error means.
func kindOf(op proto.OpCode, err proto.ErrCode) Kind {
	switch {
	case err == proto.OK:
		return OK
	case !op.IsWrite() && (err == proto.NoNode || err == proto.NoAuth):
		return OK // that is what the read saw
	case !op.IsWrite() || refused(err):
		return Failed
	}
	return Unknown
}

// refused reports whether a write that is answered so surely did nothing: the
// leader has checked it, or nobody could read it. Of a server's own troubles, and
// of a session that has moved, nothing is sure.
func refused(err proto.ErrCode) bool {
	switch err {
	case proto.MarshallingError, proto.Unimplemented, proto.BadArguments:
		return true
	case proto.SessionMoved, proto.RequestTimeout:
		return false
	}
	return err < -100
}
