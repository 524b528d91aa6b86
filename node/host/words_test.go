package host_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden/recorded"
	"github.com/zksim/zksim/node/host"
	"github.com/zksim/zksim/node/host/wire"
	"github.com/zksim/zksim/node/proto"
)

// TestGoldenHostWords asks real servers what Apache ZooKeeper 3.8.0 was asked by
// four-letter words, and compares line by line.
func TestGoldenHostWords(t *testing.T) {
	compareWords(t, "standalone", wordsAlone(t))
	e := newEnsemble(t, 3, recordedSettings)
	leader := e.leader()
	c := e.dial(leader)
	for range 300 {
		call(t, c, proto.Op{Type: proto.OpSetData, Path: "/", Data: []byte{}, Version: -1})
	}
	call(t, c, proto.Op{Type: proto.OpCloseSession})
	follower := (leader + 1) % 3
	f := e.dial(follower)
	call(t, f, proto.Op{Type: proto.OpSync, Path: "/"})
	call(t, f, proto.Op{Type: proto.OpCloseSession})
	for _, i := range []int{leader, follower} {
		eventually(t, "all clients have left", func() bool { return e.hosts[i].Stats().Connections == 0 })
	}
	compareWords(t, "leader", e.clients[leader])
	compareWords(t, "follower", e.clients[follower])
}

func recordedSettings(cfg *host.Config) {
	cfg.Node.TickTime, cfg.Node.InitLimit, cfg.Node.SyncLimit = 500*time.Millisecond, 20, 10
	cfg.Node.MinSessionTimeout, cfg.Node.MaxSessionTimeout = time.Second, time.Minute
	cfg.Node.Clients.Words = []string{"*"}
}

// wordsAlone is the situation of the recorded server that ran alone.
func wordsAlone(t *testing.T) (addr string) {
	e := newEnsemble(t, 1, recordedSettings)
	e.leader()
	a, b := e.dial(0), e.dial(0)
	for _, x := range []struct {
		c  *wire.Conn
		op proto.Op
	}{
		{a, create("/app", "x")},
		{a, proto.Op{Type: proto.OpCreate, Path: "/app/e", ACL: proto.OpenACL(), Flags: proto.FlagEphemeral}},
		{b, proto.Op{Type: proto.OpCreate, Path: "/app/f", ACL: proto.OpenACL(), Flags: proto.FlagEphemeral}},
		{b, proto.Op{Type: proto.OpExists, Path: "/none", Watch: true}},
		{a, proto.Op{Type: proto.OpGetChildren, Path: "/app", Watch: true}},
		{a, proto.Op{Type: proto.OpGetData, Path: "/app", Watch: true}},
	} {
		call(t, x.c, x.op)
	}
	return e.clients[0]
}

func compareWords(t *testing.T, role, addr string) {
	recorded.Words(t, "../../testdata/golden", role, func(word string) string { return askWord(t, addr, word) })
}

// askWord gives the whole answer, once the server has forgotten the connection.
func askWord(t *testing.T, addr, word string) string {
	c := dialRaw(t, addr)
	_, err := c.Write([]byte(word))
	require.NoError(t, err)
	text := string(readToEnd(t, c))
	require.NoError(t, c.Close())
	return text
}

// A word is answered although its sender closes his side at once, with what
// stands behind it unread, as a shell's tools send it.
func TestWordOfOneWhoHangsUp(t *testing.T) {
	e, _ := newAlone(t, recordedSettings)
	for range 50 {
		c := dialRaw(t, e.clients[0])
		_, err := c.Write([]byte("ruok\n"))
		require.NoError(t, err)
		require.NoError(t, c.(*net.TCPConn).CloseWrite())
		assert.Equal(t, "imok", string(readToEnd(t, c)))
	}
}

// So is one whose answer is longer than the kernel takes at once.
func TestLongWordOfOneWhoHangsUp(t *testing.T) {
	e, _ := newAlone(t, recordedSettings)
	w := e.dial(0)
	paths := make([]string, 60)
	for i := range paths {
		paths[i] = fmt.Sprintf("/%03d%s", i, strings.Repeat("x", 500_000))
		require.Equal(t, proto.NoNode, call(t, w, proto.Op{Type: proto.OpExists, Path: paths[i], Watch: true}).Result.Err)
	}
	c := dialRaw(t, e.clients[0])
	_, err := c.Write([]byte("wchp"))
	require.NoError(t, err)
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	time.Sleep(50 * time.Millisecond)
	text := string(readToEnd(t, c))
	assert.Equal(t, len(paths), strings.Count(text, "\n\t0x"))
	assert.True(t, strings.HasSuffix(text, "\n\n"), "to its end")
	require.Eventually(t, func() bool { return e.hosts[0].Stats().Connections == 1 }, 5*time.Second, time.Millisecond)
}

// Without a quorum a server says that it is there, and that it does not serve.
func TestWordsWithoutAQuorum(t *testing.T) {
	e := newEnsemble(t, 3, recordedSettings)
	e.leader()
	e.kill(0)
	e.kill(1)
	assert.Equal(t, "imok", askWord(t, e.clients[2], "ruok"))
	eventually(t, "it notices", func() bool { return askWord(t, e.clients[2], "isro") == "null" })
	assert.Equal(t, "This ZooKeeper instance is not currently serving requests\n", askWord(t, e.clients[2], "srvr"))
}
