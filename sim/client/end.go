package client

import (
	"time"

	"github.com/zksim/zksim/node/proto"
)

// reason says why a connection is lost.
type reason uint8

const (
	connectionLost reason = iota
	tooOld                // the oldest request was unanswered for too long
	sessionExpired
)

// codes are the errors with which the requests end: the oldest, and the others.
func (r reason) codes() (first, rest proto.ErrCode) {
	switch r {
	case tooOld:
		return proto.RequestTimeout, proto.ConnectionLoss
	case sessionExpired:
		return proto.SessionExpired, proto.SessionExpired
	}
	return proto.ConnectionLoss, proto.ConnectionLoss
}

// drop ends the connection, or the attempt to connect, and with it all requests;
// the next attempt follows after a random wait. A client that wanted to close
// its session does not come back to say so again: it is closed.
func (c *Client) drop(why reason) {
	if c.closing {
		c.finish(Closed, why)
		return
	}
	c.hangUp()
	lost := c.takePending()
	c.phase = phaseWaiting
	delay := time.Duration(c.env.Draw(DrawReconnect, int64(reconnectDelayMax)))
	c.env.Arm(TimerReconnect, max(delay, 1))
	c.changed(Disconnected)
	c.tell(lost, why)
}

// finish ends the session's life at this client: it is idle until Start.
func (c *Client) finish(s State, why reason) {
	if c.phase == phaseWaiting {
		c.env.Arm(TimerReconnect, 0)
	}
	c.hangUp()
	lost := c.takePending()
	c.phase = phaseIdle
	c.watches.clear()
	c.changed(s)
	c.tell(lost, why)
}

// hangUp closes the connection, if there is one, and stops its timers.
func (c *Client) hangUp() {
	if c.conn != 0 {
		c.env.Close(c.conn)
		c.conn = 0
	}
	switch c.phase {
	case phaseDialing, phaseHandshake:
		c.env.Arm(TimerConnect, 0)
	case phaseUp:
		c.env.Arm(TimerRead, 0)
		c.env.Arm(TimerPing, 0)
	}
	c.in = c.in[:0]
}

func (c *Client) changed(s State) {
	if c.state == s {
		return
	}
	c.state = s
	if c.cfg.Watcher != nil {
		c.cfg.Watcher.SessionChanged(s)
	}
}

// orphans are the requests of a connection that is no more. They are taken out of
// the client before anybody is told of them: whoever is told may make new ones.
type orphans struct {
	requests fifo
	session  proto.SessionID
	written  int64 // bytes that the stream had taken
}

func (c *Client) takePending() orphans {
	l := orphans{c.pending, c.session, c.out.written}
	c.pending, c.spare = c.spare, fifo{}
	c.queued = c.queued[:0]
	c.out.reset()
	return l
}

// tell ends requests without a reply. A request whose last byte the stream has
// not taken cannot have reached a server whole, so it has surely failed.
func (c *Client) tell(l orphans, why reason) {
	code, rest := why.codes()
	for l.requests.len() > 0 {
		r := l.requests.pop()
		if r.xid < 0 {
			continue // of a greeting: nobody asked for it
		}
		kind := Unknown
		if r.end == unsent || r.end > l.written {
			kind = Failed
		}
		o := &c.outcome
		*o = Outcome{Kind: kind, Err: code, Session: l.session, Xid: r.xid}
		r.complete(o)
		code = rest
	}
	c.spare = l.requests
}
