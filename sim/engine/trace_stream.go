package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// flows follows the messages on every stream from the end that writes them to
// the end that takes them. They are decoded where they are written; the other
// end is told of them by counting the bytes that it has taken.
type flows struct {
	byEnd map[netsim.EndID]*outflow // what an end has written
	last  uint64                    // flow of the newest message
}

func (f *flows) init() { f.byEnd = map[netsim.EndID]*outflow{} }

// otherEnd is the other end of a stream.
func otherEnd(id netsim.EndID) netsim.EndID { return id ^ 1 }

// outflow is one direction of a stream.
type outflow struct {
	port     node.Port
	dialled  bool
	frames   int    // that have been decoded
	began    []byte // of a message that is not whole yet
	snapshot bool   // the bytes are those of a snapshot
	lost     bool   // they make no sense
	written  uint64
	taken    uint64
	messages []message // not taken yet
	peer     string
	requests map[int32]time.Duration // of a client: when it sent which xid
}

// message is a message on its way.
type message struct {
	end  uint64 // how many bytes are written with it
	flow uint64
	at   time.Duration
	from string
	info messageInfo
}

// messageInfo is what a message says.
type messageInfo struct {
	name string // in ZooKeeper's spelling
	zxid proto.Zxid
	xid  int32
	text string
}

// clientSent takes in what a client writes.
func (t *tracing) clientSent(st *station, end netsim.EndID, data []byte) {
	if peer := st.c.net.Peer(end); peer >= 0 {
		t.sent(end, node.PortClient, true, t.c.hostNames[st.host], t.c.hostNames[peer], data)
	}
}

// sent takes in what an end writes, and tells the messages that are whole now.
func (t *tracing) sent(end netsim.EndID, port node.Port, dialled bool, from, to string, data []byte) {
	f := t.flows.byEnd[end]
	if f == nil {
		f = &outflow{port: port, dialled: dialled}
		t.flows.byEnd[end] = f
	}
	f.peer = to
	f.written += uint64(len(data))
	f.began = append(f.began, data...)
	for len(f.began) > 0 {
		info, n, whole := f.next()
		if n == 0 {
			break
		}
		f.began = f.began[:copy(f.began, f.began[n:])]
		if whole {
			t.sentMessage(f, from, info)
			f.asked(&info, t.c.clock.Now())
		}
	}
	if f.lost {
		f.began = f.began[:0]
	}
}

func (t *tracing) sentMessage(f *outflow, from string, info messageInfo) {
	t.flows.last++
	m := message{f.written - uint64(len(f.began)), t.flows.last, t.c.clock.Now(), from, info}
	f.messages = append(f.messages, m)
	e := t.event(TraceSent, from)
	e.Peer, e.Port = f.peer, f.port
	e.tellMessage(&m)
	t.tell()
}

// asked remembers when a client has sent a request.
func (f *outflow) asked(m *messageInfo, at time.Duration) {
	if f.port != node.PortClient || !f.dialled || m.xid <= 0 {
		return
	}
	if f.requests == nil {
		f.requests = map[int32]time.Duration{}
	}
	f.requests[m.xid] = at
}

func (e *TraceEvent) tellMessage(m *message) {
	e.Flow, e.Name, e.Zxid, e.Xid, e.Text = m.flow, m.info.name, m.info.zxid, m.info.xid, m.info.text
}

// received takes in how much an end takes, and tells the messages in it.
func (t *tracing) received(end netsim.EndID, host string, size int) {
	f := t.flows.byEnd[otherEnd(end)]
	if f == nil {
		return
	}
	f.taken += uint64(size)
	n := 0
	for ; n < len(f.messages) && f.messages[n].end <= f.taken; n++ {
		m := &f.messages[n]
		e := t.event(TraceReceived, host)
		e.Peer, e.Since, e.Port = m.from, m.at, f.port
		e.tellMessage(m)
		t.tell()
	}
	f.messages = f.messages[:copy(f.messages, f.messages[n:])]
}

// next decodes what begins with the first byte, and tells how long it is: 0 if
// more bytes are needed. What is no message of its own is not whole.
func (f *outflow) next() (info messageInfo, n int, whole bool) {
	switch {
	case f.lost:
		return messageInfo{}, 0, false
	case f.port == node.PortClient:
		return f.clientFrame()
	case f.port == node.PortElection && f.dialled && f.frames == 0:
		h, n, err := proto.DecodeElectionHello(f.began)
		f.lost = err != nil
		f.decoded(n)
		return messageInfo{name: "hello", text: "of " + h.Server.String()}, n, n > 0 && err == nil
	case f.port == node.PortElection:
		return f.notification()
	case f.snapshot:
		return f.snapshotPiece()
	}
	p, n, err := proto.DecodePacket(f.began)
	f.lost = err != nil
	f.snapshot = n > 0 && p.Type == proto.PktSnap
	return messageInfo{name: p.Type.String(), zxid: p.Zxid, text: packetText(&p)}, n, n > 0 && err == nil
}

func (f *outflow) decoded(n int) {
	if n > 0 {
		f.frames++
	}
}

// snapshotPiece passes over the bytes of a snapshot, up to the signature.
func (f *outflow) snapshotPiece() (messageInfo, int, bool) {
	at := bytes.Index(f.began, syncSignature)
	if at < 0 {
		return messageInfo{}, max(0, len(f.began)-len(syncSignature)+1), false
	}
	f.snapshot = false
	return messageInfo{name: "snapshot", text: "the last of it"}, at + len(syncSignature), true
}

func packetText(p *proto.Packet) string {
	switch p.Type {
	case proto.PktRequest:
		if r, err := proto.DecodeForwardedRequest(p.Data); err == nil {
			return fmt.Sprintf("%v of session %v, xid %d", r.Type, r.Session, r.Cxid)
		}
	case proto.PktProposal:
		if txn, err := proto.DecodeTxn(p.Data); err == nil {
			return fmt.Sprintf("%v of session %v, xid %d", txn.Type, txn.Session, txn.Cxid)
		}
	case proto.PktAckEpoch:
		d := proto.NewDecoder(p.Data)
		if e := d.Int(); d.Err() == nil {
			return fmt.Sprintf("currentEpoch %d", e)
		}
	}
	return ""
}

func (f *outflow) notification() (messageInfo, int, bool) {
	n, ok := f.frame(proto.MaxNotification)
	if !ok {
		return messageInfo{}, 0, false
	}
	m, err := proto.DecodeNotification(f.began[4:n])
	if err != nil {
		return messageInfo{}, n, false
	}
	return messageInfo{name: "Notification", zxid: m.Vote.Zxid, text: fmt.Sprintf("%v, for %v of epoch %d, in round %d",
		m.State, m.Vote.Leader, m.Vote.PeerEpoch, m.Round)}, n, true
}

// frame finds the end of a frame behind its length.
func (f *outflow) frame(limit int) (n int, ok bool) {
	if len(f.began) < 4 {
		return 0, false
	}
	size := int32(binary.BigEndian.Uint32(f.began))
	f.lost = size < 0 || int(size) > limit
	if f.lost || len(f.began) < 4+int(size) {
		return 0, false
	}
	f.decoded(4)
	return 4 + int(size), true
}

// clientFrame decodes a frame between client and server: at first those of the
// handshake, then requests one way and replies the other.
func (f *outflow) clientFrame() (messageInfo, int, bool) {
	n, ok := f.frame(2 * proto.MaxFrame)
	if !ok {
		return messageInfo{}, 0, false
	}
	body := f.began[4:n]
	switch {
	case f.frames == 1 && f.dialled:
		return messageInfo{name: "ConnectRequest"}, n, true
	case f.frames == 1:
		return messageInfo{name: "ConnectResponse"}, n, true
	case f.dialled:
		h, _, err := proto.DecodeRequestHeader(body)
		return messageInfo{name: h.Type.String(), xid: h.Xid}, n, err == nil
	}
	h, _, err := proto.DecodeReplyHeader(body)
	info := messageInfo{name: "reply", xid: h.Xid, zxid: h.Zxid}
	switch {
	case h.Xid == proto.XidNotification:
		info.name = "WatcherEvent"
	case h.Err != proto.OK:
		info.text = h.Err.Error()
	}
	return info, n, err == nil
}
