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
	drawPacketLoss
	drawPacketJitter
	drawAckLoss
	drawAckJitter
)

// path is what lies between one host and another, in one direction.
type path struct {
	link          Link
	own           bool // link was set for this pair; else it is the default
	packets, acks rng.Stream
	faulty        bool // what is sent must look into trouble
	trouble
}

// SetDefaultLink sets the link of every ordered pair that has none of its own.
// It holds for packets sent from now on. A new network has links without delay.
func (n *Network) SetDefaultLink(l Link) {
	l.mustBeSound()
	n.link = l
	for _, h := range n.hosts {
		for _, p := range h.paths {
			if p != nil && !p.own {
				p.link = l
			}
		}
	}
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

// path returns the path of a pair, made when it is first asked for.
func (n *Network) path(from, to HostID) *path {
	h := &n.hosts[from]
	for len(h.paths) <= int(to) {
		h.paths = append(h.paths, nil)
	}
	if h.paths[to] == nil {
		h.paths[to] = n.newPath(from, to)
	}
	return h.paths[to]
}

func (n *Network) newPath(from, to HostID) *path {
	return &path{
		link:    n.link,
		packets: n.linkDraws(from, to, drawPacket),
		acks:    n.linkDraws(from, to, drawAck),
	}
}

func (n *Network) linkDraws(from, to HostID, kind uint16) rng.Stream {
	return n.src.Stream(rng.Key{Host: int32(from), Purpose: rng.PurposeLink, Peer: int32(to), Kind: kind})
}

// packetDelay draws how long a packet takes.
func (p *path) packetDelay() time.Duration {
	return p.packets.Duration(p.link.DelayMin, p.link.DelayMax)
}

// ackDelay draws how long an acknowledgement takes. It has a stream of its own,
// so that when an application reads does not change how long packets travel.
func (p *path) ackDelay() time.Duration {
	return p.acks.Duration(p.link.DelayMin, p.link.DelayMax)
}
