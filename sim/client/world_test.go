package client

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

// world is a scripted driver and server: it keeps what the client writes and
// hands it what the test says.
type world struct {
	t       *testing.T
	c       *Client
	now     time.Duration
	timers  [NumTimers]time.Duration // due; 0 none
	dialled []int
	conn    Conn
	closed  []Conn
	got     []byte // written by the client, not yet read by the test
	room    int    // bytes that the stream takes; below 0 any number
	draws   func(DrawKind, int64) int64
	log     []string

	outcomes []Outcome // in order of completion; Xid tells which
	tags     []int
	then     func(tag int, o *Outcome)
}

const (
	timeout  = 6 * time.Second
	deadline = 8 * time.Second
)

func newWorld(t *testing.T) *world {
	w := &world{t: t, room: -1}
	w.c = New(Config{Servers: 3, SessionTimeout: timeout, RequestDeadline: deadline, Watcher: w}, w)
	return w
}

func (w *world) Now() time.Duration { return w.now }

func (w *world) Dial(server int) Conn {
	w.dialled = append(w.dialled, server)
	w.conn++
	w.got = nil
	return w.conn
}

func (w *world) Write(c Conn, p []byte) int {
	require.Equal(w.t, w.conn, c)
	n := len(p)
	if w.room >= 0 {
		n = min(n, w.room)
		w.room -= n
	}
	w.got = append(w.got, p[:n]...)
	return n
}

func (w *world) Close(c Conn) { w.closed = append(w.closed, c) }

func (w *world) Arm(t TimerKind, after time.Duration) {
	w.timers[t] = 0
	if after > 0 {
		w.timers[t] = w.now + after
	}
}

func (w *world) Draw(k DrawKind, below int64) int64 {
	if w.draws != nil {
		return w.draws(k, below)
	}
	return below - 1
}

func (w *world) Watched(e proto.WatcherEvent)  { w.log = append(w.log, e.Type.String()+" "+e.Path) }
func (w *world) SessionChanged(s State)        { w.log = append(w.log, s.String()) }
func (w *world) Completed(tag int, o *Outcome) { w.complete(tag, o) }

func (w *world) complete(tag int, o *Outcome) {
	w.outcomes = append(w.outcomes, *o)
	w.tags = append(w.tags, tag)
	if w.then != nil {
		w.then(tag, o)
	}
}

// pass lets time go by and fires the timers that become due, in order.
func (w *world) pass(d time.Duration) {
	until := w.now + d
	for {
		next, at := -1, until+1
		for k, due := range w.timers {
			if due > 0 && due < at {
				next, at = k, due
			}
		}
		if next < 0 {
			w.now = until
			return
		}
		w.now, w.timers[next] = at, 0
		w.c.Fired(TimerKind(next))
	}
}

// frame takes the next whole frame that the client has written, or nil.
func (w *world) frame() []byte {
	if len(w.got) < 4 {
		return nil
	}
	n := int(binary.BigEndian.Uint32(w.got))
	if len(w.got) < 4+n {
		return nil
	}
	p := w.got[4 : 4+n]
	w.got = w.got[4+n:]
	return p
}

// request takes the next request.
func (w *world) request() (proto.RequestHeader, proto.Op) {
	p := w.frame()
	require.NotNil(w.t, p, "the client has written nothing")
	h, body, err := proto.DecodeRequestHeader(p)
	require.NoError(w.t, err)
	op, err := proto.DecodeOp(h.Type, body)
	require.NoError(w.t, err)
	return h, op
}

func framed(payload []byte) []byte {
	b, at := proto.BeginFrame(nil)
	return proto.EndFrame(append(b, payload...), at)
}

func answer(xid int32, zxid proto.Zxid, err proto.ErrCode, r *proto.Result) []byte {
	p := proto.AppendReplyHeader(nil, proto.ReplyHeader{Xid: xid, Zxid: zxid, Err: err})
	if err == proto.OK && r != nil {
		p = proto.AppendResult(p, r)
	}
	return framed(p)
}

func event(t proto.EventType, path string) []byte {
	p := proto.AppendReplyHeader(nil, proto.ReplyHeader{Xid: proto.XidNotification, Zxid: -1})
	return framed(proto.AppendWatcherEvent(p, proto.WatcherEvent{Type: t, Path: path}))
}

func accepted(session proto.SessionID) []byte {
	r := proto.ConnectResponse{Timeout: int32(timeout / time.Millisecond), Session: session,
		Password: []byte("0123456789abcdef"), HasReadOnly: true}
	if session == 0 {
		r.Timeout, r.Password = 0, make([]byte, proto.PasswordLen)
	}
	return framed(proto.AppendConnectResponse(nil, &r))
}

func (w *world) send(frames ...[]byte) {
	for _, f := range frames {
		w.c.Received(w.conn, f)
	}
}

// up connects the client, gives it session 7 and returns its ConnectRequest.
func (w *world) up() proto.ConnectRequest {
	w.c.Connected(w.conn)
	p := w.frame()
	require.NotNil(w.t, p)
	r, err := proto.DecodeConnectRequest(p)
	require.NoError(w.t, err)
	w.send(accepted(7))
	require.Equal(w.t, Connected, w.c.State())
	return r
}

func (w *world) do(op proto.Op, tag int) int32 { return w.c.Do(&op, w, tag) }

func get(path string) proto.Op { return proto.Op{Type: proto.OpGetData, Path: path} }

func set(path string) proto.Op {
	return proto.Op{Type: proto.OpSetData, Path: path, Data: []byte("x"), Version: -1}
}

func kinds(os []Outcome) []Kind {
	var out []Kind
	for i := range os {
		out = append(out, os[i].Kind)
	}
	return out
}
