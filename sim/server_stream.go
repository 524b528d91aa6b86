package sim

import (
	"fmt"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
)

// The driver's side of a server's connections and stages.

func (s *server) dial(d node.Dial) {
	end := s.c.net.Dial(s.host, s.c.hostOf(d.Peer), netsim.Port(d.Port))
	s.open(&conn{id: d.Conn, end: end})
}

func (s *server) open(cn *conn) {
	s.conns[cn.id] = cn
	s.ends[cn.end] = cn
}

func (s *server) forget(cn *conn) {
	delete(s.conns, cn.id)
	delete(s.ends, cn.end)
}

// accepted: the id of an end is never used again in the run, so it does as the
// id of the connection as well.
func (s *server) accepted(end netsim.EndID, port netsim.Port, peer netsim.HostID) {
	cn := &conn{id: node.ConnID(end), end: end}
	s.open(cn)
	s.step(node.Event{Kind: node.EventAccepted, Conn: cn.id, Port: node.Port(port), Addr: s.c.hostNames[peer]})
}

// The listener's side: what the network tells of the process's ends. Ends that
// the core has closed are forgotten, and nothing is told of them any more.

func (s *server) connected(end netsim.EndID) {
	if cn := s.ends[end]; cn != nil {
		s.step(node.Event{Kind: node.EventConnected, Conn: cn.id})
	}
}

func (s *server) ended(end netsim.EndID, how node.EventKind) {
	if cn := s.ends[end]; cn != nil {
		s.forget(cn)
		s.step(node.Event{Kind: how, Conn: cn.id})
	}
}

func (s *server) arrived(end netsim.EndID) {
	if cn := s.ends[end]; cn != nil {
		s.readable(cn)
	}
}

func (s *server) drained(end netsim.EndID) {
	if cn := s.ends[end]; cn != nil && cn.blocked {
		cn.blocked = false
		s.ask(node.Stage{Kind: node.StageSender, Conn: cn.id})
	}
}

// send hands bytes to a stream. The core was told how much room there is, and
// only this process writes to the stream, so all of them fit.
func (s *server) send(m node.Send) {
	cn := s.conns[m.Conn]
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
	if cn := s.conns[id]; cn != nil {
		s.forget(cn)
		s.c.net.Close(cn.end)
	}
}

func (s *server) gate(g node.ReadGate) {
	if cn := s.conns[g.Conn]; cn != nil {
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
	s.after(s.c.turnDelay(&s.turnDelays[node.StageReceiver]), serverReceive, 0, int64(cn.id))
}

// receive is a receiver's turn. What is left over, or arrived meanwhile, gets
// another one.
func (s *server) receive(id node.ConnID) {
	cn := s.conns[id]
	if cn == nil {
		return
	}
	cn.receiving = false
	if cn.shut {
		return
	}
	data := s.c.net.Read(cn.end, readMax)
	if len(data) == 0 {
		return
	}
	s.step(node.Event{Kind: node.EventReceived, Conn: id, Data: data})
	if s.conns[id] == cn {
		s.readable(cn)
	}
}

// ask notes that a stage has work; its turn comes after a drawn delay. A sender
// needs room in its stream first.
func (s *server) ask(stage node.Stage) {
	if stage.Kind == node.StageSender && !s.hasRoom(stage.Conn) {
		return
	}
	s.after(s.c.turnDelay(&s.turnDelays[stage.Kind]), serverTurn, uint8(stage.Kind), int64(stage.Conn))
}

// hasRoom reports whether a stream takes anything. If not, its sender is blocked
// until the network says that there is room again.
func (s *server) hasRoom(id node.ConnID) bool {
	cn := s.conns[id]
	if cn == nil {
		return false
	}
	if s.c.net.Room(cn.end) > 0 {
		return true
	}
	cn.blocked = true
	s.c.net.Write(cn.end, s.c.probe[:]) // takes nothing, and asks to be told
	return false
}

// grant gives a stage its turn.
func (s *server) grant(stage node.Stage) {
	ev := node.Event{Kind: node.EventTurn, Stage: stage}
	if stage.Kind == node.StageSender {
		if !s.hasRoom(stage.Conn) {
			return
		}
		ev.Room = s.c.net.Room(s.conns[stage.Conn].end)
	}
	s.step(ev)
}
