package host

import (
	"log/slog"
	"net"
	"time"

	"github.com/zksim/zksim/node"
)

// Config says which server to run, and where.
type Config struct {
	Node node.Config

	// DataDir holds snapshots and epochs, LogDir the transaction log, each in a
	// folder version-2 that is made if need be. An empty LogDir is DataDir.
	DataDir, LogDir string

	// Listen gives, by port, the address to listen on: host:port, or "" for none.
	// Listeners that are given are used instead, and belong to the host.
	Listen    [numPorts]string
	Listeners [numPorts]net.Listener

	// MaxClientConns bounds the connections of clients from one address, and
	// MaxConns those of all clients; 0 is no bound.
	// They go into Node.Clients.
	MaxClientConns, MaxConns int

	KeepAlive    bool          // TCP keep-alive between servers
	ClientAlive  bool          // TCP keep-alive on connections of clients
	FsyncWarning time.Duration // an fsync that takes longer is logged; 0 never
	NoSync       bool          // forceSync=no: an fsync of the log does nothing
	BindRetries  int           // attempts to listen on the election port, a second apart; 0 for ever

	// PurgeInterval is how often old snapshots and logs are removed, so that
	// PurgeRetain snapshots stay; 0 never.
	PurgeInterval time.Duration
	PurgeRetain   int

	Logger *slog.Logger     // nil discards
	Clock  func() time.Time // nil: the machine's; tests let time pass by hand
}

// leaderDialDelay is shorter than node's own: a follower of a real ensemble that
// has decided a millisecond before its leader should not cost clients 100 of them.
const leaderDialDelay = 10 * time.Millisecond

const numPorts = int(node.PortElection) + 1

func (c Config) withDefaults() Config {
	if c.LogDir == "" {
		c.LogDir = c.DataDir
	}
	if c.Node.LeaderDialDelay == 0 {
		c.Node.LeaderDialDelay = leaderDialDelay
	}
	c.Node.DiskCopies = true
	n := &c.Node.Clients
	n.MaxPerAddress, n.MaxConns = c.MaxClientConns, c.MaxConns
	n.DataDir, n.LogDir = versionOf(c.DataDir), versionOf(c.LogDir)
	if n.Machine == nil {
		n.Machine = newMachine(n.DataDir, n.LogDir)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// portNames are the words of logs.
var portNames = [numPorts]string{"client", "quorum", "election"}
