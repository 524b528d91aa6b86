package model_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// TestStoreAgainstModel runs the servers' znode store beside the model: random
// writes, several of them prepared before the first is applied, reads and
// watches in between. Requests and transactions pass through their encodings as
// they do between servers. Every answer, every event and the whole state agree.
func TestStoreAgainstModel(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(t)
		p.seen = seen
		seen["runs"]++
		for id := proto.SessionID(1); id <= 3; id++ {
			p.prepare(action{session: id, op: proto.Op{Type: proto.OpCreateSession, Timeout: 4000}})
			p.prepare(action{session: id, op: *create("/a", 0)})
			p.prepare(action{session: id, op: *create("/b", proto.FlagEphemeral)})
		}
		p.settle()
		for _, a := range genLong(genAction()).Draw(t, "actions") {
			p.run(a)
		}
		p.settle()
	})
	if seen["runs"] >= 100 { // fewer were asked for
		requireReached(t, seen)
	}
}

// requireReached demands that the runs together came to every kind of outcome:
// a generator that misses one would leave it unchecked in silence.
func requireReached(t *testing.T, seen map[string]int) {
	for _, err := range []proto.ErrCode{proto.OK, proto.BadArguments, proto.Unimplemented, proto.InvalidACL,
		proto.NoNode, proto.NoAuth, proto.BadVersion, proto.NodeExists, proto.NoChildrenForEphemerals,
		proto.NotEmpty, proto.SessionExpired} {
		assert.Positive(t, seen[err.Error()], "%v", err)
	}
	for _, e := range []proto.EventType{proto.EventNodeCreated, proto.EventNodeDeleted,
		proto.EventNodeDataChanged, proto.EventNodeChildrenChanged} {
		assert.Positive(t, seen["write "+e.String()], "%v by a write", e)
		assert.Positive(t, seen["setWatches "+e.String()], "%v by setWatches", e)
	}
	for _, what := range []string{"multi done", "multi failed", "pipelined", "ephemerals closed"} {
		assert.Positive(t, seen[what], what)
	}
}

// Each transaction that is bent on its way into the store is found out.
func TestStoreAgainstModelFindsDefects(t *testing.T) {
	of := func(code proto.OpCode, f func(*proto.Txn)) func(*proto.Txn) {
		return func(txn *proto.Txn) {
			if txn.Type == code {
				f(txn)
			}
		}
	}
	bends := map[string]func(*proto.Txn){
		"owner lost":       of(proto.OpCreate, func(txn *proto.Txn) { txn.Ephemeral = false }),
		"count of creates": of(proto.OpCreate, func(txn *proto.Txn) { txn.ParentCVersion++ }),
		"data":             of(proto.OpCreate, func(txn *proto.Txn) { txn.Data = []byte{} }),
		"path":             of(proto.OpCreate, func(txn *proto.Txn) { txn.Path += "x" }),
		"version":          of(proto.OpSetData, func(txn *proto.Txn) { txn.Version++ }),
		"null data":        of(proto.OpSetData, func(txn *proto.Txn) { txn.Data = nil }),
		"error":            of(proto.OpError, func(txn *proto.Txn) { txn.Err-- }),
		"delete lost":      of(proto.OpDelete, func(txn *proto.Txn) { txn.Type = proto.OpError }),
		"half a multi":     of(proto.OpMulti, func(txn *proto.Txn) { txn.Ops = txn.Ops[:1] }),
		"timeout":          of(proto.OpCreateSession, func(txn *proto.Txn) { txn.Timeout++ }),
		"session kept":     of(proto.OpCloseSession, func(txn *proto.Txn) { txn.Type = proto.OpCheck }),
		"time":             func(txn *proto.Txn) { txn.Time++ },
		"digest":           func(txn *proto.Txn) { txn.Digest++ },
	}
	assert.Empty(t, runScript(func(*proto.Txn) {}))
	for what, bend := range bends {
		assert.NotEmpty(t, runScript(bend), what)
	}
}

// runScript runs some of everything and returns the failure, if there was one.
func runScript(bend func(*proto.Txn)) (failure string) {
	r := &recorder{}
	defer func() {
		if v := recover(); v != nil && v != r {
			panic(v)
		}
		failure = r.text
	}()
	p := newPair(r)
	p.bend = bend
	data := create("/a/e", proto.FlagEphemeral)
	data.Data = []byte("d")
	for _, op := range []*proto.Op{
		{Type: proto.OpCreateSession, Timeout: 4000}, create("/a", 0), data, create("/a", 0),
		{Type: proto.OpSetData, Path: "/a", Data: []byte{}, Version: -1},
		{Type: proto.OpMulti, Ops: []proto.Op{*create("/b", 0), *create("/c", 0)}},
		onNode(proto.OpDelete, "/b", -1), {Type: proto.OpCloseSession},
	} {
		p.run(action{"write", 1, *op})
		p.settle()
	}
	return ""
}

// recorder takes the place of a testing.T where a failure is wanted.
type recorder struct{ text string }

func (r *recorder) Errorf(format string, args ...any) { r.text += fmt.Sprintf(format, args...) }

func (r *recorder) FailNow() { panic(r) }

// store is the subject: what a server has beside the model's one value.
type store struct {
	tree        *ztree.Tree
	outstanding *ztree.Outstanding
	watches     *ztree.Watches
}

// pair is model and store side by side, with the writes that are prepared in the
// store and applied in neither.
type pair struct {
	t       require.TestingT
	model   *model.Server
	store   store
	pending []prepared
	zxid    proto.Zxid
	open    map[proto.SessionID]bool // sessions, as prepared
	bend    func(*proto.Txn)         // what happens to transactions on their way
	seen    map[string]int           // how often the runs came to what
}

type prepared struct {
	action
	txn proto.Txn
}

func newPair(t require.TestingT) *pair {
	tree := ztree.New()
	return &pair{t: t, model: model.NewServer(), open: map[proto.SessionID]bool{},
		bend: func(*proto.Txn) {}, seen: map[string]int{},
		store: store{tree, ztree.NewOutstanding(tree), ztree.NewWatches(nil)}}
}

func (p *pair) run(a action) {
	switch a.verb {
	case "write":
		if len(p.pending) < 4 {
			p.prepare(a)
		}
	case "apply":
		if len(p.pending) > 0 {
			p.apply()
		}
	case "read":
		p.read(a)
	case "disconnect":
		p.model.Disconnect(a.session)
		p.store.watches.Drop(ztree.Watcher(a.session))
	}
}

// settle applies what is prepared.
func (p *pair) settle() {
	for len(p.pending) > 0 {
		p.apply()
	}
}

func (p *pair) prepare(a action) {
	body := proto.AppendOp(nil, &a.op)
	op, err := proto.DecodeOp(a.op.Type, body)
	require.NoError(p.t, err)
	var pre proto.ErrCode
	switch a.op.Type {
	case proto.OpCreateSession:
		p.open[a.session] = true
	case proto.OpCloseSession:
		delete(p.open, a.session)
	default:
		if !p.open[a.session] {
			pre = proto.SessionExpired
		}
	}
	p.zxid++
	header := proto.TxnHeader{Session: a.session, Zxid: p.zxid, Time: 1000 * int64(p.zxid), Type: a.op.Type}
	txn := p.store.outstanding.Prepare(header, &op, nil, pre)
	p.pending = append(p.pending, prepared{a, txn})
	if len(p.pending) > 1 {
		p.seen["pipelined"]++
	}
}

// apply takes the oldest prepared write into both.
func (p *pair) apply() {
	next := p.pending[0]
	p.pending = p.pending[1:]
	txn, err := proto.DecodeTxn(proto.AppendTxn(nil, &next.txn))
	require.NoError(p.t, err)
	time, owned := txn.Time, len(p.model.Ephemerals(next.session))
	p.bend(&txn)
	want, wantEvents := p.model.Apply(txn.Zxid, time, next.session, &next.op)
	var gotEvents []model.Event
	got := p.store.tree.Apply(&txn, p.store.watches, func(w ztree.Watcher, e proto.WatcherEvent) {
		gotEvents = append(gotEvents, model.Event{Session: proto.SessionID(w), WatcherEvent: e})
	})
	p.store.outstanding.Applied(txn.Zxid)
	if next.op.Type == proto.OpCloseSession {
		p.store.watches.Drop(ztree.Watcher(next.session))
	}
	p.compare(next.action, want, got, wantEvents, gotEvents)
	p.note("write", &want, wantEvents)
	if next.op.Type == proto.OpCloseSession && owned > 0 {
		p.seen["ephemerals closed"]++
	}
	if txn.HasDigest {
		require.Equal(p.t, txn.Digest, p.store.tree.Digest(), "%#v: the digest that was foreseen", next.action)
	}
	p.compareState(next.action)
}

func (p *pair) read(a action) {
	want, wantEvents := p.model.Read(a.session, &a.op)
	var gotEvents []model.Event
	got := p.store.tree.Read(&a.op, &ztree.Caller{Watcher: ztree.Watcher(a.session)}, p.store.watches, func(w ztree.Watcher, e proto.WatcherEvent) {
		gotEvents = append(gotEvents, model.Event{Session: proto.SessionID(w), WatcherEvent: e})
	})
	p.compare(a, want, got, wantEvents, gotEvents)
	p.note(a.op.Type.String(), &want, wantEvents)
}

func (p *pair) note(by string, r *proto.Result, events []model.Event) {
	p.seen[r.Err.Error()]++
	for _, e := range events {
		p.seen[by+" "+e.Type.String()]++
	}
	switch {
	case failedMulti(r):
		p.seen["multi failed"]++
	case len(r.Multi) > 1:
		p.seen["multi done"]++
	}
}

func (p *pair) compare(a action, want, got proto.Result, wantEvents, gotEvents []model.Event) {
	require.Equal(p.t, answerText(want), answerText(got), "%#v: want the model's answer, got the store's", a)
	require.Equal(p.t, bySession(wantEvents), bySession(gotEvents), "%#v: events", a)
	require.Equal(p.t, p.model.Watches.Count(), p.store.watches.Count(), "%#v: watches left", a)
}

// answerText tells null data from empty, but not an empty list from none. Of a
// failure it tells the error alone: it has no body.
func answerText(r proto.Result) string {
	if r.Err != proto.OK {
		return r.Err.Error()
	}
	text := fmt.Sprintf("%v path=%q data=%q null=%v %+v children=%q", r.Type, r.Path, r.Data, r.Data == nil, r.Stat, r.Children)
	for _, part := range r.Multi {
		text += "\n  " + fmt.Sprintf("%v err=%v path=%q %+v", part.Type, part.Err, part.Path, part.Stat)
	}
	return text
}

func bySession(events []model.Event) map[proto.SessionID][]proto.WatcherEvent {
	out := map[proto.SessionID][]proto.WatcherEvent{}
	for _, e := range events {
		out[e.Session] = append(out[e.Session], e.WatcherEvent)
	}
	return out
}

func (p *pair) compareState(a action) {
	require.Equal(p.t, p.model.Last(), p.store.tree.LastProcessed())
	var want, got []string
	p.model.Walk(func(path string, stat proto.Stat, data []byte) bool {
		want = append(want, nodeText(path, stat, data))
		return true
	})
	p.store.tree.Walk(func(path string, data []byte, stat proto.Stat) {
		got = append(got, nodeText(path, stat, data))
	})
	require.Equal(p.t, want, got, "%#v: tree", a)
	var open []proto.SessionID
	for _, s := range p.store.tree.Sessions() {
		open = append(open, s.ID)
		ms, ok := p.model.Timeout(s.ID)
		require.True(p.t, ok && ms == s.Timeout, "%#v: session %v", a, s.ID)
		require.Equal(p.t, p.model.Ephemerals(s.ID), p.store.tree.Ephemerals(s.ID), "%#v: ephemerals", a)
	}
	require.Equal(p.t, p.model.Sessions(), open, "%#v: sessions", a)
}

func nodeText(path string, stat proto.Stat, data []byte) string {
	return fmt.Sprintf("%q %+v data=%q null=%v", path, stat, data, data == nil)
}
