package engine

import (
	"bytes"
	"encoding/binary"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/fault"
)

// scanner finds the messages in what a server receives on one connection, for
// statements that wait for one to be handled. Between a SNAP and the signature
// behind it there is a snapshot, in which there are none.
type scanner struct {
	began    []byte // of a message that has not ended
	greeted  bool   // the hello of an election connection is behind
	snapshot bool   // the bytes are those of a snapshot
	lost     bool   // the bytes make no sense

	// A message that statements have heard of, when one of them paused the server
	// before it; size is 0 when there is none.
	announced fault.Message
	size      int
}

// syncSignature ends a snapshot on a quorum connection.
var syncSignature = []byte("\x00\x00\x00\x0aBenWasHere") // not changed

// next finds the end of the first message that ends in data.
func (sc *scanner) next(cn *conn, data []byte) (m fault.Message, n int, found bool) {
	if sc.lost {
		return 0, len(data), false
	}
	behind := len(sc.began)
	sc.began = append(sc.began, data...)
	size := 0
	switch {
	case cn.port == node.PortElection:
		size, found = sc.notification(cn)
	case sc.snapshot:
		size = sc.signature()
	default:
		m, size, found = sc.packet()
	}
	if size == 0 {
		return 0, len(data), false
	}
	sc.began = sc.began[:0]
	return m, size - behind, found
}

// packet decodes the packet at the beginning, if it is whole.
func (sc *scanner) packet() (fault.Message, int, bool) {
	p, n, err := proto.DecodePacket(sc.began)
	sc.lost = err != nil
	if err != nil || n == 0 {
		return 0, 0, false
	}
	sc.snapshot = p.Type == proto.PktSnap
	return fault.Message(p.Type), n, true
}

// signature finds the end of a snapshot; 0 if it has not come.
func (sc *scanner) signature() int {
	at := bytes.Index(sc.began, syncSignature)
	if at < 0 {
		return 0
	}
	sc.snapshot = false
	return at + len(syncSignature)
}

// notification finds the end of an election frame, or of the hello before the
// first of those that an acceptor gets.
func (sc *scanner) notification(cn *conn) (n int, found bool) {
	if cn.id > 0 && !sc.greeted {
		_, n, err := proto.DecodeElectionHello(sc.began)
		sc.lost, sc.greeted = err != nil, n > 0
		return n, false
	}
	if len(sc.began) < 4 {
		return 0, false
	}
	size := int(binary.BigEndian.Uint32(sc.began))
	sc.lost = size < 0 || size > proto.MaxNotification
	if sc.lost || len(sc.began) < 4+size {
		return 0, false
	}
	return 4 + size, true
}

// watchReceived hands the bytes of a connection between servers to the core
// message by message, so that a statement can come before or after one. It
// reports whether it has done so.
func (s *server) watchReceived(cn *conn, data []byte) bool {
	if cn.port == node.PortClient {
		return false
	}
	data = append([]byte(nil), data...) // what is sent meanwhile may use the network's buffer
	for life := s.life; len(data) > 0; {
		n := s.receiveMessage(cn, data)
		if s.life != life || s.conns.of(cn.id) != cn {
			return true
		}
		if data = data[n:]; s.receiverPaused(cn.id) {
			cn.rest, cn.receiving = data, true
			s.after(0, serverReceive, 0, int64(cn.id))
			return true
		}
	}
	s.readable(cn)
	return true
}

// receiveMessage hands over the bytes up to the end of the first message, or all
// of them if none ends in them, and tells how many. It hands over nothing if a
// statement pauses the server before the message.
func (s *server) receiveMessage(cn *conn, data []byte) int {
	h := happening{kind: fault.EventMessage, message: cn.scan.announced}
	n, found := cn.scan.size, cn.scan.size > 0
	cn.scan.size = 0
	if !found {
		h.message, n, found = cn.scan.next(cn, data)
		h.before = true
		if found && s.interrupted(h) {
			return n
		}
		if found && s.receiverPaused(cn.id) {
			cn.scan.announced, cn.scan.size = h.message, n
			return 0
		}
	}
	life := s.life
	s.deliver(cn, data[:n])
	h.before = false
	if found && s.life == life {
		s.interrupted(h)
	}
	return n
}

func (s *server) receiverPaused(id node.ConnID) bool {
	return s.hold.active() && (s.hold.whole.any() || s.stagePaused(node.StageReceiver, id))
}
