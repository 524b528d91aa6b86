package engine

import (
	"fmt"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
)

// The driver's side of a server's connections and stages.

func (s *server) dial(d node.Dial) {
	cn := &conn{id: d.Conn, port: d.Port, end: s.c.net.Dial(s.host, s.c.hostOf(d.Peer), netsim.Port(d.Port))}
	s.conns.dialled(cn)
	s.c.ends.put(cn.end, cn)
}

func (s *server) forget(cn *conn) {
	s.conns.remove(cn.id)
	s.c.ends.put(cn.end, nil)
}

func (s *server) accepted(end netsim.EndID, port netsim.Port, peer netsim.HostID) {
	if s.sleeps(news{what: newsAccepted, end: end, port: port, peer: peer}) {
		return
	}
	cn := &conn{end: end, port: node.Port(port)}
	s.conns.accepted(cn)
	s.c.ends.put(end, cn)
	in := s.input(node.EventAccepted)
	in.Conn, in.Port, in.Addr = cn.id, node.Port(port), s.c.hostNames[peer]
	s.step()
}

// The listener's side: what the network tells of the process's ends. Ends that
// the core has closed are forgotten, and nothing is told of them any more.

func (s *server) connected(end netsim.EndID) {
	if s.sleeps(news{what: newsConnected, end: end}) {
		return
	}
	if cn := s.c.ends.of(end); cn != nil {
		s.input(node.EventConnected).Conn = cn.id
		s.step()
	}
}

func (s *server) ended(end netsim.EndID, how node.EventKind) {
	if s.sleeps(news{what: newsEnded, end: end, how: how}) {
		return
	}
	if cn := s.c.ends.of(end); cn != nil {
		s.forget(cn)
		s.input(how).Conn = cn.id
		s.step()
	}
}

func (s *server) arrived(end netsim.EndID) {
	if cn := s.c.ends.of(end); cn != nil {
		s.readable(cn)
	}
}

func (s *server) drained(end netsim.EndID) {
	if cn := s.c.ends.of(end); cn != nil && cn.blocked {
		cn.blocked = false
		s.ask(node.Stage{Kind: node.StageSender, Conn: cn.id})
	}
}

// send hands bytes to a stream. The core was told how much room there is, and
// only this process writes to the stream, so all of them fit.
func (s *server) send(m node.Send) {
	cn := s.conns.of(m.Conn)
	if cn == nil {
		return
	}
	s.c.counts.Messages++
	s.c.counts.Bytes += uint64(len(m.Data))
	if n := s.c.net.Write(cn.end, m.Data); n < len(m.Data) {
		panic(fmt.Sprintf("sim: %v sent %d bytes on connection %d, which had room for %d", s.id, len(m.Data), m.Conn, n))
	}
}

func (s *server) close(id node.ConnID) {
	if cn := s.conns.of(id); cn != nil {
		s.forget(cn)
		s.c.net.Close(cn.end)
	}
}

func (s *server) gate(g node.ReadGate) {
	if cn := s.conns.of(g.Conn); cn != nil {
		cn.shut = !g.Open
		s.readable(cn)
	}
}

// readable gives the receiver of a connection a turn, if there is anything to
// read, the core wants it, and no turn is on its way.
func (s *server) readable(cn *conn) {
	if cn.shut || cn.receiving || s.c.net.Available(cn.end) == 0 {
		return
	}
	cn.receiving = true
	if t := s.c.trace; t != nil {
		t.asked(s, node.Stage{Kind: node.StageReceiver, Conn: cn.id})
	}
	s.after(s.c.turnDelay(&s.turnDelays[node.StageReceiver]), serverReceive, 0, int64(cn.id))
}

// receive is a receiver's turn. What is left over, or arrived meanwhile, gets
// another one.
func (s *server) receive(id node.ConnID) {
	cn := s.conns.of(id)
	if cn == nil {
		return
	}
	cn.receiving = false
	if cn.shut {
		return
	}
	data := cn.rest
	if cn.rest = nil; len(data) == 0 {
		data = s.c.net.Read(cn.end, readMax)
	}
	if len(data) == 0 {
		return
	}
	if s.watched && s.watchReceived(cn, data) {
		return
	}
	s.deliver(cn, data)
	if s.conns.of(id) == cn {
		s.readable(cn)
	}
}

// deliver hands bytes of a connection to the core.
func (s *server) deliver(cn *conn, data []byte) {
	in := s.input(node.EventReceived)
	in.Conn, in.Data = cn.id, data
	s.step()
}

// ask notes that a stage has work; its turn comes after a drawn delay. A sender
// needs room in its stream first.
func (s *server) ask(stage node.Stage) {
	if t := s.c.trace; t != nil {
		t.asked(s, stage)
	}
	if stage.Kind == node.StageSender && s.room(s.conns.of(stage.Conn)) == 0 {
		return
	}
	s.after(s.c.turnDelay(&s.turnDelays[stage.Kind]), serverTurn, uint8(stage.Kind), int64(stage.Conn))
}

// room gives how much a stream takes. If that is nothing, its sender is blocked
// until the network says that there is room again.
func (s *server) room(cn *conn) int {
	if cn == nil {
		return 0
	}
	room := s.c.net.Room(cn.end)
	if room == 0 {
		cn.blocked = true
		s.c.net.Write(cn.end, s.c.probe[:]) // takes nothing, and asks to be told
	}
	return room
}

// grant gives a stage its turn.
func (s *server) grant(stage node.Stage) {
	room := 0
	if stage.Kind == node.StageSender {
		if room = s.room(s.conns.of(stage.Conn)); room == 0 {
			return
		}
	}
	in := s.input(node.EventTurn)
	in.Stage, in.Room = stage, room
	s.step()
}
