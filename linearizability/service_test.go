package linearizability

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// service makes histories that are right: clients call a service that consists of
// the model, each through a server of its own, which lags behind.
type service struct {
	rand    *rand.Rand
	h       *History
	step    uint64
	log     []commit
	txns    []proto.Txn
	next    proto.Zxid
	clients []*user
	late    []*flight // lost on the way back, or still on the way there
	cfg     serviceConfig
	ids     int64
	values  int
}

// serviceConfig says what the clients do, in a hundred.
type serviceConfig struct {
	clients, calls int
	paths          []string
	plainReads     bool
	watches        bool
	lose           int // calls that lose their connection
	expire         int // lost connections after which the session expires
	values         bool
}

type commit struct {
	zxid    proto.Zxid
	state   model.State
	changes []model.Change
}

// user is a client with its server.
type user struct {
	n       int32
	session proto.SessionID
	xid     int32
	seen    proto.Zxid
	view    int // its server has applied log[:view]
	on      bool
	flight  *flight
	synced  bool // the next call is a read
	watches map[watched]bool
	missing map[string]bool // data watches that exists left on nothing
}

// flight is a call under way.
type flight struct {
	u       *user
	session proto.SessionID
	xid     int32
	call    int
	op      proto.Op
	done    bool
	zxid    proto.Zxid
	at      int // length of the log with it
	result  proto.Result
	syncTo  int
}

func newService(seed uint64, cfg serviceConfig) *service {
	s := &service{rand: rand.New(rand.NewPCG(seed, 1)), h: New(cfg.calls), cfg: cfg, next: proto.MakeZxid(1, 1)}
	s.log = []commit{{0, model.New(), nil}}
	for i := range cfg.clients {
		s.clients = append(s.clients, &user{n: int32(i) + 1})
	}
	return s
}

func (s *service) state() model.State { return s.log[len(s.log)-1].state }

func (s *service) chance(percent int) bool { return s.rand.IntN(100) < percent }

// run goes on until the calls are made and most are answered.
func (s *service) run() {
	for len(s.h.Ops) < s.cfg.calls {
		s.turn()
	}
	for range 40 * len(s.clients) {
		s.step++
		if u := s.clients[s.rand.IntN(len(s.clients))]; u.flight != nil {
			s.advance(u)
		}
	}
}

func (s *service) turn() {
	s.step++
	if len(s.late) > 0 && s.chance(20) {
		s.arrive(s.rand.IntN(len(s.late)))
	}
	if s.chance(1) && s.chance(20) {
		s.next = proto.MakeZxid(s.next.Epoch()+1, 1)
	}
	u := s.clients[s.rand.IntN(len(s.clients))]
	switch {
	case u.session == 0:
		s.open(u)
	case !u.on:
		s.reconnect(u)
	case u.flight == nil:
		s.ask(u)
	default:
		s.advance(u)
	}
}

// arrive lets a call of an old connection take effect, or forgets it.
func (s *service) arrive(n int) {
	f := s.late[n]
	first := slices.IndexFunc(s.late, func(g *flight) bool { return g.session == f.session })
	f = s.late[first]
	s.late = slices.Delete(s.late, first, first+1)
	if s.chance(60) {
		s.commit(f)
	}
}

// forget drops what is on the way of a session: a later write overtakes nothing.
func (s *service) forget(id proto.SessionID) {
	s.late = slices.DeleteFunc(s.late, func(f *flight) bool { return f.session == id })
}

func (s *service) commit(f *flight) {
	var changes []model.Change
	st := s.state()
	st, f.result, changes = st.Apply(s.next, int64(s.next), f.session, &f.op)
	f.zxid = s.next
	t := proto.Txn{TxnHeader: proto.TxnHeader{Session: f.session, Cxid: f.xid, Zxid: s.next, Time: int64(s.next), Type: f.op.Type},
		Timeout: f.op.Timeout}
	if err := errOf(&f.result); err != proto.OK {
		t.Type, t.Err = proto.OpError, err
	}
	s.txns = append(s.txns, t)
	s.log = append(s.log, commit{s.next, st, changes})
	s.next++
	f.done, f.at = true, len(s.log)
}

func (s *service) open(u *user) {
	s.ids++
	u.session, u.xid, u.seen, u.synced = proto.SessionID(s.ids<<8), 0, 0, false
	u.watches, u.missing = map[watched]bool{}, map[string]bool{}
	s.commit(&flight{u: u, session: u.session, op: proto.Op{Type: proto.OpCreateSession, Timeout: 6000}})
	u.view, u.on = len(s.log), true
	s.tell(u, Event{Kind: SessionConnected})
}

func (s *service) tell(u *user, e Event) {
	e.Client, e.Session, e.Zxid, e.At = u.n, u.session, u.seen, s.step
	s.h.Told(e)
}

func (s *service) ask(u *user) {
	op := s.draw(u)
	u.xid++
	f := &flight{u: u, session: u.session, xid: u.xid, op: op, syncTo: len(s.log), call: s.h.Call(u.n, &op, s.step)}
	s.h.Sent(f.call, u.session, u.xid)
	u.flight = f
}

func (s *service) path() string { return s.cfg.paths[s.rand.IntN(len(s.cfg.paths))] }

func (s *service) data() []byte {
	if s.cfg.values {
		s.values++
		return fmt.Appendf(nil, "v%d", s.values)
	}
	return []byte{byte('a' + s.rand.IntN(3))}
}

func (s *service) version(path string) int32 {
	if s.chance(40) {
		return -1
	}
	r := s.state().Read(&proto.Op{Type: proto.OpExists, Path: path})
	return r.Stat.Version - int32(s.rand.IntN(4)/3)
}

func (s *service) draw(u *user) proto.Op {
	n := s.rand.IntN(100)
	switch {
	case u.synced:
		u.synced = false
		return s.read()
	case n < 15:
		u.synced = true
		return proto.Op{Type: proto.OpSync, Path: "/"}
	case n < 45 && s.cfg.plainReads:
		return s.read()
	case n < 55:
		return proto.Op{Type: proto.OpMulti, Ops: []proto.Op{s.write(), s.write()}}
	}
	return s.write()
}

func (s *service) read() proto.Op {
	types := []proto.OpCode{proto.OpGetData, proto.OpExists, proto.OpGetChildren2, proto.OpGetChildren, proto.OpGetData}
	return proto.Op{Type: types[s.rand.IntN(len(types))], Path: s.path(), Watch: s.cfg.watches && s.chance(50)}
}

func (s *service) write() proto.Op {
	path := s.path()
	op := proto.Op{Type: proto.OpCreate, Path: path, Data: s.data(), ACL: proto.OpenACL()}
	missing := s.state().Read(&proto.Op{Type: proto.OpExists, Path: path}).Err != proto.OK
	switch n := s.rand.IntN(100); {
	case n < 15, n < 80 && missing:
	case n < 20:
		op.Type = proto.OpCreate2
	case n < 30:
		op.Flags = proto.FlagEphemeral
	case n < 40:
		op.Path, op.Flags = path+"/s-", proto.FlagSequential
	case n < 45:
		op.Path, op.Flags = path+"/e-", proto.FlagSequential|proto.FlagEphemeral
	case n < 55:
		return proto.Op{Type: proto.OpDelete, Path: path, Version: s.version(path)}
	case n < 60:
		return proto.Op{Type: proto.OpCheck, Path: path, Version: s.version(path)}
	default:
		return proto.Op{Type: proto.OpSetData, Path: path, Data: op.Data, Version: s.version(path)}
	}
	return op
}

// advance brings a call one step further: to its effect, to its answer, or to the
// loss of its connection.
func (s *service) advance(u *user) {
	f := u.flight
	switch {
	case s.chance(s.cfg.lose):
		s.lose(u)
	case f.op.Type.IsWrite() && !f.done:
		s.forget(u.session)
		s.commit(f)
	case s.chance(70):
		s.answer(u)
	}
}

func (s *service) lose(u *user) {
	f := u.flight
	u.flight, u.on, u.synced = nil, false, false
	s.tell(u, Event{Kind: SessionDisconnected})
	s.h.Return(f.call, s.step, &Reply{Session: f.session, Xid: f.xid, Outcome: Unknown, Err: proto.ConnectionLoss})
	if f.op.Type.IsWrite() && !f.done {
		s.late = append(s.late, f)
	}
	if s.chance(s.cfg.expire) {
		s.commit(&flight{u: u, session: u.session, op: proto.Op{Type: proto.OpCloseSession}})
		s.tell(u, Event{Kind: SessionExpired})
		s.forget(u.session)
		u.session = 0
	}
}

// answer lets the server of a client catch up as far as the answer needs, and
// perhaps further, and answers.
func (s *service) answer(u *user) {
	f := u.flight
	to := u.view + s.rand.IntN(len(s.log)-u.view+1)
	if f.op.Type == proto.OpSync {
		to = max(to, f.syncTo)
	}
	if f.op.Type.IsWrite() {
		to = max(f.at, u.view)
	}
	s.catchUp(u, to)
	r := &Reply{Session: f.session, Xid: f.xid, Zxid: f.zxid, Result: &f.result}
	if !f.op.Type.IsWrite() {
		at := &s.log[u.view-1]
		f.result, r.Zxid = at.state.Read(&f.op), at.zxid
		s.leave(u, f)
	}
	r.Err = errOf(&f.result)
	if r.Err != proto.OK && f.op.Type.IsWrite() {
		r.Outcome = Failed
	}
	if f.result.Err != proto.OK {
		r.Result = &proto.Result{}
	}
	u.flight, u.seen = nil, r.Zxid
	s.h.Return(f.call, s.step, r)
}

func (s *service) leave(u *user, f *flight) {
	if !f.op.Watch {
		return
	}
	on := watched{path: f.op.Path, children: f.op.Type == proto.OpGetChildren || f.op.Type == proto.OpGetChildren2}
	switch {
	case f.result.Err == proto.OK:
		u.watches[on] = true
		delete(u.missing, on.path)
	case f.op.Type == proto.OpExists:
		u.watches[on], u.missing[on.path] = true, true
	}
}

func (s *service) catchUp(u *user, to int) {
	for u.view < to {
		for _, c := range s.log[u.view].changes {
			s.fire(u, c)
		}
		u.view++
	}
}

func (s *service) fire(u *user, c model.Change) {
	data, child := watched{path: c.Path}, watched{c.Path, true}
	if u.watches[data] || c.Type == proto.EventNodeDeleted && u.watches[child] {
		delete(u.watches, data)
		delete(u.missing, c.Path)
		if c.Type == proto.EventNodeDeleted {
			delete(u.watches, child)
		}
		s.tell(u, Event{Kind: WatchFired, Type: c.Type, Path: c.Path})
	}
	parent := watched{parentOf(c.Path), true}
	if c.Type != proto.EventNodeDataChanged && u.watches[parent] {
		delete(u.watches, parent)
		s.tell(u, Event{Kind: WatchFired, Type: proto.EventNodeChildrenChanged, Path: parent.path})
	}
}

// reconnect goes on with a server that is not behind what the client has seen,
// and sets the watches again.
func (s *service) reconnect(u *user) {
	first := slices.IndexFunc(s.log, func(c commit) bool { return c.zxid >= u.seen })
	u.view, u.on = first+1+s.rand.IntN(len(s.log)-first), true
	s.tell(u, Event{Kind: SessionConnected})
	at := s.log[u.view-1].state
	paths := make([]watched, 0, len(u.watches))
	for on := range u.watches {
		paths = append(paths, on)
	}
	slices.SortFunc(paths, func(a, b watched) int { return compareBool(a.children, b.children) })
	for _, on := range paths {
		if t := s.again(u, on, at); t != 0 {
			delete(u.watches, on)
			s.tell(u, Event{Kind: WatchFired, Type: t, Path: on.path})
		}
	}
}

// again says what the client is told at once of a watch that it sets again.
func (s *service) again(u *user, on watched, at model.State) proto.EventType {
	r := at.Read(&proto.Op{Type: proto.OpExists, Path: on.path})
	there := r.Err == proto.OK
	switch {
	case !on.children && u.missing[on.path]:
		if there {
			delete(u.missing, on.path)
			return proto.EventNodeCreated
		}
		return 0
	case !there:
		return proto.EventNodeDeleted
	case on.children && r.Stat.Pzxid > u.seen:
		return proto.EventNodeChildrenChanged
	case !on.children && r.Stat.Mzxid > u.seen:
		return proto.EventNodeDataChanged
	}
	return 0
}
