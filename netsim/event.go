package netsim

import (
	"time"

	"github.com/zksim/zksim/sim/vtime"
)

// Kinds of events. A packet is an event at the end that it is sent to.
const (
	packetSyn uint8 = iota + 1
	packetSynAck
	packetEstablished
	packetData // B is its size in bytes
	packetFin
	packetReset
	eventRoom    // an acknowledgement reaches a blocked writer
	eventDrained // the last byte before a FIN has been read
	packetProbe  // asks for an acknowledgement again
	eventResend  // a packet is missing for long enough to be sent again
	eventProbe   // an acknowledgement is missing for long enough to be asked for
	eventReset   // a fault resets an end
	eventWiden   // a blocked writer is given more room
	eventUnclog  // the next packet of a backlog: A is the sending host, B how many are left
)

// transmit sends a packet from an end, which may be gone, to its peer. Packets
// of one direction arrive in the order in which they were sent.
func (n *Network) transmit(from side, kind uint8, size int64) {
	out := from.out()
	if out.path.faulty || out.repair != nil {
		n.transmitFaulty(from, kind, size)
		return
	}
	n.deliver(from, kind, size, n.clock.Now()+out.path.packetDelay())
}

// deliver lets a packet arrive at the given instant, or when the one before it does.
func (n *Network) deliver(from side, kind uint8, size int64, at time.Duration) {
	out := from.out()
	out.lastSent = max(out.lastSent, at)
	n.schedule(out.lastSent, from.peer(), kind, size)
}

func (n *Network) schedule(at time.Duration, e side, kind uint8, size int64) {
	n.clock.Schedule(at, vtime.Event{Class: Class, Kind: kind, Host: int32(e.end().host), A: int64(e.id()), B: size})
}

// Handle runs an event of class [Class] and tells the Listener what came of it,
// as the last thing it does. It returns a digest of the event's kind, end and
// size and of the bytes that it delivers.
func (n *Network) Handle(ev vtime.Event) uint64 {
	if n.stalled > 0 {
		return n.handleStalled(ev)
	}
	return n.handle(ev)
}

func (n *Network) handle(ev vtime.Event) uint64 {
	e := n.end(EndID(ev.A))
	digest := mix(uint64(ev.A)<<8|uint64(ev.Kind), uint64(ev.B))
	if !e.known() {
		return digest // both ends are gone: nobody is there, nobody is to be told
	}
	switch ev.Kind {
	case packetSyn:
		n.synArrived(e)
	case packetSynAck:
		n.synAckArrived(e)
	case packetEstablished:
		n.establishedArrived(e)
	case packetReset:
		n.resetArrived(e)
	case eventRoom:
		n.roomFreed(e)
	case eventDrained:
		n.drained(e)
	case eventResend:
		n.resendDue(e)
	case packetProbe:
		n.probeArrived(e)
	case eventProbe:
		n.probeDue(e)
	case eventReset:
		n.resetArrived(e)
	case eventWiden:
		n.roomFreed(e)
	default:
		return n.handleOpen(e, ev, digest)
	}
	return digest
}

// handleOpen runs the packets that only an open end understands.
func (n *Network) handleOpen(e side, ev vtime.Event, digest uint64) uint64 {
	switch {
	case !e.is(open):
		n.answerUnknown(e)
	case ev.Kind == packetFin:
		n.finArrived(e)
	case ev.Kind == packetData:
		digest = mixBytes(digest, e.arriving(int(ev.B)))
		n.dataArrived(e, int(ev.B))
	}
	return digest
}
