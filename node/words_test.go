package node_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/model/golden/recorded"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// TestGoldenWords asks servers what Apache ZooKeeper 3.8.0 was asked by
// four-letter words, in the same situations, and compares the answers line by
// line. What may differ stands in model/golden, words.go.
func TestGoldenWords(t *testing.T) {
	compareWords(t, "standalone", wordsAlone(t), 1)
	w := wordsEnsemble(t)
	compareWords(t, "leader", w, 3)
	compareWords(t, "follower", w, 1)
}

func compareWords(t *testing.T, role string, w *world, id proto.ServerID) {
	recorded.Words(t, "../testdata/golden", role, func(word string) string { return w.askWord(id, word) })
}

// askWord gives the whole answer to a word.
func (w *world) askWord(id proto.ServerID, word string) string {
	l := w.newLink(node.PortClient)
	l.target = w.host(id)
	x := &tap{end: l.ends[0]}
	l.ends[0].tap = x
	w.settle()
	x.Write([]byte(word))
	w.settle()
	if !x.closed {
		w.t.Fatalf("%s leaves the connection open", word)
	}
	return string(x.in)
}

// wordsAlone is the situation of the recorded server that ran alone: two clients
// hold ephemeral znodes and watches.
func wordsAlone(t *testing.T) *world {
	w := newWorld(t, 1)
	recordedSettings(&w.cfg)
	w.hosts[0].start()
	w.run(time.Second)
	a, b := w.client("a"), w.client("b")
	a.connect(1, 20000, 0)
	b.connect(1, 20000, 0)
	w.settle()
	for _, op := range []proto.Op{
		{Type: proto.OpCreate, Path: "/app", Data: []byte("x"), ACL: proto.OpenACL()},
		{Type: proto.OpCreate, Path: "/app/e", Data: []byte{}, ACL: proto.OpenACL(), Flags: proto.FlagEphemeral},
		{Type: proto.OpGetChildren, Path: "/app", Watch: true},
		{Type: proto.OpGetData, Path: "/app", Watch: true},
	} {
		a.ask(op)
		w.settle()
	}
	b.ask(proto.Op{Type: proto.OpCreate, Path: "/app/f", Data: []byte("y"), ACL: proto.OpenACL(), Flags: proto.FlagEphemeral})
	w.settle()
	a.ask(proto.Op{Type: proto.OpGetData, Path: "/app", Watch: true})
	b.ask(proto.Op{Type: proto.OpExists, Path: "/none", Watch: true})
	w.settle()
	a.ask(proto.Op{Type: proto.OpGetChildren, Path: "/app", Watch: true})
	a.ask(proto.Op{Type: proto.OpGetData, Path: "/app", Watch: true})
	w.settle()
	return w
}

// wordsEnsemble is the situation of the recorded ensemble: a client has been there.
func wordsEnsemble(t *testing.T) *world {
	w := newWorld(t, 3)
	recordedSettings(&w.cfg)
	for i := range w.cfg.Servers {
		s := &w.cfg.Servers[i]
		s.QuorumAddr, s.ElectionAddr = "127.0.0.1:2888", "127.0.0.1:3888"
	}
	for _, h := range w.hosts {
		h.start()
	}
	w.run(2 * time.Second)
	c := w.client("c")
	c.connect(1, 20000, 0)
	w.settle()
	for range 300 {
		c.ask(proto.Op{Type: proto.OpSetData, Path: "/", Data: []byte{}, Version: -1})
	}
	w.settle()
	c.ask(proto.Op{Type: proto.OpCloseSession})
	w.settle()
	return w
}

func recordedSettings(cfg *node.Config) {
	cfg.TickTime, cfg.InitLimit, cfg.SyncLimit = 500*time.Millisecond, 20, 10
	cfg.MinSessionTimeout, cfg.MaxSessionTimeout = time.Second, time.Minute
	cfg.Clients.Words, cfg.Clients.Machine = []string{"*"}, someMachine{}
}

// someMachine knows what every machine knows.
type someMachine struct{}

func (someMachine) DirSizes() (data, log int64)     { return 4096, 8192 }
func (someMachine) Descriptors() (open, most int64) { return 40, 20000 }

func (someMachine) Environment() []string {
	var lines []string
	for _, key := range strings.Fields("host.name java.version java.vendor java.home java.class.path java.library.path java.io.tmpdir " +
		"java.compiler os.name os.arch os.version user.name user.home user.dir os.memory.free os.memory.max os.memory.total") {
		lines = append(lines, key+"=?")
	}
	return lines
}

// The comparison sees a line that is missing, one too many, and a changed number
// that counts.
func TestGoldenWordsNotices(t *testing.T) {
	b, err := os.ReadFile("../testdata/golden/flw/leader/srvr.txt")
	require.NoError(t, err)
	text := string(b)
	assert.Empty(t, golden.CompareWord("srvr", text, text))
	for _, other := range []string{
		strings.Replace(text, "Mode: leader", "Mode: follower", 1),
		strings.Replace(text, "Node count: 5", "Node count: 6", 1),
		strings.Replace(text, "Outstanding: 0\n", "", 1),
		strings.Replace(text, "Sent: ", "Sent: x", 1),
		text + "more\n",
	} {
		assert.NotEmpty(t, golden.CompareWord("srvr", text, other), other)
	}
	assert.NotEmpty(t, golden.CompareWord("mntr", "zk_znode_count\t5\n", "zk_znode_count\t6\n"))
	assert.NotEmpty(t, golden.CompareWord("mntr", "zk_uptime\t5\n", ""))
	assert.Empty(t, golden.CompareWord("mntr", "zk_uptime\t5\nzk_anything\t1\n", "zk_uptime\t6\n"))
}
