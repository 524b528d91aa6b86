package netsim

import (
	"fmt"
	"time"

	"github.com/zksim/zksim/sim/rng"
)

// Kinds of draws for one ordered pair of hosts.
const (
	drawPacket uint16 = iota // delay of a packet
	drawAck                  // delay of an acknowledgement
)

// path is what lies between one host and another, in one direction.
type path struct {
	link         Link
	own          bool // link is set for this pair; else the default holds
	packets, ack rng.Stream
}

// SetDefaultLink sets the link of every ordered pair that has none of its own.
// It holds for packets sent from now on. A new network has links without delay.
func (n *Network) SetDefaultLink(l Link) {
	l.mustBeSound()
	n.link = l
}

// SetLink sets the link from one host to another, for packets sent from now on.
func (n *Network) SetLink(from, to HostID, l Link) {
	l.mustBeSound()
	p := n.path(from, to)
	p.link, p.own = l, true
}

func (l Link) mustBeSound() {
	if l.DelayMin < 0 || l.DelayMax < l.DelayMin {
		panic(fmt.Sprintf("netsim: link with a delay between %v and %v", l.DelayMin, l.DelayMax))
	}
}

// path returns the path of a pair, valid until the next call.
func (n *Network) path(from, to HostID) *path {
	if paths := n.hosts[from].paths; int(to) < len(paths) {
		return &paths[to]
	}
	return n.newPath(from, to)
}

func (n *Network) newPath(from, to HostID) *path {
	h := &n.hosts[from]
	for peer := len(h.paths); peer <= int(to); peer++ {
		key := rng.Key{Host: int32(from), Purpose: rng.PurposeLink, Peer: int32(peer)}
		p := path{}
		key.Kind = drawPacket
		p.packets = n.src.Stream(key)
		key.Kind = drawAck
		p.ack = n.src.Stream(key)
		h.paths = append(h.paths, p)
	}
	return &h.paths[to]
}

// current is the link that holds for the path.
func (p *path) current(otherwise Link) Link {
	if p.own {
		return p.link
	}
	return otherwise
}

// packetDelay draws how long a packet takes.
func (n *Network) packetDelay(from, to HostID) time.Duration {
	p := n.path(from, to)
	l := p.current(n.link)
	return p.packets.Duration(l.DelayMin, l.DelayMax)
}

// ackDelay draws how long an acknowledgement takes. It has a stream of its own,
// so that when an application reads does not change how long packets travel.
func (n *Network) ackDelay(from, to HostID) time.Duration {
	p := n.path(from, to)
	l := p.current(n.link)
	return p.ack.Duration(l.DelayMin, l.DelayMax)
}
