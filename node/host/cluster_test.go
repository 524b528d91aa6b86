package host_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/host"
	"github.com/zksim/zksim/node/host/freeport"
	"github.com/zksim/zksim/node/host/wire"
	"github.com/zksim/zksim/node/proto"
)

// ensemble is some servers in this process, on loopback and folders of the test.
type ensemble struct {
	t       *testing.T
	dir     string
	servers []node.Server
	clients []string // addresses
	hosts   []*host.Host
	change  func(*host.Config)
}

// newEnsemble starts n servers; their ports stay the same when one is started
// again.
func newEnsemble(t *testing.T, n int, change func(*host.Config)) *ensemble {
	e := &ensemble{t: t, dir: t.TempDir(), hosts: make([]*host.Host, n), change: change}
	for i := range n {
		e.servers = append(e.servers, node.Server{ID: proto.ServerID(i + 1), QuorumAddr: freePort(t), ElectionAddr: freePort(t)})
		e.clients = append(e.clients, freePort(t))
	}
	for i := range n {
		e.start(i)
	}
	t.Cleanup(func() {
		for _, h := range e.hosts {
			if h != nil {
				_ = h.Stop()
			}
		}
	})
	return e
}

func freePort(t testing.TB) string {
	port, err := freeport.Port()
	require.NoError(t, err)
	return freeport.Address(port)
}

func (e *ensemble) config(i int) host.Config {
	cfg := host.Config{
		Node: node.Config{ID: e.servers[i].ID, Servers: e.servers, TickTime: 200 * time.Millisecond, InitLimit: 10, SyncLimit: 5,
			MinSessionTimeout: 400 * time.Millisecond, MaxSessionTimeout: 60 * time.Second,
			SnapCount: 100000, CommitLogCount: 500, PreAllocSize: 1 << 20, SessionSecret: []byte("test")},
		DataDir:     filepath.Join(e.dir, fmt.Sprint(i+1)),
		Listen:      [3]string{e.clients[i], e.servers[i].QuorumAddr, e.servers[i].ElectionAddr},
		BindRetries: 3,
	}
	if os.Getenv("ZKHOST_LOG") != "" {
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("myid", i+1)
	}
	if e.change != nil {
		e.change(&cfg)
	}
	return cfg
}

func (e *ensemble) start(i int) {
	h, err := host.Start(e.config(i))
	require.NoError(e.t, err)
	e.hosts[i] = h
}

// kill ends a server without a word to anybody.
func (e *ensemble) kill(i int) {
	e.hosts[i].Kill()
	e.hosts[i] = nil
}

// eventually waits for something that other goroutines bring about.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); {
		require.True(t, time.Now().Before(deadline), what)
		time.Sleep(2 * time.Millisecond)
	}
}

// leader waits until all that run serve, and gives the one that leads.
func (e *ensemble) leader() int {
	e.t.Helper()
	found := -1
	eventually(e.t, "a leader, and all that run serve", func() bool {
		found = -1
		for i, h := range e.hosts {
			serving := true
			if h != nil {
				h.Look(func(n *node.Node) {
					serving = n.Serving()
					if n.Role() == node.RoleLeading {
						found = i
					}
				})
			}
			if !serving {
				return false
			}
		}
		return found >= 0
	})
	return found
}

func (e *ensemble) dial(i int) *wire.Conn {
	e.t.Helper()
	c, err := wire.Dial(e.clients[i], wire.Hello{})
	require.NoError(e.t, err)
	e.t.Cleanup(func() { _ = c.Close() })
	return c
}

func call(t testing.TB, c *wire.Conn, op proto.Op) wire.Answer {
	t.Helper()
	a, err := c.Call(op)
	require.NoError(t, err)
	return a
}

func create(path, data string) proto.Op {
	return proto.Op{Type: proto.OpCreate, Path: path, Data: []byte(data), ACL: proto.OpenACL()}
}

func get(path string) proto.Op { return proto.Op{Type: proto.OpGetData, Path: path} }
