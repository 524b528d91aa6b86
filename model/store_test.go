package model_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// TestStoreAgainstModel runs the servers' znode store beside the model: random
// writes, several of them prepared before the first is applied, reads, watches and
// proofs of identity in between, connections that are lost and made again, and the
// deletion of what is over. Requests and transactions pass through their encodings
// as they do between servers. Every answer, every event and the whole state agree.
// A failure prints the run, line by line, in the notation of the transcripts.
func TestStoreAgainstModel(t *testing.T) {
	seen := map[string]int{}
	runs(t, seen)
	for more := 0; more < 4 && len(unreached(seen)) > 0; more++ { // rare outcomes may be left to chance
		runs(t, seen)
	}
	if seen["runs"] >= 100 { // fewer were asked for
		require.Empty(t, unreached(seen), "no run came to these")
	}
}

// runs adds what rapid draws at a time.
func runs(t *testing.T, seen map[string]int) {
	rapid.Check(t, func(t *rapid.T) {
		rules := model.Rules{ExtendedTypes: rapid.IntRange(0, 7).Draw(t, "rules") > 0, EnforceQuota: rapid.Bool().Draw(t, "quotas obeyed")}
		p := newPairWith(t, rules)
		p.seen = seen
		seen["runs"]++
		for id := proto.SessionID(1); id <= 3; id++ {
			p.prepare(action{session: id, op: proto.Op{Type: proto.OpCreateSession, Timeout: 4000}})
			p.prepare(action{session: id, op: *create("/a", 0)})
			p.prepare(action{session: id, op: *create("/b", proto.FlagEphemeral)})
		}
		if rules.EnforceQuota {
			limits := rapid.SampledFrom([]string{"count=1;countHardLimit=2;byteHardLimit=6", "count=1;byteHardLimit=6"}).Draw(t, "limits")
			for _, path := range quotaPaths[:3] {
				op := create(path, 0)
				op.Data = []byte(limits)
				p.prepare(action{session: 1, op: *op})
			}
			if rapid.Bool().Draw(t, "beyond the quota") {
				op := onNode(proto.OpSetData, "/a", -1)
				op.Data = []byte("seven B")
				p.prepare(action{session: 1, op: *op})
			}
		}
		p.settle()
		for _, a := range genLong(genAction()).Draw(t, "actions") {
			if a.verb != "apply" || len(p.pending) > 0 {
				t.Logf("%#v", a)
			}
			p.run(a)
		}
		p.settle()
	})
}

// unreached is what the runs together must come to and did not, every kind of
// outcome: a generator that misses one would leave it unchecked in silence.
func unreached(seen map[string]int) []string {
	want := []string{"multi done", "multi failed", "pipelined", "ephemerals closed", "doomed", "quota counted",
		"multiRead", "addWatch", "removeWatches", "checkWatches", "getEphemerals", "getAllChildrenNumber", "whoAmI", "getACL", "setACL",
		"createContainer", "createTTL"}
	for _, err := range []proto.ErrCode{proto.OK, proto.BadArguments, proto.Unimplemented, proto.InvalidACL,
		proto.NoNode, proto.NoAuth, proto.BadVersion, proto.NodeExists, proto.NoChildrenForEphemerals,
		proto.NotEmpty, proto.SessionExpired, proto.NoWatcher, proto.MarshallingError, proto.AuthFailed,
		proto.ReconfigDisabled, proto.QuotaExceeded} {
		want = append(want, err.Error())
	}
	for _, e := range []proto.EventType{proto.EventNodeCreated, proto.EventNodeDeleted,
		proto.EventNodeDataChanged, proto.EventNodeChildrenChanged} {
		want = append(want, "write "+e.String(), "setWatches "+e.String())
	}
	return slices.DeleteFunc(want, func(what string) bool { return seen[what] > 0 })
}

// store is the subject: what a server has beside the model's one value, and the
// identities of its connections.
type store struct {
	tree        *ztree.Tree
	outstanding *ztree.Outstanding
	watches     *ztree.Watches
	ids         map[proto.SessionID][]proto.ID
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
	lie     func(*proto.Result)      // what happens to the store's answers
	deaf    bool                     // its events are lost
	seen    map[string]int           // how often the runs came to what
}

type prepared struct {
	action
	txn  proto.Txn
	from model.Caller
}

func newPair(t require.TestingT) *pair { return newPairWith(t, model.Rules{ExtendedTypes: true}) }

func newPairWith(t require.TestingT, rules model.Rules) *pair {
	tree := ztree.New()
	tree.SetRules(ztree.Rules{ExtendedTypes: rules.ExtendedTypes, EnforceQuota: rules.EnforceQuota})
	ids := map[proto.SessionID][]proto.ID{}
	p := &pair{t: t, model: model.NewServerWith(rules), open: map[proto.SessionID]bool{},
		bend: func(*proto.Txn) {}, lie: func(*proto.Result) {}, seen: map[string]int{},
		store: store{tree, ztree.NewOutstanding(tree), ztree.NewWatches(func(w ztree.Watcher) []proto.ID { return ids[proto.SessionID(w)] }), ids}}
	p.model.SuperDigest = model.Digest(superCredentials)
	return p
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
	case "auth":
		p.auth(a)
	case "reconnect":
		p.connect(a.session)
	case "doom":
		p.settle()
		p.prepare(a)
		p.settle()
	}
}

// connect begins a new connection of a session.
func (p *pair) connect(id proto.SessionID) {
	p.model.Connect(id, "127.0.0.1")
	p.store.watches.Drop(ztree.Watcher(id))
	p.store.ids[id] = []proto.ID{ztree.IPIdentity("127.0.0.1")}
}

// auth proves an identity to both. Who fails is cut off, and comes again.
func (p *pair) auth(a action) {
	want, _ := p.model.Read(a.session, &a.op)
	ids, ok := ztree.Authenticate(a.op.Auth, ztree.DigestOf([]byte(superCredentials)))
	require.Equal(p.t, want.Err == proto.OK, ok, "%#v", a)
	p.note("auth", &want, nil)
	if !ok {
		p.connect(a.session)
		return
	}
	for _, id := range ids {
		if !slices.Contains(p.store.ids[a.session], id) {
			p.store.ids[a.session] = append(slices.Clip(p.store.ids[a.session]), id)
		}
	}
	require.ElementsMatch(p.t, p.model.IDs(a.session), p.store.ids[a.session], "%#v", a)
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
	if a.verb == "doom" { // it is the leader's own and comes over no wire
		op = a.op
	}
	var pre proto.ErrCode
	switch a.op.Type {
	case proto.OpCreateSession:
		p.open[a.session] = true
		p.connect(a.session)
	case proto.OpCloseSession:
		delete(p.open, a.session)
	default:
		if a.session != 0 && !p.open[a.session] {
			pre = proto.SessionExpired
		}
	}
	p.zxid++
	header := proto.TxnHeader{Session: a.session, Zxid: p.zxid, Time: 1000 * int64(p.zxid), Type: a.op.Type}
	txn := p.store.outstanding.Prepare(header, &op, p.store.ids[a.session], pre)
	p.pending = append(p.pending, prepared{a, txn, p.model.Caller(a.session)})
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
	want, wantEvents := p.model.ApplyFrom(txn.Zxid, time, next.from, &next.op)
	var gotEvents []model.Event
	got := p.store.tree.Apply(&txn, p.store.watches, func(w ztree.Watcher, e proto.WatcherEvent) {
		gotEvents = append(gotEvents, model.Event{Session: proto.SessionID(w), WatcherEvent: e})
	})
	p.store.outstanding.Applied(txn.Zxid)
	if next.op.Type == proto.OpCloseSession {
		p.store.watches.Drop(ztree.Watcher(next.session))
		delete(p.store.ids, next.session)
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
	got := p.store.tree.Read(&a.op, &ztree.Caller{Watcher: ztree.Watcher(a.session), Session: a.session, IDs: p.store.ids[a.session]}, p.store.watches, func(w ztree.Watcher, e proto.WatcherEvent) {
		gotEvents = append(gotEvents, model.Event{Session: proto.SessionID(w), WatcherEvent: e})
	})
	p.compare(a, want, got, wantEvents, gotEvents)
	p.note(a.op.Type.String(), &want, wantEvents)
}

func (p *pair) note(by string, r *proto.Result, events []model.Event) {
	p.seen[r.Err.Error()]++
	if r.Err == proto.OK {
		p.seen[r.Type.String()]++
	}
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
	p.lie(&got)
	if p.deaf {
		gotEvents = nil
	}
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
	text := fmt.Sprintf("%v path=%q data=%q null=%v %+v children=%q acl=%v count=%d ids=%v",
		r.Type, r.Path, r.Data, r.Data == nil, r.Stat, r.Children, r.ACL, r.Count, r.IDs)
	for _, part := range r.Multi {
		text += "\n  " + fmt.Sprintf("%v err=%v path=%q data=%q null=%v %+v children=%q",
			part.Type, part.Err, part.Path, part.Data, part.Data == nil, part.Stat, part.Children)
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
		acl, _ := p.model.ACL(path)
		want = append(want, nodeText(path, stat, data, acl))
		return true
	})
	p.store.tree.Walk(func(path string, data []byte, stat proto.Stat) {
		acl, _ := p.store.tree.ACL(path)
		got = append(got, nodeText(path, stat, data, acl))
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
	p.compareDoomed(a)
}

// compareDoomed: what the store would delete is what the model says is over.
func (p *pair) compareDoomed(a action) {
	for _, age := range []int64{0, 15000} {
		now := 1000*int64(p.zxid) + age
		var want []string
		p.model.Walk(func(path string, _ proto.Stat, data []byte) bool {
			if strings.HasSuffix(path, "_stats") && strings.HasPrefix(string(data), "count=1,") {
				p.seen["quota counted"]++
			}
			op := proto.Op{Type: proto.OpDeleteContainer, Path: path, TTL: age / 2}
			if _, r, _ := p.model.State.Apply(p.model.Last()+1, now, 0, &op); r.Err == proto.OK {
				want = append(want, path)
			}
			return true
		})
		got := p.store.tree.Doomed(now, age/2)
		require.ElementsMatch(p.t, want, got, "%#v: what is over at %d", a, now)
		p.seen["doomed"] += len(got)
	}
}

func nodeText(path string, stat proto.Stat, data []byte, acl []proto.ACL) string {
	return fmt.Sprintf("%q %+v data=%q null=%v acl=%v", path, stat, data, data == nil, acl)
}
