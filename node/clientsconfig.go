package node

import (
	"cmp"
	"slices"
	"time"
)

// ClientsConfig bears on the connections of clients. The zero value is what
// ZooKeeper 3.8.0 does by default, but that their number is not bounded.
type ClientsConfig struct {
	MaxPerAddress int           // connections from one address (maxClientCnxns); 0 is no bound
	MaxConns      int           // connections of all clients (maxCnxns); 0 is no bound
	Sessionless   time.Duration // a connection may be without a session (nio.sessionlessCnxnTimeout); 0 is 10 s
	MaxUnsent     int           // bytes that may wait for a client who does not read; 0 is 64 MiB
	MaxWatches    int64         // bytes that the watches of a connection may take (maxWatchBytes); 0 is 256 MiB

	Tokens     int           // ConnectRequests that may come at once (connection_throttle_tokens); 0 is no bound
	TokenEvery time.Duration // after which there are more (connection_throttle_fill_time); 0 is 1 ms
	TokenCount int           // how many more (connection_throttle_fill_count); 0 is 1

	Outstanding   int           // requests of the ensemble's clients (globalOutstandingLimit); 0 is 1000
	MaxRequests   int           // requests in the pipeline of this server (request_throttle_max_requests); 0 is no bound
	KeepStale     bool          // of those that wait to enter it, those are carried out whose connections have gone (request_throttle_drop_stale=false)
	ThrottledWait time.Duration // a request that waited longer to enter it is answered THROTTLEDOP (throttled_op_wait_time); 0 is never
	LargeRequest  int           // bytes from which on a request is large (largeRequestThreshold); 0 is never
	LargeMax      int64         // bytes of all large requests at a time (largeRequestMaxBytes); 0 is 100 MiB

	Words []string // four-letter words that are answered (4lw.commands.whitelist): nil is srvr, "*" is all

	// What the four-letter words show.
	Port            int    // of clients
	DataDir, LogDir string // with version-2
	Version         string // "" is one that names no build
	Machine         Machine
}

// Machine is what four-letter words tell of the machine and only the driver
// knows. A nil Machine knows nothing.
type Machine interface {
	DirSizes() (data, log int64)     // bytes in the directories
	Descriptors() (open, most int64) // of files; -1 is not known
	Environment() []string           // lines of the form key=value
}

const (
	sessionlessDefault = 10 * time.Second
	maxUnsentDefault   = 64 << 20
	maxWatchesDefault  = 256 << 20
	tokenEveryDefault  = time.Millisecond
	outstandingDefault = 1000
	largeMaxDefault    = 100 << 20

	// versionDefault is the version of the protocol, whose recordings this server
	// agrees with.
	versionDefault = "3.8.0-zksim, built on 2026-01-01 00:00 UTC"
)

func (c ClientsConfig) withDefaults() ClientsConfig {
	c.Sessionless = cmp.Or(c.Sessionless, sessionlessDefault)
	c.MaxUnsent = cmp.Or(c.MaxUnsent, maxUnsentDefault)
	c.MaxWatches = cmp.Or(c.MaxWatches, maxWatchesDefault)
	c.TokenEvery = cmp.Or(c.TokenEvery, tokenEveryDefault)
	c.TokenCount = cmp.Or(c.TokenCount, 1)
	c.Outstanding = cmp.Or(c.Outstanding, outstandingDefault)
	c.LargeMax = cmp.Or(c.LargeMax, largeMaxDefault)
	if c.Words == nil {
		c.Words = []string{"srvr"}
	}
	c.Version = cmp.Or(c.Version, versionDefault)
	if c.Machine == nil {
		c.Machine = noMachine{}
	}
	return c
}

// listed reports whether a four-letter word is answered.
func (c *ClientsConfig) listed(word string) bool {
	return slices.Contains(c.Words, word) || slices.Contains(c.Words, "*")
}

// noMachine is the machine of a server of which nothing is known.
type noMachine struct{}

func (noMachine) DirSizes() (data, log int64)     { return 0, 0 }
func (noMachine) Descriptors() (open, most int64) { return -1, -1 }
func (noMachine) Environment() []string           { return nil }
