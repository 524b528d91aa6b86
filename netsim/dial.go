package netsim

import (
	"fmt"
	"slices"
)

// A stream begins with three packets, each taking the delay of its link:
//
//	dialler                          acceptor
//	Dial        ──── syn ─────────►  listening? remember it, else reset
//	Connected   ◄─── syn-ack ──────
//	            ──── established ─►  Accepted
//
// Whoever crashes in between is found out by the next packet, as in TCP.

// Listen lets a host that is up accept streams at a port.
func (n *Network) Listen(id HostID, port Port) {
	h := n.mustBeUp(id, "listen")
	if !slices.Contains(h.listening, port) {
		h.listening = append(h.listening, port)
	}
}

// Unlisten stops accepting at a port. Streams that were not accepted yet are
// reset; accepted ones go on.
func (n *Network) Unlisten(id HostID, port Port) {
	h := &n.hosts[id]
	h.listening = slices.DeleteFunc(h.listening, func(p Port) bool { return p == port })
	for next := h.first; next != 0; {
		e := n.end(next)
		next = e.end().next
		if e.is(pending) && e.stream.port == port {
			n.hangUp(e)
		}
	}
}

// Dial begins a stream from a host that is up and returns its end. One round
// trip later it is Connected, or ConnectFailed if nobody listens there. If the
// other host is down nothing is ever heard: give up by Close. Until Connected
// the end takes no bytes.
func (n *Network) Dial(from, to HostID, port Port) EndID {
	n.mustBeUp(from, "dial")
	e := side{n.newStream(from, to, port), diallingSide}
	n.begin(e, dialling)
	n.transmit(e, packetSyn, 0)
	return e.id()
}

func (n *Network) mustBeUp(id HostID, what string) *host {
	h := &n.hosts[id]
	if !h.up {
		panic(fmt.Sprintf("netsim: host %d is down and cannot %s", id, what))
	}
	return h
}

// synArrived runs at the accepting side. A SYN that is repeated can find an end
// that has begun already, and one whose process died since then: the dialler has
// written nothing yet, so the end begins anew.
func (n *Network) synArrived(e side) {
	h := &n.hosts[e.end().host]
	if !h.up || e.is(open) {
		return
	}
	if e.is(pending) {
		n.transmit(e, packetSynAck, 0)
		return
	}
	if !slices.Contains(h.listening, e.stream.port) || e.in().path.refusals > 0 || n.full(h, e.stream.port) {
		n.transmit(e, packetReset, 0)
		return
	}
	e.in().deaf = false
	n.begin(e, pending)
	n.transmit(e, packetSynAck, 0)
}

// synAckArrived runs at the dialling side, which still waits: had it gone, the
// whole stream would have gone with it, and any reset comes after this packet.
// A second answer comes to one that asked again because a reset was suppressed
// while the first was in flight.
func (n *Network) synAckArrived(e side) {
	if !e.is(dialling) {
		return
	}
	e.end().state = open
	n.transmit(e, packetEstablished, 0)
	n.listener.Connected(e.end().host, e.id())
}

// establishedArrived runs at the accepting side.
func (n *Network) establishedArrived(e side) {
	if !e.is(pending) {
		n.answerUnknown(e)
		return
	}
	e.end().state = open
	n.listener.Accepted(e.end().host, e.stream.port, e.id(), e.peer().end().host)
}
