package engine

import (
	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/vtime"
)

// hold is what a paused process, or a paused stage of one, has not done yet. The
// host goes on: bytes arrive until the buffers are full, connections are
// accepted on the process's behalf, disk operations that it has asked for wait
// for it to look. When it resumes, everything happens in the order in which it
// would have.
type hold struct {
	whole  layers[struct{}]
	stages layers[pausedStage]
	events []vtime.Event
	news   []news
}

// pausedStage says which stage does nothing. A sender or receiver may be meant
// with one peer only.
type pausedStage struct {
	kind node.StageKind
	peer netsim.HostID // anyPeer, or the host at the other end
}

const anyPeer netsim.HostID = -1

// news is what the network told of an end while the process was paused.
type news struct {
	what newsKind
	end  netsim.EndID
	port netsim.Port
	peer netsim.HostID
	how  node.EventKind
}

type newsKind uint8

const (
	newsAccepted newsKind = iota
	newsConnected
	newsEnded
)

// active reports whether anything is paused.
func (h *hold) active() bool { return h.whole.any() || h.stages.any() }

// bury forgets everything: a process that is gone is not paused either.
func (h *hold) bury() {
	h.whole.clear()
	h.stages.clear()
	h.events, h.news = h.events[:0], h.news[:0]
}

// holds reports whether an event of this server must wait.
func (s *server) holds(ev vtime.Event) bool {
	if s.hold.whole.any() {
		return true
	}
	switch ev.Kind {
	case serverTurn:
		return s.stagePaused(node.StageKind(uint8(ev.A)), node.ConnID(ev.B))
	case serverReceive:
		return s.stagePaused(node.StageReceiver, node.ConnID(ev.B))
	}
	return false
}

func (s *server) stagePaused(kind node.StageKind, id node.ConnID) bool {
	for i := range s.hold.stages.list {
		p := s.hold.stages.list[i].value
		if p.kind == kind && (p.peer == anyPeer || s.peerOf(id) == p.peer) {
			return true
		}
	}
	return false
}

// peerOf gives the host at the other end of a connection, -1 if it is gone.
func (s *server) peerOf(id node.ConnID) netsim.HostID {
	if cn := s.conns.of(id); cn != nil {
		return s.c.net.Peer(cn.end)
	}
	return -1
}

// keep has an event wait until the server resumes.
func (s *server) keep(ev vtime.Event) { s.hold.events = append(s.hold.events, ev) }

// sleeps keeps news for later; false when the process is awake to hear them.
func (s *server) sleeps(n news) bool {
	if !s.hold.whole.any() {
		return false
	}
	s.hold.news = append(s.hold.news, n)
	s.keep(vtime.Event{Class: classServer, Kind: serverNews, Host: int32(s.host), A: s.life << 8, B: int64(len(s.hold.news) - 1)})
	return true
}

// resume lets what was held happen now, each as an event of its own. What is
// still paused is held again, in the same order.
func (s *server) resume() {
	held := s.hold.events
	s.hold.events = nil
	for _, ev := range held {
		s.c.clock.Schedule(s.now(), ev)
	}
}

// hear takes in news that were held.
func (s *server) hear(n news) {
	switch n.what {
	case newsAccepted:
		if s.c.net.Port(n.end) < 0 {
			return // came and went while the process was paused
		}
		s.accepted(n.end, n.port, n.peer)
		if cn := s.c.ends.of(n.end); cn != nil {
			s.readable(cn)
		}
	case newsConnected:
		s.connected(n.end)
	case newsEnded:
		s.ended(n.end, n.how)
	}
}
