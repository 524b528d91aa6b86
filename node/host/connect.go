package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/zksim/zksim/node"
)

// bindCode is the exit code of a server that cannot listen on its election port.
const bindCode = 14

// bindRetryInterval is how long to wait before another attempt to listen.
const bindRetryInterval = time.Second

// listen opens the ports.
func (h *Host) listen() error {
	for p, addr := range h.cfg.Listen {
		if h.listeners[p] != nil || addr == "" {
			continue
		}
		l, err := h.bind(node.Port(p), addr)
		if err != nil {
			return h.cannotBind(node.Port(p), addr, err)
		}
		h.listeners[p] = l
	}
	return nil
}

// bind listens on a port. The election port is tried several times: it is the
// one that a process that has just died may still seem to hold.
func (h *Host) bind(p node.Port, addr string) (net.Listener, error) {
	for attempt := 1; ; attempt++ {
		l, err := net.Listen("tcp", addr)
		if err == nil || p != node.PortElection || attempt == h.cfg.BindRetries {
			return l, err
		}
		h.cfg.Logger.Warn("cannot listen for elections yet", "address", addr, "error", err, "attempt", attempt)
		time.Sleep(bindRetryInterval)
	}
}

func (h *Host) cannotBind(p node.Port, addr string, err error) error {
	reason := fmt.Sprintf("cannot listen on %s for the %s port: %v", addr, portNames[p], errors.Unwrap(err))
	if errors.Is(err, syscall.EADDRINUSE) {
		reason += "; is another server running?"
	}
	if p == node.PortElection {
		return &ExitError{Code: bindCode, Reason: reason}
	}
	return errors.New("host: " + reason)
}

// acceptPause is how long to wait after an accept that failed, as when the
// process has no descriptors left.
const acceptPause = 50 * time.Millisecond

// accept is the goroutine of a listener.
func (h *Host) accept(p node.Port, l net.Listener) {
	for {
		sock, err := l.Accept()
		switch {
		case err == nil:
			h.inbox.put(message{kind: msgAccepted, port: p, sock: sock})
		case errors.Is(err, net.ErrClosed):
			return
		default:
			h.cfg.Logger.Error("cannot accept a connection", "port", portNames[p], "error", err)
			time.Sleep(acceptPause)
		}
	}
}

// accepted tells the core of a connection, which may refuse it at once.
func (h *Host) accepted(p node.Port, sock net.Conn) {
	h.lastID++
	s := h.newStream(h.lastID, p, sock)
	h.count(s, 1)
	h.letting = true
	h.step(node.Event{Kind: node.EventAccepted, Conn: s.id, Port: p, Addr: sock.RemoteAddr().String()})
	h.letting = false
	switch {
	case p != node.PortClient:
	case s.gone:
		h.stats.refused.Add(1)
	default:
		h.stats.accepted.Add(1)
	}
}

// count keeps the number of clients' connections.
func (h *Host) count(s *stream, by int64) {
	if s.port == node.PortClient {
		h.stats.connections.Add(by)
	}
}

// tune sets what a connection wants of the kernel. Go has set TCP_NODELAY.
func (h *Host) tune(s *stream) {
	tcp, ok := s.sock.(*net.TCPConn)
	if !ok {
		return
	}
	alive := h.cfg.KeepAlive
	if s.port == node.PortClient {
		alive = h.cfg.ClientAlive
	}
	_ = tcp.SetKeepAlive(alive)
}

// dial begins to connect to a server.
func (h *Host) dial(d node.Dial) {
	s := h.newStream(d.Conn, d.Port, nil)
	ctx, cancel := context.WithCancel(h.dialling)
	s.cancel = cancel
	addr := h.addressOf(d)
	h.writers.Go(func() {
		defer cancel()
		var dialler net.Dialer
		sock, err := dialler.DialContext(ctx, "tcp", addr)
		if err != nil {
			h.inbox.put(message{kind: msgUndialled, stream: s})
			return
		}
		h.inbox.put(message{kind: msgDialled, stream: s, sock: sock})
	})
}

func (h *Host) addressOf(d node.Dial) string {
	for _, s := range h.cfg.Node.Servers {
		switch {
		case s.ID != d.Peer:
		case d.Port == node.PortElection:
			return s.ElectionAddr
		default:
			return s.QuorumAddr
		}
	}
	return ""
}

func (h *Host) dialled(s *stream, sock net.Conn) {
	if s.gone {
		_ = sock.Close()
		return
	}
	s.established(sock)
	h.step(node.Event{Kind: node.EventConnected, Conn: s.id})
	if s.asked && !s.gone {
		s.askAgain()
	}
}

func (h *Host) undialled(s *stream) {
	if s.gone {
		return
	}
	s.leave()
	h.step(node.Event{Kind: node.EventConnectFailed, Conn: s.id})
}

// drained: all that the kernel had not taken is written.
func (h *Host) drained(s *stream) {
	s.writing = false
	if s.gone {
		s.hangUp()
		return
	}
	if s.asked {
		s.askAgain()
	}
	if s.ended {
		h.ended(s)
	}
}

// askAgain repeats the asking of a sender that had to wait for its stream.
func (s *stream) askAgain() {
	s.asked = false
	s.h.turns.ask(node.Stage{Kind: node.StageSender, Conn: s.id})
}
