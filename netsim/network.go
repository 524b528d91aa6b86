package netsim

import (
	"fmt"

	"github.com/zksim/zksim/sim/rng"
	"github.com/zksim/zksim/sim/vtime"
)

// DefaultRoom is how many bytes one direction of a stream holds unless SetRoom
// says otherwise.
const DefaultRoom = 256 << 10

// Network is all hosts of a run and the streams between them.
type Network struct {
	clock    *vtime.Clock
	src      rng.Source
	listener Listener
	room     int
	link     Link // of every pair that has none of its own
	hosts    []host
	streams  []*stream // by EndID / 2; nil when both ends are gone
	spare    []*stream // to be used again, with their buffers
	stalled  int       // paths that are clogged or have a backlog

	spareRepairs []*repair
	spareProbes  []*probe
}

// New returns a network without hosts. Its events go onto clock with class
// [Class]; whoever runs the clock hands them to Handle. What happens is told to l.
func New(clock *vtime.Clock, src rng.Source, l Listener) *Network {
	return &Network{clock: clock, src: src, listener: l, room: DefaultRoom, streams: make([]*stream, 1)}
}

// SetRoom sets how many bytes, at least 1, each direction of a stream holds
// that is dialled from now on.
func (n *Network) SetRoom(bytes int) {
	if bytes < 1 {
		panic(fmt.Sprintf("netsim: room for %d bytes", bytes))
	}
	n.room = bytes
}

// host is one machine: its listening ports and its ends.
type host struct {
	up          bool
	paths       []*path // by destination; nil until first used
	listening   []Port
	limits      []portLimit
	boots       int   // how often it has crashed
	first, last EndID // its ends, a list in order of their beginning
}

// AddHost adds a host that is up and returns its id, one more than the last.
func (n *Network) AddHost() HostID {
	n.hosts = append(n.hosts, host{up: true})
	return HostID(len(n.hosts) - 1)
}

// Up reports whether a host is running and reachable.
func (n *Network) Up(id HostID) bool { return n.hosts[id].up }

// Start makes a crashed host reachable again. It knows nothing of its former
// streams: it answers their packets with a reset.
func (n *Network) Start(id HostID) { n.hosts[id].up = true }

// Crash takes the power from a host: its listeners and ends are gone, nobody is
// told, packets that arrive there vanish until Start. What it had written
// before is on the wire and still arrives, unless a packet of it was lost.
func (n *Network) Crash(id HostID) {
	h := &n.hosts[id]
	h.up = false
	h.boots++
	h.listening = h.listening[:0]
	for h.first != 0 {
		n.drop(n.end(h.first))
	}
}

// Kill ends the processes of a host that stays up: its listeners are gone, and
// each end closes as [Network.Close] says.
func (n *Network) Kill(id HostID) {
	h := &n.hosts[id]
	h.listening = h.listening[:0]
	for h.first != 0 {
		n.hangUp(n.end(h.first))
	}
}
