package client

import (
	"time"

	"github.com/zksim/zksim/node/proto"
)

// phase is where a client stands on its way to a server.
type phase uint8

const (
	phaseIdle      phase = iota // not wanted: before Start, and after the end of a session
	phaseWaiting                // until TimerReconnect
	phaseDialing                // until Connected
	phaseHandshake              // until the ConnectResponse
	phaseUp                     // requests flow
)

// reconnectDelayMax is the longest wait before an attempt to connect.
const reconnectDelayMax = time.Second

// Client is one session after another of one simulated client. The methods
// Connected, ConnectFailed, Received, Writable, Closed and Fired are inputs, for
// the driver; the others are for whoever uses the session.
type Client struct {
	cfg   Config
	env   Env
	phase phase
	state State

	order  []int // the servers, shuffled
	next   int   // position in order of the next attempt
	server int   // of the last attempt, or -1

	session     proto.SessionID
	password    [proto.PasswordLen]byte
	lastZxid    proto.Zxid
	lastXid     int32
	closing     bool // closeSession was asked for
	reconnects  int
	watches     watchSet
	identities  []proto.Auth  // that every new connection is told
	readTimeout time.Duration // 2/3 of the negotiated timeout
	pingIdle    time.Duration // without sending, after which to ping
	dialTimeout time.Duration

	conn      Conn
	lastHeard time.Duration
	lastSent  time.Duration
	in        []byte // the beginning of a frame
	out       outbox
	queued    []byte // frames of requests made while there is no connection

	pending       fifo // unanswered requests; before phaseUp all of them are in queued
	spare         fifo // memory for the next pending, empty
	deadlineArmed bool
	outcome       Outcome // handed to Completions
}

// New returns a client that does nothing until Start. It panics if there are no
// servers or no session timeout.
func New(cfg Config, env Env) *Client {
	if cfg.Servers < 1 || cfg.SessionTimeout < time.Millisecond {
		panic("client: a session needs servers and a timeout")
	}
	return &Client{cfg: cfg, env: env, state: Closed, server: -1, order: make([]int, cfg.Servers)}
}

// State returns what is known of the session.
func (c *Client) State() State { return c.state }

// Session returns the id of the present session, 0 before there is one.
func (c *Client) Session() proto.SessionID { return c.session }

// LastZxid returns the zxid in the latest reply of this session, which a
// server must have reached before it may serve it.
func (c *Client) LastZxid() proto.Zxid { return c.lastZxid }

// Server returns the number of the server that the connection goes to, or went
// to last; -1 before the first attempt.
func (c *Client) Server() int { return c.server }

// Remember has every new connection of this client told an identity, before any
// request is made on it.
func (c *Client) Remember(identity proto.Auth) { c.identities = append(c.identities, identity) }

// Timeout is the session timeout that was asked for.
func (c *Client) Timeout() time.Duration { return c.cfg.SessionTimeout }

// Outstanding returns the number of requests that have not ended.
func (c *Client) Outstanding() int { return c.pending.len() }

// Reconnects counts how often a session was continued on a new connection.
func (c *Client) Reconnects() int { return c.reconnects }

// Start begins a new session: at first, and after the state became Expired or
// Closed. At any other time it does nothing.
func (c *Client) Start() {
	if c.phase != phaseIdle {
		return
	}
	c.session, c.password, c.lastZxid, c.lastXid = 0, [proto.PasswordLen]byte{}, 0, 0
	c.closing, c.state = false, Disconnected
	c.watches.clear()
	c.negotiated(c.cfg.SessionTimeout)
	c.shuffle()
	c.dial()
}

func (c *Client) shuffle() {
	for i := range c.order {
		c.order[i] = i
	}
	for i := len(c.order) - 1; i > 0; i-- {
		j := int(c.env.Draw(DrawShuffle, int64(i)+1))
		c.order[i], c.order[j] = c.order[j], c.order[i]
	}
	c.next = 0
}

// negotiated derives the spans that depend on the session's timeout.
func (c *Client) negotiated(timeout time.Duration) {
	c.readTimeout = timeout * 2 / 3
	c.dialTimeout = timeout / time.Duration(len(c.order))
	c.pingIdle = c.readTimeout / 2
	if c.pingIdle > 2*time.Second {
		c.pingIdle -= time.Second
	}
	c.pingIdle = min(c.pingIdle, 10*time.Second)
}

// Close sends closeSession and accepts no more requests. The state becomes
// Closed when the server has answered, or the connection ends, or at once when
// there is none: then the session ends by its timeout.
func (c *Client) Close() { c.Do(&proto.Op{Type: proto.OpCloseSession}, nil, 0) }

// Die ends the client without a word to the server: the connection is dropped,
// and the session goes on until its timeout.
func (c *Client) Die() {
	if c.phase != phaseIdle {
		c.finish(Closed, connectionLost)
	}
}

// Connected: the stream is established.
func (c *Client) Connected(conn Conn) {
	if conn != c.conn || c.phase != phaseDialing {
		return
	}
	c.phase = phaseHandshake
	c.lastHeard = c.env.Now()
	c.env.Arm(TimerConnect, c.dialTimeout)
	c.sendConnectRequest()
}

// ConnectFailed: nobody listens there.
func (c *Client) ConnectFailed(conn Conn) { c.Closed(conn) }

// Closed: the server closed the connection, or it was reset.
func (c *Client) Closed(conn Conn) {
	if conn == c.conn && conn != 0 {
		c.conn = 0 // gone already: nothing to close
		c.drop(connectionLost)
	}
}

// Writable: a stream whose last Write was cut short has room again.
func (c *Client) Writable(conn Conn) {
	if conn == c.conn && conn != 0 {
		c.out.blocked = false
		c.flush()
	}
}

// Fired: a timer is due.
func (c *Client) Fired(t TimerKind) {
	switch t {
	case TimerConnect:
		if c.phase == phaseDialing || c.phase == phaseHandshake {
			c.drop(connectionLost)
		}
	case TimerReconnect:
		if c.phase == phaseWaiting {
			c.dial()
		}
	case TimerRead:
		c.checkSilence()
	case TimerPing:
		c.checkIdle()
	case TimerDeadline:
		c.checkDeadline()
	}
}

// checkSilence drops a connection on which nothing was heard for the read
// timeout. The timer is not set anew for each reply: when it fires early, it is
// armed for what is left.
func (c *Client) checkSilence() {
	if c.phase != phaseUp {
		return
	}
	silent := c.env.Now() - c.lastHeard
	if silent >= c.readTimeout {
		c.drop(connectionLost)
		return
	}
	c.env.Arm(TimerRead, c.readTimeout-silent)
}

func (c *Client) checkIdle() {
	if c.phase != phaseUp {
		return
	}
	if c.env.Now()-c.lastSent >= c.pingIdle {
		c.sendPing()
	}
	c.env.Arm(TimerPing, c.pingIdle-(c.env.Now()-c.lastSent))
}

// checkDeadline gives up the connection when the oldest request is too old. The
// request is not sent again: nobody knows whether it took effect.
func (c *Client) checkDeadline() {
	c.deadlineArmed = false
	if c.pending.len() == 0 {
		return
	}
	left := c.pending.front().at + c.cfg.RequestDeadline - c.env.Now()
	if left > 0 {
		c.armDeadline(left)
		return
	}
	if c.phase == phaseWaiting {
		c.tell(c.takePending(), tooOld)
		return
	}
	c.drop(tooOld)
}

func (c *Client) armDeadline(after time.Duration) {
	if c.cfg.RequestDeadline > 0 && !c.deadlineArmed {
		c.deadlineArmed = true
		c.env.Arm(TimerDeadline, after)
	}
}

// dial begins an attempt to connect to the next server of the list.
func (c *Client) dial() {
	c.server = c.order[c.next]
	c.next = (c.next + 1) % len(c.order)
	c.phase = phaseDialing
	c.conn = c.env.Dial(c.server)
	c.env.Arm(TimerConnect, c.dialTimeout)
}
