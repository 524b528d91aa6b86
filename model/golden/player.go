package golden

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/zksim/zksim/node/proto"
)

// Driver gives a [Player] connections to the servers that are to be held against
// a transcript, and lets things happen there.
type Driver interface {
	// Dial opens a connection to the server of a session.
	Dial(session int) Link
	// Wait lets things happen until done. It fails if that does not come about.
	Wait(done func() bool) error
	// Quiet lets everything arrive that has been caused, at every server.
	Quiet() error
	// Sleep lets time pass.
	Sleep(d time.Duration) error
	// Lease is how long a session lives, at the longest, that asked for a timeout
	// and is not heard of any more.
	Lease(timeout time.Duration) time.Duration
}

// Link is a client's end of a connection.
type Link interface {
	// Write sends bytes; they are the caller's again when it returns.
	Write(b []byte)
	// Take returns the bytes that have arrived since it was called last.
	Take() []byte
	// Closed reports whether the server has closed the connection.
	Closed() bool
	// Close cuts it.
	Close()
}

// Player plays the sessions of a transcript to servers, one step after the
// other, and tells what came of each. It speaks the client protocol by hand: it
// does nothing of its own accord but to keep sessions alive.
type Player struct {
	driver   Driver
	scale    Scale
	sessions []*playing
	steps    int
	err      error // the first thing that went wrong with the driver
}

// NewPlayer returns a player. zxid gives the offset of a zxid from the one before
// the first step. The servers need the super user "super:test" for the last one.
func NewPlayer(d Driver, zxid func(proto.Zxid) int64) *Player {
	p := &Player{driver: d}
	p.scale = Scale{Zxid: zxid, Session: p.number}
	return p
}

// Err returns the first error of the driver; the outcome of a step that had one
// means nothing.
func (p *Player) Err() error { return p.err }

// Connected reports whether a session has a connection that the server has not
// closed.
func (p *Player) Connected(session int) bool {
	x := p.sessions[session]
	return x.link != nil && !x.link.Closed()
}

func (p *Player) number(id proto.SessionID) int {
	i := slices.IndexFunc(p.sessions, func(s *playing) bool { return s.id == id })
	if i < 0 {
		p.failed(fmt.Errorf("golden: session %v is nobody's", id))
	}
	return i
}

func (p *Player) failed(err error) {
	if p.err == nil {
		p.err = err
	}
}

// playing is one session of a transcript.
type playing struct {
	p        *Player
	number   int
	link     Link // nil: there is no connection
	in       []byte
	id       proto.SessionID
	password []byte
	timeout  int32 // ms, as asked for
	xid      int32
	greeted  *proto.ConnectResponse // since the connection was made
	waiting  map[int32]proto.OpCode
	header   proto.ReplyHeader // of the last reply
	result   proto.Result
	answered bool    // in this step
	events   []Event // of this step, before the reply to this session if it acts
	late     []Event // after it
}

// Step carries one step out.
func (p *Player) Step(s *Step) Got {
	p.steps++
	for _, x := range p.sessions {
		x.answered, x.events, x.late = false, nil, nil
	}
	if p.steps%20 == 0 {
		p.keepAlive()
	}
	got := p.outcome(s)
	for _, x := range p.sessions {
		got.Events = append(got.Events, x.events...)
		got.EventsLate = append(got.EventsLate, x.late...)
	}
	return got
}

func (p *Player) outcome(s *Step) Got {
	switch s.Kind {
	case "connect":
		return p.connect(s.Op.Timeout)
	case "final":
		return p.final()
	}
	x := p.sessions[s.Session]
	switch s.Kind {
	case "drop":
		x.drop()
		p.quiet()
		return Got{}
	case "resume":
		if s.Op.Timeout > 0 { // no transcript asks for another one
			x.timeout = s.Op.Timeout
		}
		return x.resume(s.Args.BadPassword)
	case "expire":
		return x.expire()
	}
	return x.request(&s.Op)
}

func (p *Player) wait(done func() bool) {
	p.failed(p.driver.Wait(func() bool { p.poll(); return done() }))
}

func (p *Player) quiet() {
	p.failed(p.driver.Quiet())
	p.poll()
}

// poll looks at what has arrived anywhere.
func (p *Player) poll() {
	for _, x := range p.sessions {
		x.poll()
	}
}

// keepAlive pings for all sessions that are connected.
func (p *Player) keepAlive() {
	for _, x := range p.sessions {
		if x.link != nil && !x.link.Closed() {
			x.ask(proto.XidPing, &proto.Op{Type: proto.OpPing})
		}
	}
	p.quiet()
}

func (p *Player) connect(timeout int32) Got {
	x := &playing{p: p, number: len(p.sessions), timeout: timeout, password: make([]byte, proto.PasswordLen)}
	p.sessions = append(p.sessions, x)
	if !x.greet(x.password) {
		return Got{Sess: "expired"}
	}
	return Got{Sess: "new"}
}

// greet makes a connection and asks for the session, or for a new one. It
// reports whether there is one now.
func (x *playing) greet(password []byte) bool {
	x.link = x.p.driver.Dial(x.number)
	x.in, x.greeted, x.waiting = nil, nil, map[int32]proto.OpCode{}
	x.frame(proto.AppendConnectRequest(nil, &proto.ConnectRequest{
		Timeout: x.timeout, Session: x.id, Password: password, HasReadOnly: true}))
	x.p.wait(func() bool { return x.greeted != nil || x.link.Closed() })
	x.p.quiet()
	if x.greeted == nil || x.greeted.Session == 0 {
		return false
	}
	x.id, x.password = x.greeted.Session, x.greeted.Password
	return true
}

func (x *playing) drop() {
	if x.link != nil {
		x.link.Close()
		x.link = nil
	}
}

// resume asks for the session on another connection. The server closes the one
// that the session had.
func (x *playing) resume(badPassword bool) Got {
	old := x.link
	open := old != nil && !old.Closed()
	password := x.password
	if badPassword {
		password = make([]byte, proto.PasswordLen)
	}
	if !x.greet(password) {
		closed := x.link.Closed()
		x.link = nil
		return Got{Sess: "expired", Closed: badPassword && closed}
	}
	got := Got{Sess: "same"}
	if open && old.Closed() {
		got.Extra = 1
	}
	return got
}

// expire lets the server give the session up, and asks for it once more.
func (x *playing) expire() Got {
	x.drop()
	lease := x.p.driver.Lease(time.Duration(x.timeout) * time.Millisecond)
	for slice := time.Second; lease > 0; lease -= slice {
		x.p.keepAlive()
		x.p.failed(x.p.driver.Sleep(min(slice, lease)))
	}
	x.p.quiet()
	return x.resume(false)
}

func (x *playing) request(op *proto.Op) Got {
	xid := proto.XidSetWatches
	switch op.Type {
	case proto.OpAuth:
		xid = proto.XidAuth
	case proto.OpSetWatches, proto.OpSetWatches2:
	default:
		x.xid++
		xid = x.xid
	}
	if x.link == nil {
		x.p.failed(fmt.Errorf("golden: session %d is not connected", x.number))
		return Got{}
	}
	if op.RelativeZxid != 0 {
		copied := *op
		copied.RelativeZxid = x.p.absolute(op.RelativeZxid)
		op = &copied
	}
	x.ask(xid, op)
	x.p.wait(func() bool { return x.answered || x.link.Closed() })
	x.p.quiet()
	closed := x.link.Closed()
	if !x.answered {
		return Got{Closed: closed}
	}
	r := x.result
	r.Err = x.header.Err
	got := x.p.scale.Answer(&r, x.header.Zxid)
	got.Closed = closed
	return got
}

// absolute is the zxid of an offset: the one that the scale gives it, found from
// the last one that was answered.
func (p *Player) absolute(offset proto.Zxid) proto.Zxid {
	for _, x := range p.sessions {
		if z := x.header.Zxid; z > 0 {
			return z + offset - proto.Zxid(p.scale.offset(z))
		}
	}
	return offset
}

func (x *playing) ask(xid int32, op *proto.Op) {
	x.waiting[xid] = op.Type
	x.frame(proto.AppendOp(proto.AppendRequestHeader(nil, proto.RequestHeader{Xid: xid, Type: op.Type}), op))
}

func (x *playing) frame(payload []byte) {
	x.link.Write(append(proto.AppendInt(nil, int32(len(payload))), payload...))
}

// poll handles the frames that have arrived.
func (x *playing) poll() {
	if x.link == nil {
		return
	}
	x.in = append(x.in, x.link.Take()...)
	for len(x.in) >= 4 {
		size := int(binary.BigEndian.Uint32(x.in))
		if len(x.in) < 4+size {
			return
		}
		if err := x.arrived(x.in[4 : 4+size]); err != nil {
			x.p.failed(fmt.Errorf("golden: session %d: %w", x.number, err))
			return
		}
		x.in = x.in[4+size:]
	}
}

func (x *playing) arrived(frame []byte) error {
	if x.greeted == nil {
		r, err := proto.DecodeConnectResponse(slices.Clone(frame))
		x.greeted = &r
		return err
	}
	h, body, err := proto.DecodeReplyHeader(frame)
	if err != nil {
		return err
	}
	switch h.Xid {
	case proto.XidNotification:
		return x.notified(body)
	case proto.XidPing:
		return nil
	}
	typ, known := x.waiting[h.Xid]
	if !known {
		return fmt.Errorf("reply to xid %d, which nobody sent", h.Xid)
	}
	delete(x.waiting, h.Xid)
	x.header, x.answered, x.result = h, true, proto.Result{Type: typ}
	if h.Err == proto.OK {
		x.result, err = proto.DecodeResult(typ, body)
	} else if len(body) > 0 {
		return fmt.Errorf("%v with a body of %d bytes", h.Err, len(body))
	}
	return err
}

func (x *playing) notified(body []byte) error {
	e, err := proto.DecodeWatcherEvent(body)
	if err != nil {
		return err
	}
	ev := x.p.scale.Event(x.id, e)
	if x.answered {
		x.late = append(x.late, ev)
	} else {
		x.events = append(x.events, ev)
	}
	return nil
}

// final reads the whole tree as somebody who may do everything.
func (p *Player) final() Got {
	x := &playing{p: p, number: len(p.sessions), timeout: TimeoutLong, password: make([]byte, proto.PasswordLen)}
	p.sessions = append(p.sessions, x)
	if !x.greet(x.password) {
		p.failed(fmt.Errorf("golden: no session for the super user"))
		return Got{}
	}
	super := &proto.Auth{Scheme: "digest", Data: []byte("super:test")}
	if got := x.request(&proto.Op{Type: proto.OpAuth, Auth: super}); got.Err != proto.OK {
		p.failed(fmt.Errorf("golden: the super user: %w", got.Err))
	}
	return Got{Tree: x.tree("/", nil)}
}

func (x *playing) tree(path string, to []Node) []Node {
	if path == "/zookeeper/config" || path == "/zookeeper/quota" || x.p.err != nil {
		return to
	}
	data := x.request(&proto.Op{Type: proto.OpGetData, Path: path})
	acl := x.request(&proto.Op{Type: proto.OpGetACL, Path: path})
	children := x.request(&proto.Op{Type: proto.OpGetChildren, Path: path})
	if data.Stat == nil || children.Children == nil {
		x.p.failed(fmt.Errorf("golden: %s: %w", path, data.Err))
		return to
	}
	n := Node{Path: path, Stat: *data.Stat, Data: data.Data}
	if !proto.IsOpenACL(acl.ACL) {
		n.ACL = acl.ACL
	}
	to = append(to, n)
	for _, c := range children.Children {
		if path == "/" {
			to = x.tree("/"+c, to)
		} else {
			to = x.tree(path+"/"+c, to)
		}
	}
	return to
}
