package conformance

import (
	"slices"
	"sync"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// World is two servers, 1 and 2, whose processes are driven by the driver that
// is to be judged. None runs at first.
type World interface {
	// Start starts the process of a server with a new Puppet for a core.
	Start(id proto.ServerID)
	// Puppet is the core of a server's last process.
	Puppet(id proto.ServerID) *Puppet
	// Kill ends a process as its death would.
	Kill(id proto.ServerID)
	// Do has a server's driver carry out an output, as if its core had just
	// returned it from a step.
	Do(id proto.ServerID, out *node.Output)
	// Go lets time pass until something is so, and reports false if that does not
	// come about within a span.
	Go(within time.Duration, so func() bool) bool
	// Rest lets 100 ms pass.
	Rest()
	// Files are those of a server.
	Files(id proto.ServerID) store.FS
}

// Puppet is a core that does nothing and keeps what it was told. The driver may
// step it on a goroutine of its own.
type Puppet struct {
	Recovered *store.Recovered // with which its process began

	mu   sync.Mutex
	told []node.Input
}

// Step is what a driver calls.
func (p *Puppet) Step(in *node.Input) *node.Output {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := *in
	was.Data = slices.Clone(in.Data)
	p.told = append(p.told, was)
	return &node.Output{}
}

// Told gives the inputs so far; with kinds only those.
func (p *Puppet) Told(kinds ...node.EventKind) []node.Input {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []node.Input
	for _, in := range p.told {
		if len(kinds) == 0 || slices.Contains(kinds, in.Kind) {
			list = append(list, in)
		}
	}
	return list
}

// count is how many inputs of a kind there were.
func (p *Puppet) count(k node.EventKind) int { return len(p.Told(k)) }

// received joins the bytes that came on a connection.
func (p *Puppet) received(c node.ConnID) []byte {
	var all []byte
	for _, in := range p.Told(node.EventReceived) {
		if in.Conn == c {
			all = append(all, in.Data...)
		}
	}
	return all
}

// Spoilt is a world whose driver does something wrong: every output is altered
// before it is carried out.
type Spoilt struct {
	World
	Alter func(*node.Output)
}

// Do is part of World.
func (s Spoilt) Do(id proto.ServerID, out *node.Output) {
	s.Alter(out)
	s.World.Do(id, out)
}
