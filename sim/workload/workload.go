// Package workload is what the clients of a run do: a mixture of conditional
// updates, blind sets, sequential creates and deletes, ephemerals and the death
// of sessions, multi, watches, sync-then-read and plain reads, on znodes of
// which each client prefers few. Every call goes into a history.
//
// The load is open: each client begins a task after a drawn gap, whether or not
// its earlier requests have been answered, but has no more than a few of them
// outstanding. What a client does is drawn from streams of its own.
//
// The package imports linearizability (for the history), node/proto, sim/client
// and sim/rng.
package workload

import (
	"time"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/rng"
)

// Config says how much the clients do. The zero value of a field means its default.
type Config struct {
	Clients     int           // of the run; default 10
	Nodes       int           // znodes; default 1000
	ValueSize   int           // bytes of a value, at least 24; default 100
	Gap         time.Duration // mean time between two tasks of a client, which make 1.3 requests each; default 130 ms
	Outstanding int           // requests of one client, at which it begins no task; default 4
	Deaths      int64         // one task in so many ends the session instead; default 400, below 0: none
}

func (c Config) withDefaults() Config {
	c.Clients = defaulted(c.Clients, 10)
	c.Nodes = defaulted(c.Nodes, 1000)
	c.ValueSize = max(defaulted(c.ValueSize, 100), 24)
	c.Gap = defaulted(c.Gap, 130*time.Millisecond)
	c.Outstanding = defaulted(c.Outstanding, 4)
	c.Deaths = defaulted(c.Deaths, 400)
	return c
}

func defaulted[T int | int64 | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// Workload is what all clients of a run share.
type Workload struct {
	cfg     Config
	src     rng.Source
	history *linearizability.History
	tree    *tree
	acl     []proto.ACL
}

// New returns the workload of a run, which records into h.
func New(cfg Config, src rng.Source, h *linearizability.History) *Workload {
	cfg = cfg.withDefaults()
	return &Workload{cfg: cfg, src: src, history: h, tree: newTree(cfg.Nodes), acl: proto.OpenACL()}
}

// Session is what a generator needs of a client; *client.Client has it.
type Session interface {
	Start()
	Die()
	Do(op *proto.Op, done client.Completion, tag int) int32
	State() client.State
	Session() proto.SessionID
	LastZxid() proto.Zxid
}

// Env is what a generator needs of its driver.
type Env interface {
	// Step is the number of the event that is being handled, from 1.
	Step() uint64
	// After asks for one Tick after a span above 0; asking again replaces it.
	After(span time.Duration)
}

// The streams of a client.
const (
	kindGap  uint16 = iota // time until the next task, and until a client returns
	kindTask               // what to do
	kindNode               // where
	kindEnd                // whether and how to end the session
)

// Client returns the generator of a client, numbered from 1. It is the Watcher
// of its session, so it comes first; Attach makes the two complete.
func (w *Workload) Client(n int, env Env) *Generator {
	g := &Generator{w: w, env: env, n: n, over: true}
	g.gaps, g.tasks = g.stream(kindGap), g.stream(kindTask)
	g.places, g.ends = g.stream(kindNode), g.stream(kindEnd)
	g.slots = make([]slot, w.cfg.Outstanding+2)
	g.nodes = make([]nodeView, w.cfg.Nodes)
	g.share = w.tree.share(n, w.cfg.Clients)
	g.favourites = favourites(n, w.cfg)
	return g
}

func (g *Generator) stream(kind uint16) rng.Stream {
	return g.w.src.Stream(rng.Key{Host: int32(g.n), Purpose: rng.PurposeWorkload, Kind: kind})
}

// favouriteNodes is how many znodes a client prefers.
const favouriteNodes = 16

// favourites are the first nodes of a client's share of the groups.
func favourites(client int, cfg Config) []int {
	var out []int
	for group := client - 1; group*groupSize < cfg.Nodes; group += cfg.Clients {
		for i := group * groupSize; i < min(cfg.Nodes, (group+1)*groupSize); i++ {
			if len(out) == favouriteNodes {
				return out
			}
			out = append(out, i)
		}
	}
	return out
}
