package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

func TestConnectAndAsk(t *testing.T) {
	w := newWorld(t)
	assert.Equal(t, Closed, w.c.State())
	w.c.Start()
	assert.Equal(t, Disconnected, w.c.State())
	xid := w.do(get("/early"), 0) // waits for the connection
	assert.Equal(t, int32(1), xid)
	r := w.up()
	assert.Equal(t, proto.ConnectRequest{Timeout: 6000, Password: make([]byte, 16), HasReadOnly: true}, r)
	assert.Equal(t, proto.SessionID(7), w.c.Session())

	h, op := w.request()
	assert.Equal(t, proto.RequestHeader{Xid: 1, Type: proto.OpGetData}, h)
	assert.Equal(t, "/early", op.Path)
	w.do(set("/a"), 1)
	h, _ = w.request()
	assert.Equal(t, int32(2), h.Xid)
	w.send(answer(1, 5, 0, &proto.Result{Type: proto.OpGetData, Data: []byte("v")}),
		answer(2, 6, proto.BadVersion, nil))
	require.Len(t, w.outcomes, 2)
	assert.Equal(t, Outcome{Kind: OK, Zxid: 5, Session: 7, Xid: 1,
		Result: proto.Result{Type: proto.OpGetData, Data: []byte("v")}}, w.outcomes[0])
	assert.Equal(t, Outcome{Kind: Failed, Err: proto.BadVersion, Zxid: 6, Session: 7, Xid: 2}, w.outcomes[1])
	assert.Equal(t, proto.Zxid(6), w.c.LastZxid())
	assert.Equal(t, []int{0, 1}, w.tags)
	assert.Equal(t, []string{"connected"}, w.log)
}

// What an answer with an error says of whether the request took effect.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		op   proto.OpCode
		err  proto.ErrCode
		want Kind
	}{
		{proto.OpSetData, proto.NoNode, Failed},
		{proto.OpCreate, proto.SessionExpired, Failed},
		{proto.OpCreate, proto.MarshallingError, Failed},
		{proto.OpCreate, proto.SessionMoved, Unknown},
		{proto.OpCreate, proto.ConnectionLoss, Unknown},
		{proto.OpCreate, proto.SystemError, Unknown},
		{proto.OpCreate, proto.RequestTimeout, Unknown},
		{proto.OpGetData, proto.NoNode, OK},
		{proto.OpExists, proto.NoAuth, OK},
		{proto.OpGetData, proto.SystemError, Failed},
		{proto.OpSync, proto.OK, OK},
	} {
		assert.Equal(t, c.want, kindOf(c.op, c.err), "%v %v", c.op, c.err)
	}
}

func TestFailedMulti(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	w.do(proto.Op{Type: proto.OpMulti, Ops: []proto.Op{{Type: proto.OpCheck, Path: "/a"}, {Type: proto.OpDelete, Path: "/b"}}}, 0)
	w.send(answer(1, 9, 0, &proto.Result{Type: proto.OpMulti, Multi: []proto.Result{
		{Type: proto.OpError, Err: 0}, {Type: proto.OpError, Err: proto.NoNode}}}))
	require.Len(t, w.outcomes, 1)
	assert.Equal(t, Failed, w.outcomes[0].Kind)
	assert.Equal(t, proto.NoNode, w.outcomes[0].Err)
	assert.Len(t, w.outcomes[0].Result.Multi, 2)
}

// A client that is told that its session expired is unusable until Start, which
// makes a new one that knows nothing of the old one.
func TestExpired(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	w.do(set("/a"), 0)
	w.send(answer(1, 5, 0, &proto.Result{Type: proto.OpSetData}))
	w.c.Closed(w.conn)
	w.pass(time.Second)
	w.do(set("/b"), 1)
	w.c.Connected(w.conn)
	w.send(accepted(0))
	assert.Equal(t, Expired, w.c.State())
	assert.Equal(t, []Conn{2}, w.closed)
	w.do(set("/c"), 2)
	assert.Equal(t, []Kind{OK, Failed, Failed}, kinds(w.outcomes))
	assert.Equal(t, proto.SessionExpired, w.outcomes[1].Err)
	assert.Equal(t, proto.SessionExpired, w.outcomes[2].Err)
	assert.Equal(t, []string{"connected", "disconnected", "expired"}, w.log)

	w.pass(time.Minute)
	assert.Len(t, w.dialled, 2)
	w.c.Start()
	r := w.up()
	assert.Zero(t, r.Session)
	assert.Zero(t, r.LastZxidSeen)
	assert.Equal(t, int32(1), w.do(get("/"), 3))
}

// The client comes back to another server with id, password and the zxid of the
// last reply: one that is behind must not serve it.
func TestReconnect(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	w.do(get("/"), 0)
	w.send(answer(1, 0x500000003, 0, &proto.Result{Type: proto.OpGetData}), event(proto.EventNodeCreated, "/x"),
		answer(proto.XidPing, 0x500000004, 0, nil))
	w.c.Closed(w.conn)
	assert.Len(t, w.dialled, 1, "it waits first")
	w.pass(time.Second)
	r := w.up()
	assert.Equal(t, proto.ConnectRequest{LastZxidSeen: 0x500000004, Timeout: 6000, Session: 7,
		Password: []byte("0123456789abcdef"), HasReadOnly: true}, r)
	assert.Equal(t, 1, w.c.Reconnects())
	assert.Equal(t, int32(2), w.do(get("/"), 1), "xids go on")
	assert.Empty(t, w.closed)
}

// Attempts go round the shuffled list, each but the first after a drawn wait.
func TestServerList(t *testing.T) {
	w := newWorld(t)
	var waits []int64
	w.draws = func(k DrawKind, below int64) int64 {
		if k == DrawReconnect {
			waits = append(waits, below)
			return below / 2
		}
		return 0
	}
	w.c.Start()
	for range 6 {
		w.c.ConnectFailed(w.conn)
		n := len(w.dialled)
		w.pass(time.Second/2 - 1)
		assert.Len(t, w.dialled, n)
		w.pass(1)
	}
	assert.Equal(t, []int{1, 2, 0, 1, 2, 0, 1}, w.dialled)
	assert.Len(t, waits, 6)
	assert.Equal(t, int64(time.Second), waits[0])
}

func TestConnectTimeout(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.pass(2*time.Second - 1)
	assert.Empty(t, w.closed)
	w.pass(1)
	assert.Equal(t, []Conn{1}, w.closed, "a third of the timeout for each of three servers")
	w.pass(time.Second)
	w.c.Connected(w.conn) // but no answer to the ConnectRequest
	w.pass(2 * time.Second)
	assert.Equal(t, []Conn{1, 2}, w.closed)
}

// Pings keep an idle session alive as long as they are answered.
func TestPings(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	for i := range 10 {
		w.pass(2 * time.Second)
		h, _ := w.request()
		require.Equal(t, proto.RequestHeader{Xid: proto.XidPing, Type: proto.OpPing}, h, "ping %d", i)
		w.send(answer(proto.XidPing, 3, 0, nil))
	}
	assert.Empty(t, w.closed)
	assert.Nil(t, w.frame())
}

func TestReadTimeout(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	w.pass(3 * time.Second)
	w.send(answer(proto.XidPing, 3, 0, nil))
	w.pass(4*time.Second - 1)
	assert.Empty(t, w.closed)
	w.pass(1)
	assert.Equal(t, []Conn{1}, w.closed)
	assert.Equal(t, Disconnected, w.c.State())
}

// A server that swallows a request but answers pings must not make the caller
// wait for ever (bugs.md C1). The request is not repeated.
func TestRequestDeadline(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	w.do(set("/a"), 0)
	w.pass(time.Second)
	w.do(set("/b"), 1)
	for range 6 {
		w.pass(time.Second)
		w.send(answer(proto.XidPing, 3, 0, nil))
	}
	assert.Empty(t, w.outcomes)
	w.pass(time.Second)
	require.Len(t, w.outcomes, 2)
	assert.Equal(t, []Conn{1}, w.closed)
	assert.Equal(t, []Kind{Unknown, Unknown}, kinds(w.outcomes))
	assert.Equal(t, proto.RequestTimeout, w.outcomes[0].Err)
	assert.Equal(t, proto.ConnectionLoss, w.outcomes[1].Err)
	w.pass(time.Second)
	w.up()
	assert.Nil(t, w.frame())
}

// Requests that are answered do not bring the deadline of later ones forward.
func TestDeadlineIsPerRequest(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	for i := range 20 {
		w.do(get("/"), i)
		w.pass(time.Second)
		w.send(answer(int32(i+1), 3, 0, &proto.Result{Type: proto.OpGetData}))
	}
	assert.Empty(t, w.closed)
	assert.Len(t, w.outcomes, 20)
}

// A request older than its deadline fails also when no server answers at all.
func TestDeadlineWithoutConnection(t *testing.T) {
	w := newWorld(t)
	w.c.cfg.RequestDeadline = time.Second / 2
	w.c.Start()
	w.c.ConnectFailed(w.conn)
	w.do(set("/a"), 0)
	w.pass(time.Second / 2)
	require.Len(t, w.outcomes, 1)
	assert.Equal(t, Failed, w.outcomes[0].Kind)
	assert.Equal(t, proto.RequestTimeout, w.outcomes[0].Err)
}

// A reply to anything but the oldest request, or one that cannot be read, costs
// the connection, and nobody knows what became of the requests.
func TestBadReplies(t *testing.T) {
	for name, frame := range map[string][]byte{
		"another xid":   answer(2, 5, 0, nil),
		"no request":    answer(77, 5, 0, nil),
		"short header":  framed([]byte{0, 0, 0, 1}),
		"short body":    answer(1, 5, 0, nil), // getData without data
		"bad event":     framed(proto.AppendReplyHeader(nil, proto.ReplyHeader{Xid: proto.XidNotification})),
		"long frame":    {0x7f, 0xff, 0xff, 0xff},
		"negative size": {0xff, 0xff, 0xff, 0xff},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.c.Start()
			w.up()
			w.do(get("/"), 0)
			w.do(set("/a"), 1)
			w.send(frame)
			assert.Equal(t, []Conn{1}, w.closed)
			assert.Equal(t, []Kind{Unknown, Unknown}, kinds(w.outcomes))
			assert.Equal(t, Disconnected, w.c.State())
		})
	}
}

func TestBadConnectResponses(t *testing.T) {
	other := accepted(8)
	for name, frame := range map[string][]byte{"another session": other, "cut short": framed(other[4:20])} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.c.Start()
			w.up()
			w.c.Closed(w.conn)
			w.pass(time.Second)
			w.c.Connected(w.conn)
			w.send(frame)
			assert.Equal(t, []Conn{2}, w.closed)
			assert.Equal(t, proto.SessionID(7), w.c.Session())
		})
	}
}

func TestCloseSession(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	w.do(set("/a"), 0)
	w.do(proto.Op{Type: proto.OpCloseSession}, 1)
	w.do(set("/b"), 2)
	assert.Equal(t, []int{2}, w.tags, "refused")
	w.request()
	h, _ := w.request()
	assert.Equal(t, proto.OpCloseSession, h.Type)
	assert.Nil(t, w.frame())
	w.send(answer(1, 5, 0, &proto.Result{Type: proto.OpSetData}), answer(2, 6, 0, nil))
	assert.Equal(t, []Kind{Failed, OK, OK}, kinds(w.outcomes))
	assert.Equal(t, Closed, w.c.State())
	assert.Equal(t, []Conn{1}, w.closed)
	w.pass(time.Minute)
	assert.Len(t, w.dialled, 1)
}

// Without a connection there is nobody to say it to, and a connection that is
// lost before the answer is not sought again.
func TestCloseWithoutConnection(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.c.Close()
	assert.Equal(t, Closed, w.c.State())
	w.c.Start()
	w.up()
	w.do(proto.Op{Type: proto.OpCloseSession}, 0)
	w.c.Closed(w.conn)
	assert.Equal(t, Closed, w.c.State())
	assert.Equal(t, []Kind{Unknown}, kinds(w.outcomes))
	w.pass(time.Minute)
	assert.Len(t, w.dialled, 2)
}

func TestDie(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	w.do(set("/a"), 0)
	w.request()
	w.c.Die()
	assert.Nil(t, w.frame(), "not a word")
	assert.Equal(t, []Kind{Unknown}, kinds(w.outcomes))
	assert.Equal(t, []Conn{1}, w.closed)
	w.c.Received(1, answer(1, 5, 0, nil)) // too late
	w.pass(time.Minute)
	assert.Len(t, w.outcomes, 1)
	assert.Len(t, w.dialled, 1)
	w.c.Die()
	assert.Equal(t, []string{"connected", "closed"}, w.log)
}

// What a Completion does while the requests of a lost connection end must not
// mix with them.
func TestCompletionsMayActOnTheClient(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	for i := range 3 {
		w.do(set("/a"), i)
	}
	w.then = func(tag int, _ *Outcome) {
		if tag < 3 {
			w.do(set("/again"), tag+10)
		}
		if tag == 2 {
			w.c.Die()
			w.c.Start()
			w.do(set("/new"), 20)
		}
	}
	w.c.Closed(w.conn)
	assert.Equal(t, []int{0, 1, 2, 10, 11, 12}, w.tags)
	assert.Equal(t, []Kind{Unknown, Unknown, Unknown, Failed, Failed, Failed}, kinds(w.outcomes))
	w.up()
	_, op := w.request()
	assert.Equal(t, "/new", op.Path)
	w.then = func(int, *Outcome) { w.c.Die() }
	w.send(append(answer(1, 5, 0, &proto.Result{Type: proto.OpSetData}), answer(9, 5, 0, nil)...))
	assert.Equal(t, Closed, w.c.State())
	assert.Equal(t, OK, w.outcomes[6].Kind)
}
