package host_test

import (
	"encoding/binary"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

// link is a client's end of a TCP connection, for the player of transcripts. It
// looks at the frames that pass only to find the answers to its own pings.
type link struct {
	sock net.Conn
	stir chan struct{}

	mu     sync.Mutex
	in     []byte // for Take
	frames []byte // not looked at yet
	seen   int    // frames
	asked  int    // pings of Quiet
	ponged int
	ended  bool
}

func newLink(t *testing.T, addr string, stir chan struct{}) *link {
	sock, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	l := &link{sock: sock, stir: stir}
	go l.read()
	return l
}

func (l *link) read() {
	buf := make([]byte, 64<<10)
	for {
		n, err := l.sock.Read(buf)
		l.arrived(buf[:n], err)
		select {
		case l.stir <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (l *link) arrived(b []byte, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.in = append(l.in, b...)
	l.ended = l.ended || err != nil
	l.frames = append(l.frames, b...)
	for len(l.frames) >= 8 {
		size := 4 + int(binary.BigEndian.Uint32(l.frames))
		if len(l.frames) < size {
			return
		}
		if l.seen > 0 && int32(binary.BigEndian.Uint32(l.frames[4:])) == proto.XidPing {
			l.ponged++
		}
		l.seen++
		l.frames = l.frames[size:]
	}
}

// Write is part of golden.Link. A connection that is gone is seen by its reader.
func (l *link) Write(b []byte) {
	l.mu.Lock()
	if len(b) >= 8 && l.seen > 0 && int32(binary.BigEndian.Uint32(b[4:])) == proto.XidPing {
		l.asked++
	}
	l.mu.Unlock()
	_, _ = l.sock.Write(b)
}

// ping asks for an answer behind all others, and tells how many pings there have
// been then; not on a connection that has no session.
func (l *link) ping() (int, bool) {
	l.mu.Lock()
	idle := l.ended || l.seen == 0
	l.mu.Unlock()
	if idle {
		return 0, false
	}
	b, at := proto.BeginFrame(nil)
	b = proto.AppendRequestHeader(b, proto.RequestHeader{Xid: proto.XidPing, Type: proto.OpPing})
	l.Write(proto.EndFrame(b, at))
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked, true
}

func (l *link) pongs() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ponged
}

// Take is part of golden.Link.
func (l *link) Take() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.in
	l.in = nil
	return b
}

// Closed is part of golden.Link.
func (l *link) Closed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

// Close is part of golden.Link.
func (l *link) Close() { _ = l.sock.Close() }
