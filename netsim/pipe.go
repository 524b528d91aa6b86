package netsim

import "time"

// ack is an acknowledgement on its way back to the writer.
type ack struct {
	at    time.Duration // when it is there
	bytes int           // how much room it frees
}

// pipe is one direction of a stream: its bytes and its room.
//
//	written ──────────────────────────────► acknowledged
//	[ in flight | waiting ]  [ acks on their way | acks lost ]
//	 bytes in data            bytes already read
//	 ◄───────────────────── used ────────────────────────►
//
// used is the sum of the four unless the pipe is deaf: then nobody will ever
// read or acknowledge what is written.
type pipe struct {
	path     *path      // that its packets take; acknowledgements take the other pipe's
	repair   *repair    // nil while no packet is missing
	probe    *probe     // nil while no acknowledgement is missing
	room     int        // how much it holds; used is above it for a while when it shrinks
	data     fifo[byte] // waiting bytes, then those in flight
	inFlight int        // how many of data have not arrived
	used     int        // bytes that occupy room
	acks     fifo[ack]
	lastSent time.Duration // arrival of the latest packet; none overtakes it
	blocked  bool          // the last Write was cut short, Writable is owed
	waking   bool          // an event is scheduled for the first of acks
	finished bool          // the writer's FIN has arrived
	deaf     bool          // the reading end is gone
}

// lead makes a new pipe take a path, with the given room unless a fault limits it.
func (p *pipe) lead(path *path, room int) {
	p.path, p.room = path, room
	if path.sndbuf > 0 {
		p.room = path.sndbuf
	}
}

// waiting is how many bytes have arrived and were not read.
func (p *pipe) waiting() int { return p.data.len() - p.inFlight }

// settle takes in the acknowledgements that have arrived by now.
func (p *pipe) settle(now time.Duration) {
	for p.acks.len() > 0 && p.acks.oldest().at <= now {
		p.used -= p.acks.pop(1)[0].bytes
	}
}

// put stores bytes that leave now.
func (p *pipe) put(b []byte) {
	p.used += len(b)
	if !p.deaf {
		p.data.push(b...)
		p.inFlight += len(b)
	}
}

// acknowledge notes that the writer learns at the given instant of bytes read,
// or later: settle goes in order, so no acknowledgement overtakes another.
func (p *pipe) acknowledge(at time.Duration, bytes int) {
	if p.acks.len() > 0 && p.acks.newest().at == at {
		p.acks.newest().bytes += bytes
		return
	}
	p.acks.pushOne(ack{at, bytes})
}

// deafen forgets the bytes that nobody will read any more.
func (p *pipe) deafen() {
	p.data.clear()
	p.inFlight, p.deaf = 0, true
}

// reset makes the pipe new but keeps its buffers.
func (p *pipe) reset() {
	p.data.clear()
	p.acks.clear()
	*p = pipe{data: p.data, acks: p.acks}
}
