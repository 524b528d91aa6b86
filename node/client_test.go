package node_test

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// client speaks the client protocol by hand: it does nothing of its own accord.
type client struct {
	w         *world
	name      string
	addr      string // from where it connects
	deaf      bool   // it does not read
	words     bool   // it has sent a four-letter word: what comes is text
	end       *end   // nil: not connected
	in        []byte
	connected bool // the ConnectResponse has come
	session   proto.SessionID
	password  []byte
	xid       int32
	asked     map[int32]proto.OpCode
	replies   []proto.ReplyHeader
}

func (w *world) client(name string) *client {
	for _, c := range w.clients {
		if c.name == name {
			return c
		}
	}
	c := &client{w: w, name: name, addr: "127.0.0.1:40000", asked: map[int32]proto.OpCode{}}
	w.clients = append(w.clients, c)
	return c
}

// open makes a connection to a server's client port.
func (c *client) open(id proto.ServerID) {
	if c.end != nil {
		c.hangUp()
	}
	l := c.w.newLink(node.PortClient)
	l.target = c.w.host(id)
	c.end = l.ends[0]
	c.end.client = c
	c.in, c.connected, c.words = nil, false, false
}

// connect opens a connection and asks for a session, or for the one it had.
func (c *client) connect(id proto.ServerID, timeout int32, seen proto.Zxid) {
	c.open(id)
	c.frame(proto.AppendConnectRequest(nil, &proto.ConnectRequest{
		LastZxidSeen: seen, Timeout: timeout, Session: c.session, Password: c.password, HasReadOnly: true}))
}

func (c *client) hangUp() {
	if c.end != nil {
		c.end.close()
		c.end = nil
	}
}

func (c *client) closed() {
	c.end = nil
	for line := range strings.Lines(string(c.text())) {
		c.w.log("replies", "%s | %s", c.name, strings.TrimSuffix(line, "\n"))
	}
	c.w.log("replies", "%s closed", c.name)
}

// raw sends bytes as they are.
func (c *client) raw(b []byte) {
	if c.end == nil {
		c.w.t.Fatalf("%s is not connected", c.name)
	}
	c.end.peer.buf = append(c.end.peer.buf, b...)
}

func (c *client) frame(payload []byte) {
	c.raw(append(proto.AppendInt(nil, int32(len(payload))), payload...))
}

// ask sends a request.
func (c *client) ask(op proto.Op) {
	xid := c.xid + 1
	switch op.Type {
	case proto.OpPing:
		xid = proto.XidPing
	case proto.OpSetWatches:
		xid = proto.XidSetWatches
	default:
		c.xid = xid
	}
	c.askAs(xid, &op)
}

func (c *client) askAs(xid int32, op *proto.Op) {
	c.asked[xid] = op.Type
	b := proto.AppendRequestHeader(nil, proto.RequestHeader{Xid: xid, Type: op.Type})
	c.frame(proto.AppendOp(b, op))
}

func (c *client) received(data []byte) {
	c.in = append(c.in, data...)
	for !c.words && len(c.in) >= 4 {
		size := int(binary.BigEndian.Uint32(c.in))
		if len(c.in) < 4+size {
			return
		}
		frame := c.in[4 : 4+size]
		c.in = c.in[4+size:]
		if c.connected {
			c.reply(frame)
		} else {
			c.welcomed(frame)
		}
	}
}

func (c *client) welcomed(frame []byte) {
	r, err := proto.DecodeConnectResponse(frame)
	if err != nil {
		c.w.t.Fatalf("ConnectResponse: %v", err)
	}
	if r.Timeout == 0 {
		c.w.log("replies", "%s < session is over", c.name)
		return
	}
	again := ""
	if r.Session == c.session {
		again = "again "
	}
	c.connected = true
	c.session, c.password = r.Session, append([]byte(nil), r.Password...)
	c.w.log("replies", "%s < session %swith timeout %dms", c.name, again, r.Timeout)
}

func (c *client) reply(frame []byte) {
	h, body, err := proto.DecodeReplyHeader(frame)
	if err != nil {
		c.w.t.Fatalf("reply: %v", err)
	}
	if h.Xid == proto.XidNotification {
		e, err := proto.DecodeWatcherEvent(body)
		if err != nil {
			c.w.t.Fatalf("event: %v", err)
		}
		c.w.log("replies", "%s < event %v %s", c.name, e.Type, e.Path)
		return
	}
	c.replies = append(c.replies, h)
	t := c.asked[h.Xid]
	text := h.Err.Error()
	if h.Err == proto.OK {
		r, err := proto.DecodeResult(t, body)
		if err != nil {
			c.w.t.Fatalf("reply to %v: %v", t, err)
		}
		text = describeResult(&r)
	}
	zxid := h.Zxid.String()
	if h.Zxid == -1 {
		zxid = "-1"
	}
	c.w.log("replies", "%s < %v at %s: %s", c.name, t, zxid, text)
}

func describeResult(r *proto.Result) string {
	switch r.Type {
	case proto.OpCreate, proto.OpCreate2:
		return r.Path
	case proto.OpGetData:
		return fmt.Sprintf("%q version %d", r.Data, r.Stat.Version)
	case proto.OpGetChildren, proto.OpGetChildren2:
		return "[" + strings.Join(r.Children, " ") + "]"
	case proto.OpSetData, proto.OpExists:
		return fmt.Sprintf("version %d", r.Stat.Version)
	case proto.OpMulti:
		var parts []string
		for i := range r.Multi {
			p := &r.Multi[i]
			if p.Type == proto.OpError {
				parts = append(parts, p.Err.Error())
			} else {
				parts = append(parts, p.Type.String())
			}
		}
		return strings.Join(parts, ", ")
	}
	return "ok"
}
