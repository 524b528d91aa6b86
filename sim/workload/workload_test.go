package workload

import (
	"bytes"
	"container/heap"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/rng"
)

// bench is a driver and a service in one: a tree of paths and versions that
// answers each request after a fixed while, in order.
type bench struct {
	now      time.Duration
	step     uint64
	queue    queue
	seq      int
	latency  time.Duration
	nodes    map[string]*znode
	zxid     proto.Zxid
	sessions proto.SessionID
	history  *linearizability.History
	w        *Workload
	clients  []*fakeSession
}

type znode struct {
	stat proto.Stat
	data []byte
	next int32
}

type item struct {
	at  time.Duration
	seq int
	do  func()
}

type queue []item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(item)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

func (b *bench) later(d time.Duration, do func()) {
	b.seq++
	heap.Push(&b.queue, item{b.now + d, b.seq, do})
}

func (b *bench) run(until time.Duration) {
	for len(b.queue) > 0 && b.queue[0].at <= until {
		x := heap.Pop(&b.queue).(item)
		b.now = x.at
		b.step++
		x.do()
	}
}

// fakeSession is a client.Client as the generator sees it, and its driver.
type fakeSession struct {
	b       *bench
	g       *Generator
	state   client.State
	id      proto.SessionID
	xid     int32
	pending []func(client.Kind)
	ticks   int // invalidates earlier asks
}

func (s *fakeSession) Step() uint64 { return s.b.step }

func (s *fakeSession) After(d time.Duration) {
	if d <= 0 {
		panic("a Tick in no time")
	}
	s.ticks++
	n := s.ticks
	s.b.later(d, func() {
		if n == s.ticks {
			s.g.Tick()
		}
	})
}

func (s *fakeSession) Start() {
	s.b.sessions++
	s.state, s.id, s.xid = client.Connected, s.b.sessions, 0
	s.g.SessionChanged(client.Connected)
}

func (s *fakeSession) State() client.State      { return s.state }
func (s *fakeSession) Session() proto.SessionID { return s.id }
func (s *fakeSession) LastZxid() proto.Zxid     { return s.b.zxid }
func (s *fakeSession) Die()                     { s.end(client.Closed) }

func (s *fakeSession) end(state client.State) {
	s.state = state
	s.g.SessionChanged(state)
	lost := s.pending
	s.pending = nil
	for _, f := range lost {
		f(client.Unknown)
	}
}

func (s *fakeSession) Do(op *proto.Op, done client.Completion, tag int) int32 {
	if s.state != client.Connected {
		done.Completed(tag, &client.Outcome{Kind: client.Failed, Err: proto.ConnectionLoss})
		return 0
	}
	s.xid++
	xid, id, kept, ended := s.xid, s.id, *op, false
	end := func(k client.Kind) {
		if ended {
			return
		}
		ended = true
		o := client.Outcome{Kind: k, Err: proto.ConnectionLoss, Session: id, Xid: xid}
		if k == client.OK {
			s.pending = s.pending[1:]
			o = s.b.serve(&kept, id, xid)
		}
		done.Completed(tag, &o)
		if kept.Type == proto.OpCloseSession && k == client.OK {
			s.end(client.Closed)
		}
	}
	s.pending = append(s.pending, end)
	s.b.later(s.b.latency, func() { end(client.OK) })
	return xid
}

func (b *bench) serve(op *proto.Op, id proto.SessionID, xid int32) client.Outcome {
	if op.Type.IsWrite() {
		b.zxid++
	}
	o := client.Outcome{Zxid: b.zxid, Session: id, Xid: xid}
	if op.Type != proto.OpMulti {
		o.Err, o.Result = b.apply(op, true)
	} else {
		for i := range op.Ops { // what can fail is checked first
			if err, _ := b.apply(&op.Ops[i], false); err != 0 {
				o.Err = err
			}
		}
		for i := 0; i < len(op.Ops) && o.Err == 0; i++ {
			_, r := b.apply(&op.Ops[i], true)
			o.Result.Multi = append(o.Result.Multi, r)
		}
	}
	if o.Err != 0 && op.Type.IsWrite() {
		o.Kind = client.Failed
	}
	return o
}

func (b *bench) apply(op *proto.Op, really bool) (proto.ErrCode, proto.Result) {
	r := proto.Result{Type: op.Type, Path: op.Path}
	n := b.nodes[op.Path]
	switch op.Type {
	case proto.OpSync, proto.OpCloseSession:
		return 0, r
	case proto.OpCreate:
		return b.create(op, really)
	}
	if n == nil {
		return proto.NoNode, proto.Result{}
	}
	if (op.Type == proto.OpDelete || op.Type == proto.OpSetData || op.Type == proto.OpCheck) &&
		op.Version != -1 && op.Version != n.stat.Version {
		return proto.BadVersion, proto.Result{}
	}
	switch {
	case op.Type == proto.OpDelete && really:
		delete(b.nodes, op.Path)
	case op.Type == proto.OpSetData && really:
		n.stat.Version++
		n.data = op.Data
	}
	r.Stat, r.Data = n.stat, n.data
	return 0, r
}

func (b *bench) create(op *proto.Op, really bool) (proto.ErrCode, proto.Result) {
	parent := op.Path[:strings.LastIndexByte(op.Path, '/')]
	if parent != "" && b.nodes[parent] == nil {
		return proto.NoNode, proto.Result{}
	}
	path := op.Path
	if op.Flags&proto.FlagSequential != 0 {
		path += fmt.Sprintf("%010d", b.nodes[parent].next)
	}
	if b.nodes[path] != nil {
		return proto.NodeExists, proto.Result{}
	}
	if really {
		if parent != "" {
			b.nodes[parent].next++
		}
		b.nodes[path] = &znode{data: op.Data}
	}
	return 0, proto.Result{Type: proto.OpCreate, Path: path}
}

func newBench(seed uint64, cfg Config) *bench {
	b := &bench{latency: 10 * time.Millisecond, nodes: map[string]*znode{}, history: linearizability.New(8000)}
	b.w = New(cfg, rng.New(seed), b.history)
	for i := range b.w.cfg.Clients {
		s := &fakeSession{b: b, state: client.Closed}
		s.g = b.w.Client(i+1, s)
		s.g.Attach(s)
		s.g.Start()
		b.clients = append(b.clients, s)
	}
	return b
}

func (b *bench) text(t *testing.T) string {
	var out bytes.Buffer
	require.NoError(t, b.history.WriteJSONL(&out))
	return out.String()
}

func TestDeterministic(t *testing.T) {
	run := func(seed uint64) string {
		b := newBench(seed, Config{})
		b.run(10 * time.Second)
		return b.text(t)
	}
	assert.Equal(t, run(1), run(1))
	assert.NotEqual(t, run(1), run(2))
}

// What one client asks for depends on its own draws and answers alone, not on
// how much the others ask for.
func TestClientsDrawApart(t *testing.T) {
	first := func(others bool) []proto.Op {
		b := newBench(5, Config{Outstanding: 40, Deaths: -1})
		b.latency = time.Hour // no answers: those do depend on the others
		for i, s := range b.clients {
			s.g.ready = true
			if i > 0 && !others {
				s.g.Stop()
			}
		}
		b.run(5 * time.Second)
		var out []proto.Op
		for i := range b.history.Ops {
			if b.history.Ops[i].Client == 1 {
				out = append(out, b.history.Ops[i].Op)
			}
		}
		return out
	}
	alone := first(false)
	assert.Greater(t, len(alone), 20)
	assert.Equal(t, alone, first(true))
}

func TestProportions(t *testing.T) {
	b := newBench(3, Config{})
	b.run(61 * time.Second)
	h := b.history
	count := map[string]int{}
	failed, reads, writes := 0, 0, 0
	for i := range h.Ops {
		o := &h.Ops[i]
		name := o.Op.Type.String()
		if o.Op.Flags&proto.FlagEphemeral != 0 {
			name = "ephemeral"
		} else if o.Op.Flags&proto.FlagSequential != 0 {
			name = "sequential"
		} else if o.Op.Watch {
			name = "watch"
		}
		count[name]++
		if o.Op.Type.IsWrite() {
			writes++
		} else {
			reads++
		}
		if o.Outcome == linearizability.Failed {
			failed++
		}
	}
	t.Log(count, "failed", failed, "reads", reads, "writes", writes)
	assert.InDelta(t, 3000, reads, 300, "50 a second")
	assert.InDelta(t, 3000, writes, 300, "50 a second")
	for _, name := range []string{"create", "delete", "setData", "getData", "exists", "getChildren2", "sync", "multi",
		"ephemeral", "sequential", "watch", "closeSession"} {
		assert.NotZero(t, count[name], name)
	}
	assert.Greater(t, count["multi"], 200)
	assert.Greater(t, count["sync"], 150)
	assert.Greater(t, count["watch"], 350)
	assert.NotZero(t, failed, "clients get in each other's way")
	assert.Less(t, failed, writes/8, "but seldom")
	assert.Greater(t, int(b.sessions), 12, "sessions end and others begin")
	assert.Nil(t, linearizability.CheckOrder(h))
	assert.Nil(t, linearizability.CheckSync(h))
}

func TestValuesAreUnique(t *testing.T) {
	b := newBench(4, Config{})
	b.run(30 * time.Second)
	seen := map[string]bool{}
	var look func(op *proto.Op)
	look = func(op *proto.Op) {
		if op.Data != nil {
			assert.Len(t, op.Data, 100)
			assert.False(t, seen[string(op.Data)], "%s", op.Data)
			seen[string(op.Data)] = true
		}
		for i := range op.Ops {
			look(&op.Ops[i])
		}
	}
	for i := range b.history.Ops {
		look(&b.history.Ops[i].Op)
	}
	assert.Greater(t, len(seen), 1000)
}

// Every call that was answered is recorded with its session and its steps, and
// the number of outstanding ones is bounded even when nothing is answered.
func TestRecords(t *testing.T) {
	b := newBench(6, Config{Clients: 3})
	b.run(5 * time.Second)
	b.latency = time.Hour
	b.run(15 * time.Second)
	outstanding := 0
	for i := range b.history.Ops {
		o := &b.history.Ops[i]
		require.NotZero(t, o.Session)
		require.NotZero(t, o.Xid)
		if o.Return == 0 {
			outstanding++
			assert.Equal(t, linearizability.Unknown, o.Outcome)
			continue
		}
		assert.LessOrEqual(t, o.Call, o.Return)
	}
	sum := 0
	for _, s := range b.clients {
		assert.LessOrEqual(t, s.g.Outstanding(), 5)
		assert.NotZero(t, s.g.Skipped())
		sum += s.g.Outstanding()
	}
	assert.Equal(t, outstanding, sum)
}

func TestStop(t *testing.T) {
	b := newBench(7, Config{Clients: 2})
	b.run(3 * time.Second)
	for _, s := range b.clients {
		s.g.Stop()
	}
	b.run(4 * time.Second)
	n := len(b.history.Ops)
	b.run(time.Minute)
	assert.Len(t, b.history.Ops, n)
	assert.Zero(t, b.clients[0].g.Outstanding()+b.clients[1].g.Outstanding())
	assert.Empty(t, b.queue)
}

// A client whose session expires comes back with a new one, and forgets the
// ephemerals of the old one.
func TestExpiredSessionIsReplaced(t *testing.T) {
	b := newBench(8, Config{Clients: 1, Deaths: -1})
	b.run(10 * time.Second)
	s := b.clients[0]
	require.NotEmpty(t, s.g.ephemerals)
	s.end(client.Expired)
	b.run(11 * time.Second)
	assert.Equal(t, client.Connected, s.state)
	assert.Equal(t, proto.SessionID(2), s.id)
	var kinds []linearizability.EventKind
	for _, e := range b.history.Events {
		kinds = append(kinds, e.Kind)
	}
	assert.Equal(t, []linearizability.EventKind{linearizability.SessionConnected, linearizability.SessionExpired,
		linearizability.SessionConnected}, kinds)
}

// The kinds of outcomes are converted by their numbers.
func TestOutcomesMatch(t *testing.T) {
	for _, k := range []client.Kind{client.OK, client.Failed, client.Unknown} {
		assert.Equal(t, k.String(), linearizability.Outcome(k).String())
	}
}

func TestTree(t *testing.T) {
	tr := newTree(25)
	assert.Equal(t, []string{"/g0", "/g1", "/g2"}, tr.groups)
	assert.Equal(t, "/g2/n4", tr.nodes[24])
	assert.Equal(t, []string{"/g1"}, tr.share(2, 2))
	seen := map[string]int{}
	for c := range 7 {
		for _, g := range tr.share(c+1, 7) {
			seen[g]++
		}
	}
	assert.Equal(t, map[string]int{"/g0": 1, "/g1": 1, "/g2": 1}, seen)
	assert.Empty(t, favourites(7, Config{Clients: 7, Nodes: 25}))
	assert.Len(t, favourites(1, Config{Clients: 2, Nodes: 1000}), favouriteNodes)
	assert.Equal(t, 10, favourites(2, Config{Clients: 10, Nodes: 1000})[0])
}

func BenchmarkMinute(b *testing.B) {
	b.ReportAllocs()
	for i := range b.N {
		x := newBench(uint64(i), Config{})
		x.run(time.Minute)
		b.ReportMetric(float64(len(x.history.Ops)), "ops")
	}
}
