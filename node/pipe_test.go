package node_test

import (
	"slices"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// pipeSize is what each direction of a connection holds.
const pipeSize = 64 << 10

// link is a connection: two ends, each of which reads what the other one wrote.
// ends[0] made it.
type link struct {
	w      *world
	port   node.Port
	target *host // of a dial that is not answered yet; else nil
	broken bool  // nothing more gets through
	ends   [2]*end
	traces [2]tracer // of what each end sent, on the quorum port
}

// end belongs to a server, to a client, or to somebody who reads and says nothing.
type end struct {
	link   *link
	peer   *end
	host   *host
	client *client
	tap    *tap
	id     node.ConnID
	buf    []byte // on its way to this end
	fin    bool   // and behind it nothing: the other end has closed
	open   bool
	shut   bool // this end does not want to read
}

func (w *world) newLink(p node.Port) *link {
	l := &link{w: w, port: p}
	a, b := &end{link: l, open: true}, &end{link: l}
	a.peer, b.peer = b, a
	l.ends = [2]*end{a, b}
	w.links = append(w.links, l)
	return l
}

func (w *world) dial(h *host, d node.Dial) {
	l := w.newLink(d.Port)
	l.target = w.host(d.Peer)
	if d.Port == node.PortElection {
		w.log("dials", "%v dials %v for votes", h.id, d.Peer)
	}
	l.ends[0].host, l.ends[0].id = h, d.Conn
	h.ends[d.Conn] = l.ends[0]
}

func (h *host) send(s node.Send) {
	e := h.ends[s.Conn]
	if e == nil {
		return
	}
	if len(s.Data) > pipeSize-len(e.peer.buf) {
		h.w.t.Fatalf("%v sends %d bytes into room for %d", h.id, len(s.Data), pipeSize-len(e.peer.buf))
	}
	if e.peer.open && !e.link.broken {
		e.peer.buf = append(e.peer.buf, s.Data...)
	}
	if e.link.port == node.PortQuorum {
		e.link.trace(e, s.Data)
	}
}

func (h *host) close(id node.ConnID) {
	e := h.ends[id]
	if e == nil {
		return
	}
	if e.link.port == node.PortElection {
		h.w.log("dials", "%v hangs up", h.id)
	}
	delete(h.ends, id)
	e.close()
}

// close is one end's; the other one reads what is on its way, and then the end.
func (e *end) close() {
	e.open, e.buf = false, nil
	e.peer.fin = true
}

// reset lets everybody know that a host's connections are gone.
func (w *world) reset(h *host) {
	for _, l := range w.links {
		for _, e := range l.ends {
			if e.host == h && e.open && h.ends[e.id] != e {
				e.close()
			}
		}
	}
}

// drop breaks every connection between two servers; what is on its way is lost.
func (w *world) drop(a, b proto.ServerID) {
	for _, l := range w.links {
		x, y := l.ends[0], l.ends[1]
		if x.host == nil || y.host == nil || min(x.host.id, y.host.id) != min(a, b) || max(x.host.id, y.host.id) != max(a, b) {
			continue
		}
		x.buf, y.buf = nil, nil
		x.fin, y.fin = true, true
		l.broken = true
	}
}

// blocked reports whether nothing goes through: a cut, or a host without power.
func (l *link) blocked() bool {
	a, b := l.ends[0].host, l.ends[1].host
	if l.target != nil {
		b = l.target
	}
	for _, h := range []*host{a, b} {
		if h != nil && h.silent {
			return true
		}
	}
	return a != nil && b != nil && l.w.isCut(a.id, b.id)
}

func (w *world) isCut(a, b proto.ServerID) bool {
	return slices.Contains(w.cuts, [2]proto.ServerID{min(a, b), max(a, b)})
}

// carry answers a dial and delivers what lies in the pipes.
func (l *link) carry() bool {
	if l.blocked() {
		return false
	}
	if l.target != nil && l.ends[0].open {
		l.answer()
		return true
	}
	any := false
	for _, e := range l.ends {
		if e.ready() {
			e.deliver(pipeSize)
			any = true
		}
	}
	return any
}

func (l *link) answer() {
	h, a, b := l.target, l.ends[0], l.ends[1]
	l.target = nil
	if h.core == nil {
		a.open = false
		if a.client != nil {
			a.client.closed()
			return
		}
		delete(a.host.ends, a.id)
		a.host.step(node.Event{Kind: node.EventConnectFailed, Conn: a.id})
		return
	}
	l.w.nextID++
	b.host, b.id, b.open = h, l.w.nextID, true
	h.ends[b.id] = b
	if a.host != nil {
		a.host.step(node.Event{Kind: node.EventConnected, Conn: a.id})
	}
	addr := "127.0.0.1:40000"
	if a.client != nil {
		addr = a.client.addr
	}
	h.step(node.Event{Kind: node.EventAccepted, Conn: b.id, Port: l.port, Addr: addr})
}

// ready reports whether there is something for an end to read, and it reads.
func (e *end) ready() bool {
	if !e.open || e.client != nil && e.client.deaf || e.host != nil && (e.shut || slices.Contains(e.host.paused, node.StageReceiver)) {
		return false
	}
	return len(e.buf) > 0 || e.fin
}

// deliver hands over at most so many bytes, or the news that there are no more.
func (e *end) deliver(most int) {
	switch {
	case len(e.buf) > 0:
		data := e.buf[:min(most, len(e.buf))]
		e.buf = slices.Clone(e.buf[len(data):])
		switch {
		case e.client != nil:
			e.client.received(data)
		case e.tap != nil:
			e.tap.in = append(e.tap.in, data...)
		case e.host != nil:
			e.host.step(node.Event{Kind: node.EventReceived, Conn: e.id, Data: data})
		}
	case e.fin:
		e.open = false
		switch {
		case e.client != nil:
			e.client.closed()
		case e.tap != nil:
			e.tap.closed = true
		case e.host != nil:
			delete(e.host.ends, e.id)
			e.host.step(node.Event{Kind: node.EventClosed, Conn: e.id})
		}
	}
}
