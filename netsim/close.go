package netsim

// Close ends a stream. The local end is gone at once and hears nothing more.
// The bytes written before still arrive, then the peer's stream is closed; it
// is reset instead if bytes lay here that nobody had read. What the peer
// sends afterwards reaches an unknown end and is answered by a reset.
func (n *Network) Close(id EndID) {
	if e := n.end(id); e.known() && !e.is(gone) {
		n.hangUp(e)
	}
}

// hangUp tells the peer, if there is anything to tell, and drops the end.
func (n *Network) hangUp(e side) {
	switch {
	case e.peer().is(gone) || e.is(dialling):
	case e.is(pending) || e.in().waiting() > 0:
		n.transmit(e, packetReset, 0)
	default:
		n.transmit(e, packetFin, 0)
	}
	n.drop(e)
}

// finArrived runs at the end whose peer has closed. All bytes have arrived;
// Closed waits until they are read.
func (n *Network) finArrived(e side) {
	e.in().finished = true
	if e.in().waiting() == 0 {
		n.closed(e, false)
	}
}

// drained runs when the last byte before the FIN has been read.
func (n *Network) drained(e side) {
	if e.is(open) {
		n.closed(e, false)
	}
}

// resetArrived runs at whatever is left of an end. Bytes that nobody has read
// are lost. Only a fault resets a pending end, of which nobody has been told: a
// dialler that goes without a FIN takes it along, and one that was Connected
// leaves by a FIN.
func (n *Network) resetArrived(e side) {
	switch e.end().state {
	case dialling:
		host, id := e.end().host, e.id()
		n.drop(e)
		n.listener.ConnectFailed(host, id)
	case pending:
		n.drop(e)
	case open:
		n.closed(e, true)
	}
}

func (n *Network) closed(e side, reset bool) {
	host, id := e.end().host, e.id()
	n.drop(e)
	n.listener.Closed(host, id, reset)
}

// answerUnknown resets the sender of a packet that found no end, unless the
// host is down, or nobody is left there to be told.
func (n *Network) answerUnknown(e side) {
	if n.hosts[e.end().host].up && !e.peer().is(gone) {
		n.transmit(e, packetReset, 0)
	}
}
