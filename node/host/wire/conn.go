// Package wire is a bare connection of a client to a real server: it frames
// requests and decodes replies, and does nothing by itself. No ping, no second
// attempt, no watch that is set again: tests and measurements want to see what a
// server does, not what a client library makes of it.
//
// It imports node/proto and the standard library.
package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/zksim/zksim/node/proto"
)

// frameMax is the longest frame that is read.
const frameMax = 8 << 20

// ErrExpired: the server does not know the session, or the password is wrong.
var ErrExpired = errors.New("wire: session expired")

// Conn is a connection with a session, for one goroutine.
type Conn struct {
	Session  proto.SessionID
	Password []byte
	Timeout  int32 // ms, as negotiated

	// Events are the watch events that Call and Await have met, in the order of
	// their coming; the caller may take them away.
	Events []proto.WatcherEvent

	wait time.Duration // bounds each wait for a reply; 0 does not

	sock net.Conn
	in   *bufio.Reader
	out  []byte
	head [4]byte
	body []byte
	xid  int32
	sent []proto.OpCode // of the requests without an answer, oldest first; few
}

// Hello says which session a connection is for; the zero value of Session asks
// for a new one.
type Hello struct {
	Timeout  int32 // ms; 0: 30000
	Session  proto.SessionID
	Password []byte
	LastZxid proto.Zxid
	Wait     time.Duration // bounds the dial and each wait for a reply; 0: 10 s
}

// Dial connects to host:port and waits for the session.
func Dial(addr string, hello Hello) (*Conn, error) {
	if hello.Wait == 0 {
		hello.Wait = 10 * time.Second
	}
	sock, err := net.DialTimeout("tcp", addr, hello.Wait)
	if err != nil {
		return nil, err
	}
	c := &Conn{sock: sock, in: bufio.NewReaderSize(sock, 64<<10), wait: hello.Wait}
	if err := c.greet(hello); err != nil {
		_ = sock.Close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) greet(hello Hello) error {
	r := proto.ConnectRequest{LastZxidSeen: hello.LastZxid, Timeout: hello.Timeout, Session: hello.Session,
		Password: hello.Password, HasReadOnly: true}
	if r.Timeout == 0 {
		r.Timeout = 30000
	}
	if r.Password == nil {
		r.Password = make([]byte, proto.PasswordLen)
	}
	b, at := proto.BeginFrame(nil)
	if _, err := c.sock.Write(proto.EndFrame(proto.AppendConnectRequest(b, &r), at)); err != nil {
		return err
	}
	body, err := c.frame()
	if err != nil {
		return err
	}
	answer, err := proto.DecodeConnectResponse(body)
	if err != nil {
		return err
	}
	if answer.Session == 0 {
		return ErrExpired
	}
	c.Session, c.Timeout = answer.Session, answer.Timeout
	c.Password = append([]byte(nil), answer.Password...)
	return nil
}

// frame reads one frame; its bytes are good until the next one.
func (c *Conn) frame() ([]byte, error) {
	if c.wait > 0 {
		if err := c.sock.SetReadDeadline(time.Now().Add(c.wait)); err != nil {
			return nil, err
		}
	}
	if _, err := io.ReadFull(c.in, c.head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(c.head[:])
	if n > frameMax {
		return nil, fmt.Errorf("wire: frame of %d bytes", n)
	}
	if int(n) > cap(c.body) {
		c.body = make([]byte, n)
	}
	c.body = c.body[:n]
	_, err := io.ReadFull(c.in, c.body)
	return c.body, err
}

// SetWait bounds each wait for a reply; 0 is no bound.
func (c *Conn) SetWait(d time.Duration) {
	c.wait = d
	_ = c.sock.SetReadDeadline(time.Time{}) // the bound of the last wait must not end a later one
}

// Buffered reports how many bytes have come and are not read yet.
func (c *Conn) Buffered() int { return c.in.Buffered() }

// Queue puts a request into the buffer that Flush sends, and gives its xid: the
// one that its kind has, or the next one.
func (c *Conn) Queue(op *proto.Op) int32 {
	xid := c.xid + 1
	switch op.Type {
	case proto.OpPing:
		xid = proto.XidPing
	case proto.OpAuth:
		xid = -4
	case proto.OpSetWatches, proto.OpSetWatches2:
		xid = -8
	default:
		c.xid = xid
	}
	b, at := proto.BeginFrame(c.out)
	b = proto.AppendRequestHeader(b, proto.RequestHeader{Xid: xid, Type: op.Type})
	c.out = proto.EndFrame(proto.AppendOp(b, op), at)
	c.sent = append(c.sent, op.Type)
	return xid
}

// Flush sends what was queued.
func (c *Conn) Flush() error {
	_, err := c.sock.Write(c.out)
	c.out = c.out[:0]
	return err
}

// Raw sends bytes as they are.
func (c *Conn) Raw(b []byte) error {
	_, err := c.sock.Write(b)
	return err
}

// Reply is a reply or a watch event.
type Reply struct {
	proto.ReplyHeader
	To    proto.OpCode // what it answers
	Body  []byte       // good until the next Next
	Event bool
}

// Next reads the next reply or event.
func (c *Conn) Next() (Reply, error) {
	b, err := c.frame()
	if err != nil {
		return Reply{}, err
	}
	h, body, err := proto.DecodeReplyHeader(b)
	if err != nil || h.Xid == proto.XidNotification {
		return Reply{ReplyHeader: h, Body: body, Event: true}, err
	}
	if len(c.sent) == 0 {
		return Reply{}, fmt.Errorf("wire: an answer, xid %d, that nobody has asked for", h.Xid)
	}
	to := c.sent[0]
	c.sent = append(c.sent[:0], c.sent[1:]...)
	return Reply{ReplyHeader: h, To: to, Body: body}, nil
}

// Answer is what became of a request.
type Answer struct {
	Zxid   proto.Zxid
	Result proto.Result // with the error
}

// Call sends one request and waits for its answer. An error is one of the
// connection; what the server says is in the result.
func (c *Conn) Call(op proto.Op) (Answer, error) {
	c.Queue(&op)
	if err := c.Flush(); err != nil {
		return Answer{}, err
	}
	return c.Await()
}

// Await waits for the answer to the oldest request that has none.
func (c *Conn) Await() (Answer, error) {
	for {
		r, err := c.Next()
		if err != nil {
			return Answer{}, err
		}
		if r.Event {
			if err := c.keep(r.Body); err != nil {
				return Answer{}, err
			}
			continue
		}
		return c.answer(r)
	}
}

func (c *Conn) keep(body []byte) error {
	e, err := proto.DecodeWatcherEvent(body)
	c.Events = append(c.Events, e)
	return err
}

func (c *Conn) answer(r Reply) (Answer, error) {
	a := Answer{Zxid: r.Zxid, Result: proto.Result{Type: r.To, Err: r.Err}}
	if len(r.Body) == 0 || r.Err != proto.OK {
		return a, nil
	}
	res, err := proto.DecodeResult(r.To, r.Body)
	a.Result = res
	return a, err
}

// AwaitClose reads until the server closes the connection; events are kept,
// answers are passed over.
func (c *Conn) AwaitClose() error {
	for {
		r, err := c.Next()
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		case r.Event:
			if err := c.keep(r.Body); err != nil {
				return err
			}
		}
	}
}

// Close cuts the connection; the session lives on.
func (c *Conn) Close() error { return c.sock.Close() }

// Word sends a four-letter word on a connection of its own and reads the answer.
func Word(addr, word string, wait time.Duration) (string, error) {
	sock, err := net.DialTimeout("tcp", addr, wait)
	if err != nil {
		return "", err
	}
	defer sock.Close()
	if err := sock.SetDeadline(time.Now().Add(wait)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(sock, word); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(sock)
	return string(answer), err
}
