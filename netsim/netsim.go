// Package netsim is the network of a simulation: hosts, and byte streams
// between them.
//
// A stream is ordered and reliable, has a delay with jitter in each direction,
// and a finite amount of room: bytes that the peer's application has not taken
// yet occupy it, and a full stream takes no more, which is how a blocked writer
// comes about. Silence is not close: when a host crashes or is cut off, its
// peers keep half-open ends until they send something to a host that is back
// and does not know them, or give up by themselves.
//
// # From Write to delivery
//
//	Write ──► pipe ──► transmit ──► vtime ──► Handle ──► Listener ──► Read
//	          room,    when does              bytes      driver       ack frees
//	          bytes    it arrive                                      room later
//
// Every packet, whether a segment of data, a part of the handshake, a FIN or a
// reset, leaves through transmit, which alone decides when it arrives: after a
// delay drawn for its link, and never before the packet sent ahead of it on the
// same stream. A Write is one segment and costs one event. Acknowledgements are
// bookkeeping of the pipe and cost an event only while a writer waits for one.
//
// # Faults
//
// Each ordered pair of hosts has its own: an impairment (Netem: further delay,
// jitter, loss), cuts (Blackhole), Refuse, NoReset, Clog, a send buffer; a port
// has MaxConn. Clear undoes those of a pair, Heal all. A path without faults
// costs nothing and draws nothing for them.
//
// Loss and cuts take packets, never bytes of a stream. A packet that did not
// get through begins a repair of its pipe and holds back all behind it:
//
//   - It is sent again when its timer runs out: 200 ms + a mean round trip after
//     it was sent, twice as long after each further loss, at most 120 s; after
//     1, 3, 7, … s for the packets of the handshake. After a timeout nothing new
//     leaves before an answer is back.
//   - It is sent again earlier, about one round trip and a quarter after it was
//     lost, if a packet sent after it has arrived and the answer does too.
//   - When the answer to a repaired gap is back, all other gaps sent before it
//     are sent again at once.
//   - A reset is sent once. Whoever crashes repeats nothing.
//
// So a cut ends for a stream at its next retransmission, not at once; while a
// path is cut its timers sleep, and what they did is computed when it opens. A
// lost acknowledgement (of bytes that were read) delays the freeing of room
// until the next one, or until the writer's timer has asked for it again.
//
// Known to differ from a kernel: packets are as large as the Write, there is
// neither a congestion window nor a tail probe, timers use the mean delay of the
// links instead of samples, and a cut of the acknowledgements alone does not
// stop the data before the room is used up. A measured model would replace
// repair and probe; everything above (room, blocked writers, Listener) and below
// (arrival in order, reset of unknown ends) would stay as it is.
//
// The package imports sim/rng and sim/vtime only. It never blocks and never
// calls back from within one of its own methods, except Handle, which runs an
// event of class Class and reports through Listener.
package netsim

import "time"

// HostID numbers hosts from 0 in a run: servers and clients alike.
type HostID int32

// Port is a listening port of a host.
type Port int32

// EndID names one end of a stream. 0 is none. Ids are never reused in a run.
type EndID int64

// Listener is told what happens to streams, always from within Handle.
type Listener interface {
	// Accepted: a peer has connected to a port that host listens on.
	Accepted(host HostID, port Port, end EndID, peer HostID)
	// Connected: the stream that host dialled is established.
	Connected(host HostID, end EndID)
	// ConnectFailed: nobody listens there (the dialler's own timeout is its own business).
	ConnectFailed(host HostID, end EndID)
	// Readable: bytes have arrived at an end that had none waiting. A reader that
	// leaves bytes unread is not told again until it has taken them all.
	Readable(host HostID, end EndID)
	// Writable: an end whose last Write was cut short has room again.
	Writable(host HostID, end EndID)
	// Closed: the peer closed (all bytes before it have been delivered and read)
	// or the stream was reset. The end is gone.
	Closed(host HostID, end EndID, reset bool)
}

// Class marks the events of this package in the clock's queue.
const Class = 1

// Link is the path from one host to another, in one direction.
type Link struct {
	DelayMin, DelayMax time.Duration // uniform in between, both included
}
