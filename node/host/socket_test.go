package host_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/host"
	"github.com/zksim/zksim/node/host/wire"
	"github.com/zksim/zksim/node/proto"
)

// journal keeps what a server logs.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) has(text string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Contains(j.text.String(), text)
}

func (j *journal) all() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// newAlone is a server that runs alone, and what it logs.
func newAlone(t *testing.T, change func(*host.Config)) (*ensemble, *journal) {
	j := &journal{}
	e := newEnsemble(t, 1, func(cfg *host.Config) {
		cfg.Logger = slog.New(slog.NewTextHandler(j, nil))
		if change != nil {
			change(cfg)
		}
	})
	e.leader()
	return e, j
}

func dialRaw(t *testing.T, addr string) net.Conn {
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return c
}

// readToEnd reads until the server closes.
func readToEnd(t *testing.T, c net.Conn) []byte {
	b, err := io.ReadAll(c)
	if err != nil {
		require.ErrorContains(t, err, "reset")
	}
	return b
}

// A connection that sends what no client would is closed, with a reason in the
// log, and nobody else notices.
func TestBadFramesCloseOneConnection(t *testing.T) {
	e, j := newAlone(t, nil)
	good := e.dial(0)
	for name, sent := range map[string][]byte{
		"too long":       {0x7f, 0xff, 0xff, 0xff},
		"negative":       {0xff, 0xff, 0xff, 0xf0},
		"garbage":        append([]byte{0, 0, 0, 9}, "gibberish"...),
		"empty greeting": {0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := dialRaw(t, e.clients[0])
			_, err := c.Write(sent)
			require.NoError(t, err)
			assert.Empty(t, readToEnd(t, c))
			assert.True(t, j.has("peer="+c.LocalAddr().String()+" port=client reason="), "the reason is logged")
			require.Equal(t, proto.OK, call(t, good, proto.Op{Type: proto.OpExists, Path: "/"}).Result.Err)
		})
	}
}

// So is one that asks for what there is not, when it has its answer.
func TestUnknownRequestsAreLogged(t *testing.T) {
	e, j := newAlone(t, nil)
	c := e.dial(0)
	require.NoError(t, c.Raw([]byte{0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 3, 231}))
	require.ErrorContains(t, c.AwaitClose(), "nobody has asked for")
	eventually(t, "the reason is logged", func() bool { return j.has(`port=client reason="requests of type 999 are not in this version"`) })
	require.Equal(t, proto.OK, call(t, e.dial(0), proto.Op{Type: proto.OpExists, Path: "/"}).Result.Err)
}

// Half a frame and then silence costs nobody anything, and is over after the
// time that a connection may be without a session.
func TestHalfAFrameIsWaitedFor(t *testing.T) {
	e, _ := newAlone(t, nil)
	c := dialRaw(t, e.clients[0])
	_, err := c.Write([]byte{0, 0, 0, 45, 0, 0})
	require.NoError(t, err)
	good := e.dial(0)
	for i := range 50 {
		require.Equal(t, proto.OK, call(t, good, create(fmt.Sprintf("/a%d", i), "x")).Result.Err)
	}
	require.NoError(t, c.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = c.Read(make([]byte, 1))
	var timeout net.Error
	require.ErrorAs(t, err, &timeout, "still open")
}

// A client that asks and never reads fills its stream; the server's memory for
// it stays small as long as it has no answers to give, and others go on.
func TestSlowReaderStopsNobodyElse(t *testing.T) {
	e, _ := newAlone(t, nil)
	good := e.dial(0)
	require.Equal(t, proto.OK, call(t, good, create("/big", strings.Repeat("x", 500_000))).Result.Err)
	slow := e.dial(0)
	for range 40 { // 20 MB of answers, more than the kernel's buffers take
		op := get("/big")
		slow.Queue(&op)
	}
	require.NoError(t, slow.Flush())
	for i := range 100 {
		require.Equal(t, proto.OK, call(t, good, create(fmt.Sprintf("/a%d", i), "x")).Result.Err)
	}
	for range 40 { // and it gets everything when it reads at last
		a, err := slow.Await()
		require.NoError(t, err)
		require.Len(t, a.Result.Data, 500_000)
	}
}

// Ten thousand connections on which nothing happens cost little, and nobody who
// works anything.
func TestIdleConnections(t *testing.T) {
	const many = 10_000
	n := min(many, descriptors()/2-500)
	if n < 1000 || testing.Short() {
		t.Skip("not enough file descriptors")
	}
	e, _ := newAlone(t, nil)
	good := e.dial(0)
	before := heapInUse()
	var all []net.Conn
	defer func() {
		for _, c := range all {
			_ = c.Close()
		}
	}()
	for range n {
		c, err := net.Dial("tcp", e.clients[0])
		require.NoError(t, err)
		all = append(all, c)
	}
	eventually(t, "all are accepted", func() bool { return e.hosts[0].Stats().Connections == int64(n)+1 })
	each := (heapInUse() - before) / int64(n)
	t.Logf("%d idle connections, %d bytes each on heap and stacks, both ends", n, each)
	assert.Less(t, each, int64(16<<10))
	for i := range 50 {
		require.Equal(t, proto.OK, call(t, good, create(fmt.Sprintf("/a%d", i), "x")).Result.Err)
	}
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func TestMaxClientConns(t *testing.T) {
	e, j := newAlone(t, func(cfg *host.Config) { cfg.MaxClientConns = 2 })
	first, second := e.dial(0), e.dial(0)
	assert.Empty(t, readToEnd(t, dialRaw(t, e.clients[0])))
	assert.True(t, j.has("Too many connections from 127.0.0.1 - max is 2"))
	require.NoError(t, first.Close())
	eventually(t, "room for another", func() bool { return e.hosts[0].Stats().Connections == 1 })
	e.dial(0)
	require.Equal(t, proto.OK, call(t, second, create("/a", "x")).Result.Err)
}

// A flood of connections that are refused does not fill the log: a line a second,
// and every one is counted.
func TestRefusedConnectionsAreCounted(t *testing.T) {
	const flood = 60
	e, j := newAlone(t, func(cfg *host.Config) { cfg.MaxClientConns = 1 })
	e.dial(0)
	began := time.Now()
	for range flood {
		assert.Empty(t, readToEnd(t, dialRaw(t, e.clients[0])))
	}
	seconds := int(time.Since(began)/time.Second) + 2
	require.NoError(t, e.hosts[0].Stop())
	told, counted := 0, 0
	for line := range strings.Lines(j.all()) {
		if strings.Contains(line, "Too many connections") {
			told++
		}
		if _, rest, ok := strings.Cut(line, "Refused more connections of clients\" count="); ok {
			number, _, _ := strings.Cut(rest, " ")
			n, err := strconv.Atoi(number)
			require.NoError(t, err)
			counted += n
		}
	}
	assert.Equal(t, flood, told+counted)
	assert.LessOrEqual(t, told, seconds)
}

// A watcher that never reads its events holds up nobody.
func TestUnreadEventsStopNobodyElse(t *testing.T) {
	e, _ := newAlone(t, nil)
	good, deaf := e.dial(0), e.dial(0)
	require.Equal(t, proto.OK, call(t, good, create("/w", "")).Result.Err)
	for i := range 200 {
		op := proto.Op{Type: proto.OpGetData, Path: "/w", Watch: true}
		deaf.Queue(&op)
		require.NoError(t, deaf.Flush())
		require.Equal(t, proto.OK, call(t, good, proto.Op{Type: proto.OpSetData, Path: "/w", Data: fmt.Append(nil, i), Version: -1}).Result.Err)
	}
}

// Requests that were sent with the greeting are answered: the server may read
// them before it knows the session, and must keep them.
func TestRequestsBehindTheGreeting(t *testing.T) {
	e, _ := newAlone(t, nil)
	c := dialRaw(t, e.clients[0])
	b, at := proto.BeginFrame(nil)
	b = proto.EndFrame(proto.AppendConnectRequest(b, &proto.ConnectRequest{Timeout: 10000, Password: make([]byte, 16)}), at)
	for i := range 100 {
		var from int
		b, from = proto.BeginFrame(b)
		b = proto.AppendRequestHeader(b, proto.RequestHeader{Xid: int32(i + 1), Type: proto.OpExists})
		b = proto.EndFrame(proto.AppendOp(b, &proto.Op{Type: proto.OpExists, Path: "/"}), from)
	}
	for len(b) > 0 { // in pieces that cut frames anywhere
		n := min(len(b), 37)
		_, err := c.Write(b[:n])
		require.NoError(t, err)
		b = b[n:]
	}
	for i := range 101 {
		var head [4]byte
		_, err := io.ReadFull(c, head[:])
		require.NoError(t, err)
		body := make([]byte, binary.BigEndian.Uint32(head[:]))
		_, err = io.ReadFull(c, body)
		require.NoError(t, err)
		if i > 0 {
			assert.Equal(t, uint32(i), binary.BigEndian.Uint32(body), "xids come back in order")
		}
	}
}

func TestSessionExpiresWithoutASign(t *testing.T) {
	e, j := newAlone(t, nil)
	c, err := wire.Dial(e.clients[0], wire.Hello{Timeout: 400})
	require.NoError(t, err)
	defer c.Close()
	require.Equal(t, proto.OK, call(t, c, proto.Op{Type: proto.OpCreate, Path: "/e", Flags: proto.FlagEphemeral, ACL: proto.OpenACL()}).Result.Err)
	eventually(t, "nothing of it is left", func() bool {
		gone := true
		e.hosts[0].Look(func(n *node.Node) { gone = len(n.Tree().Ephemerals(c.Session)) == 0 })
		return gone
	})
	assert.True(t, j.has("Expiring session, timeout exceeded"))
}
