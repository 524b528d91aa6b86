package host

import (
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/zksim/zksim/node"
)

// sendRoom is how many bytes a sender's turn is offered. What the kernel does
// not take of them waits here, so it bounds the memory of a stream that is stuck.
const sendRoom = 64 << 10

// readAhead is how many buffers a reader may be ahead of the core.
const readAhead = 2

// lingerMax is how long the rest of a closed connection may take: to be written,
// and on a client's side to be read, so that the kernel does not answer late
// requests by a reset that overtakes what was sent last.
const lingerMax = 2 * time.Second

// buffer is what a reader has read. Most requests are small: a connection reads
// into a large one only after it has filled a small one.
type buffer struct {
	b    []byte
	data []byte
	pool *sync.Pool
}

const (
	bufferSmall = 4 << 10
	bufferLarge = 64 << 10
)

var smallBuffers, largeBuffers sync.Pool

func init() {
	smallBuffers.New = func() any { return &buffer{b: make([]byte, bufferSmall), pool: &smallBuffers} }
	largeBuffers.New = func() any { return &buffer{b: make([]byte, bufferLarge), pool: &largeBuffers} }
}

func (b *buffer) free() {
	b.data = nil
	b.pool.Put(b)
}

// stream is a connection. Its fields belong to the loop, but for those that the
// comments give to its reader.
type stream struct {
	h    *Host
	id   node.ConnID
	port node.Port
	sock net.Conn // nil while it is being dialled
	raw  syscall.RawConn

	shut    bool      // the core does not want to read
	held    []message // what came meanwhile
	gone    bool      // the core has closed it, or been told of its end
	asked   bool      // its sender wants a turn
	writing bool      // a goroutine writes what the kernel did not take
	ended   bool      // its reader has ended, and there was something left to do
	cancel  func()    // ends a dial

	credits chan struct{} // one for each buffer that the reader may fill
	attempt attempt
	reading attempt // the reader's
}

func (h *Host) newStream(id node.ConnID, p node.Port, sock net.Conn) *stream {
	s := &stream{h: h, id: id, port: p}
	h.streams[id] = s
	if sock != nil {
		s.established(sock)
	}
	return s
}

// established begins to read.
func (s *stream) established(sock net.Conn) {
	s.sock = sock
	s.h.tune(s)
	s.raw = rawConn(sock)
	s.attempt.prepare(tryWrite)
	s.credits = make(chan struct{}, readAhead)
	for range readAhead {
		s.credits <- struct{}{}
	}
	s.h.live[s] = struct{}{}
	s.h.readers.Go(s.read)
}

// read is the reader's goroutine. It alone tells the loop of the end.
func (s *stream) read() {
	s.reading.prepare(tryRead)
	large := false
	for {
		<-s.credits
		buf, err := s.fill(large)
		if err != nil {
			s.h.inbox.put(message{kind: msgEnded, stream: s})
			return
		}
		large = len(buf.data) == len(buf.b)
		s.h.stats.reads.Add(1)
		s.h.stats.received.Add(int64(len(buf.data)))
		s.h.inbox.put(message{kind: msgArrived, stream: s, buf: buf})
	}
}

func poolFor(large bool) *sync.Pool {
	if large {
		return &largeBuffers
	}
	return &smallBuffers
}

// fillPlain reads in the way that every platform offers: the buffer is taken
// before there is anything to read.
func (s *stream) fillPlain(large bool) (*buffer, error) {
	buf := poolFor(large).Get().(*buffer)
	n, err := s.sock.Read(buf.b)
	if n == 0 {
		buf.free()
		if err == nil {
			err = io.ErrNoProgress
		}
		return nil, err
	}
	buf.data = buf.b[:n]
	return buf, nil
}

// send writes what the kernel takes at once, and has the rest written while the
// sender waits.
func (s *stream) send(data []byte) {
	s.h.stats.sent.Add(int64(len(data)))
	n := 0
	if !s.writing {
		s.h.stats.writes.Add(1)
		var err error
		if n, err = s.writeNow(data); err != nil {
			_ = s.sock.Close() // the reader sees it and tells
			return
		}
	}
	if n < len(data) {
		s.writing = true
		rest := append([]byte(nil), data[n:]...)
		s.h.writers.Go(func() { s.writeRest(rest) })
	}
}

// writeRest is the goroutine of a stream that is stuck.
func (s *stream) writeRest(rest []byte) {
	if _, err := s.sock.Write(rest); err != nil {
		_ = s.sock.Close()
	}
	s.h.inbox.put(message{kind: msgDrained, stream: s})
}

// close ends the connection for the core: nothing more is told of it. What is
// still being written is waited for, though not for long.
func (s *stream) close() {
	s.leave()
	switch {
	case s.sock == nil:
		s.cancel()
	case s.writing:
		_ = s.sock.SetDeadline(time.Now().Add(lingerMax))
	default:
		s.hangUp()
	}
}

// hangUp says that nothing more will come. A client's connection is then read
// to its end by its reader, unless that has seen the end.
func (s *stream) hangUp() {
	if s.ended {
		s.end()
		return
	}
	half, ok := s.sock.(interface{ CloseWrite() error })
	if s.port != node.PortClient || !ok || half.CloseWrite() != nil {
		_ = s.sock.Close()
		return
	}
	_ = s.sock.SetReadDeadline(time.Now().Add(lingerMax))
}

// leave forgets the stream in the books. An end that was held back is told to
// nobody any more, but it was the reader's last word.
func (s *stream) leave() {
	s.gone = true
	delete(s.h.streams, s.id)
	s.h.count(s, -1)
	for i := range s.held {
		if s.held[i].buf != nil {
			s.consumed(s.held[i].buf)
		}
		s.ended = s.ended || s.held[i].kind == msgEnded
	}
	s.held = nil
}

// end is for a stream whose reader has ended.
func (s *stream) end() {
	_ = s.sock.Close()
	delete(s.h.live, s)
}

// consumed gives a buffer back, and lets the reader go on.
func (s *stream) consumed(b *buffer) {
	b.free()
	s.credits <- struct{}{}
}

// attempt is one system call that does not wait, on the descriptor of a
// connection; the function is made once, so that a call allocates nothing.
type attempt struct {
	p     []byte  // to write
	buf   *buffer // to read into, taken from the pool of small or large ones
	large bool
	n     int
	err   error
	try   func(fd uintptr) bool
}
