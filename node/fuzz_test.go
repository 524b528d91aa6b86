package node_test

import (
	"runtime"
	"testing"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// FuzzConnection feeds a serving server with arbitrary bytes on one of its ports,
// in two pieces. Whatever comes, it neither panics nor reserves memory for what
// was only announced, and it serves others as before.
func FuzzConnection(f *testing.F) {
	connect := framed(proto.AppendConnectRequest(nil, &proto.ConnectRequest{Timeout: 5000, Password: make([]byte, 16)}))
	ask := func(op proto.Op) []byte {
		b := proto.AppendRequestHeader(nil, proto.RequestHeader{Xid: 1, Type: op.Type})
		return framed(proto.AppendOp(b, &op))
	}
	f.Add(uint8(node.PortClient), connect, ask(proto.Op{Type: proto.OpCreate, Path: "/x", ACL: proto.OpenACL()}))
	f.Add(uint8(node.PortClient), connect, ask(proto.Op{Type: proto.OpMulti, Ops: []proto.Op{{Type: proto.OpCheck, Path: "/"}}}))
	f.Add(uint8(node.PortClient), connect, ask(proto.Op{Type: proto.OpSetWatches, DataWatches: []string{"/"}}))
	f.Add(uint8(node.PortClient), connect, ask(proto.Op{Type: proto.OpCloseSession}))
	f.Add(uint8(node.PortClient), connect, ask(proto.Op{Type: 99}))
	for _, word := range node.Words() {
		f.Add(uint8(node.PortClient), []byte(word), make([]byte, 8))
	}
	f.Add(uint8(node.PortClient), []byte("srvr"), []byte{})
	f.Add(uint8(node.PortClient), connect, []byte{0x7f, 0xff, 0xff, 0xff}) // 2 GiB are announced
	f.Add(uint8(node.PortClient), []byte{0xff, 0xff, 0xff, 0xff}, []byte{})
	info := proto.AppendPacket(nil, &proto.Packet{Type: proto.PktFollowerInfo,
		Data: proto.AppendLearnerInfo(nil, proto.LearnerInfo{Server: 2, Protocol: proto.LearnerProtocol})})
	f.Add(uint8(node.PortQuorum), info, proto.AppendPacket(nil, &proto.Packet{Type: proto.PktAckEpoch, Data: []byte{0, 0, 0, 0}}))
	f.Add(uint8(node.PortQuorum), info, proto.AppendPacket(nil, &proto.Packet{Type: proto.PktAck, Zxid: 1 << 32}))
	f.Add(uint8(node.PortElection), proto.AppendElectionHello(nil, proto.ElectionHello{Server: 2, Addr: "zk2:3888"}),
		proto.AppendNotification(nil, &proto.Notification{State: proto.Looking, Vote: proto.Vote{Leader: 2}}))
	f.Fuzz(func(t *testing.T, port uint8, first, second []byte) {
		w := newWorld(t, 1)
		w.cfg.Clients.Words = []string{"*"}
		w.host(1).start()
		hear(t, w, node.Port(port%3), first, second)
	})
}

// FuzzLearner feeds the leader of an ensemble of three, which has its quorum,
// with what the third one may say once it is known, after each step of the
// handshake that it may have come to.
func FuzzLearner(f *testing.F) {
	request := proto.AppendForwardedRequest(nil, &proto.ForwardedRequest{Session: 7, Cxid: 1, Type: proto.OpCreate, Body: []byte{0, 0, 0, 1}})
	for steps := range uint8(4) {
		for _, p := range []proto.Packet{
			{Type: proto.PktAckEpoch, Zxid: 1<<32 + 5, Data: []byte{0, 0, 0, 1}},
			{Type: proto.PktAck, Zxid: 1 << 32},
			{Type: proto.PktAck, Zxid: 1<<32 + 1},
			{Type: proto.PktPing, Data: make([]byte, 12)},
			{Type: proto.PktRequest, Zxid: -1, Data: request},
			{Type: proto.PktRevalidate, Zxid: -1, Data: make([]byte, 12)},
		} {
			f.Add(steps, proto.AppendPacket(nil, &p), []byte{})
		}
	}
	f.Fuzz(func(t *testing.T, steps uint8, first, second []byte) {
		w := newWorld(t, 3)
		w.host(1).start()
		w.host(2).start()
		handshake := proto.AppendPacket(nil, &proto.Packet{Type: proto.PktFollowerInfo,
			Data: proto.AppendLearnerInfo(nil, proto.LearnerInfo{Server: 3, Protocol: proto.LearnerProtocol})})
		if steps&1 != 0 {
			handshake = proto.AppendPacket(handshake, &proto.Packet{Type: proto.PktAckEpoch, Data: []byte{0, 0, 0, 0}})
		}
		if steps&2 != 0 {
			handshake = proto.AppendPacket(handshake, &proto.Packet{Type: proto.PktAck, Zxid: 1 << 32})
		}
		hear(t, w, node.PortQuorum, append(handshake, first...), second)
	})
}

func framed(b []byte) []byte { return append(proto.AppendInt(nil, int32(len(b))), b...) }

// hear lets the leader hear pieces of bytes on one port.
func hear(t *testing.T, w *world, port node.Port, pieces ...[]byte) {
	w.run(1e9)
	h := leading(t, w)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	size := 0
	w.liars = true
	l := w.newLink(port)
	l.target = h
	w.settle()
	for _, b := range pieces {
		size += len(b)
		l.ends[1].buf = append(l.ends[1].buf, b...)
		w.settle()
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > uint64(memoryBase+memoryPerByte*size) {
		t.Fatalf("%d bytes made the server allocate %d", size, grown)
	}
	c := w.client("after")
	c.connect(h.id, 5000, 0)
	w.settle()
	if !c.connected {
		t.Fatalf("clients are not served any more")
	}
}

// What hearing may allocate: about four times what the valid inputs take, and
// less than one client frame that was only announced.
const (
	memoryBase    = 192 << 10
	memoryPerByte = 400
)

func leading(t *testing.T, w *world) *host {
	for _, h := range w.hosts {
		if h.core != nil && h.core.Role() == node.RoleLeading && h.core.Serving() {
			return h
		}
	}
	t.Fatal("nobody leads")
	return nil
}
