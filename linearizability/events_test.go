package linearizability

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

func eventful(seed uint64) *service {
	s := newService(seed, serviceConfig{clients: 5, calls: 250, lose: 4, expire: 20, plainReads: true, values: true, watches: true,
		paths: []string{"/a", "/b", "/a/x", "/b/y"}})
	s.run()
	return s
}

// TestEventfulHistories: with what the servers committed nothing is left open,
// and right histories pass.
func TestEventfulHistories(t *testing.T) {
	events := 0
	for seed := range uint64(300) {
		s := eventful(seed)
		res := Judge(s.h, &Options{Committed: s.txns, Windows: int(seed % 10 / 9)})
		require.Equal(t, VerdictOK, res.Verdict, "seed %d: %v %v\n%s", seed, res.Violation, res.Notes, lazily{s.h})
		events += len(s.h.Events)
	}
	assert.Greater(t, events, 5000)
}

// TestEventsOfFiles: what is read from a file is judged alike.
func TestEventsOfFiles(t *testing.T) {
	for seed := range uint64(20) {
		s := eventful(seed)
		res := Judge(parsed(t, text(s.h)), &Options{Committed: s.txns})
		require.Equal(t, VerdictOK, res.Verdict, "seed %d: %v", seed, res.Violation)
	}
}

// TestWrongEvents spoils one event of a history and expects the right word for it.
func TestWrongEvents(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(r *rand.Rand, h *History, n int) bool
		want  []proto.Property
		least int // of a hundred histories
	}{
		"lost": {func(_ *rand.Rand, h *History, n int) bool {
			h.Events = slices.Delete(h.Events, n, n+1)
			return true
		}, []proto.Property{proto.WatchOnce}, 60},
		"twice": {func(_ *rand.Rand, h *History, n int) bool {
			h.Events = slices.Insert(h.Events, n, h.Events[n])
			return true
		}, []proto.Property{proto.WatchOnce}, 70},
		"of another kind": {func(_ *rand.Rand, h *History, n int) bool {
			e := &h.Events[n]
			e.Type = map[proto.EventType]proto.EventType{proto.EventNodeDataChanged: proto.EventNodeCreated,
				proto.EventNodeCreated: proto.EventNodeDeleted, proto.EventNodeDeleted: proto.EventNodeCreated,
				proto.EventNodeChildrenChanged: proto.EventNodeDataChanged}[e.Type]
			return true
		}, []proto.Property{proto.WatchOnce, proto.WatchOrder}, 70},
		"late": {func(_ *rand.Rand, h *History, n int) bool {
			e := h.Events[n]
			for i := range h.Ops {
				o := &h.Ops[i]
				if o.Session == e.Session && o.Xid > e.Xid && o.Replied() && o.Zxid > e.Zxid && connected(h, &e, o) {
					e.Xid, e.Zxid, e.At = o.Xid, o.Zxid, o.Return
					h.Events = slices.Delete(h.Events, n, n+1)
					at := slices.IndexFunc(h.Events, func(x Event) bool { return x.At > e.At })
					if at < 0 {
						at = len(h.Events)
					}
					h.Events = slices.Insert(h.Events, at, e)
					return true
				}
			}
			return false
		}, []proto.Property{proto.WatchOrder}, 60},
	} {
		caught, spoilt := 0, 0
		for seed := range uint64(100) {
			s := eventful(seed)
			r := rand.New(rand.NewPCG(seed, 3))
			n := r.IntN(len(s.h.Events))
			for s.h.Events[n].Kind != WatchFired {
				n = (n + 1) % len(s.h.Events)
			}
			if !c.spoil(r, s.h, n) {
				continue
			}
			spoilt++
			if res := Judge(s.h, &Options{Committed: s.txns}); res.Verdict == VerdictViolated && slices.Contains(c.want, res.Violation.Property) {
				caught++
			}
		}
		t.Logf("%s: %d of %d", name, caught, spoilt)
		assert.Greater(t, caught*100, c.least*spoilt, name)
		assert.Greater(t, spoilt, 20, name)
	}
}

// connected: the session has no new connection between an event and a reply.
func connected(h *History, e *Event, o *Op) bool {
	return !slices.ContainsFunc(h.Events, func(x Event) bool {
		return x.Session == e.Session && x.Kind == SessionConnected && x.At >= e.At && x.At <= o.Return
	})
}

// TestCommittedAgainstHistory has a fault for each thing that only the servers tell.
func TestCommittedAgainstHistory(t *testing.T) {
	txn := func(z proto.Zxid, session proto.SessionID, xid int32, typ proto.OpCode) proto.Txn {
		return proto.Txn{TxnHeader: proto.TxnHeader{Session: session, Cxid: xid, Zxid: z, Type: typ}}
	}
	call := func(xid int32, at uint64, z proto.Zxid) Op {
		o := Op{Client: 1, Session: 7, Xid: xid, Call: at, Outcome: Unknown,
			Op: proto.Op{Type: proto.OpCreate, Path: "/" + string(rune('a'+xid)), ACL: proto.OpenACL()}}
		if z != 0 {
			o.Return, o.Outcome, o.Zxid = at+1, OK, z
			o.Result = proto.Result{Type: proto.OpCreate, Path: o.Op.Path}
		}
		return o
	}
	open := txn(1, 7, 0, proto.OpCreateSession)
	for _, c := range []struct {
		name   string
		want   proto.Property
		ops    []Op
		events []Event
		txns   []proto.Txn
	}{
		{"right", "", []Op{call(1, 1, 2), call(2, 3, 0)}, nil, []proto.Txn{open, txn(2, 7, 1, proto.OpCreate), txn(3, 7, 2, proto.OpCreate)}},
		{"never happened", "", []Op{call(1, 1, 2), call(2, 3, 0)}, nil, []proto.Txn{open, txn(2, 7, 1, proto.OpCreate)}},
		{"answered, not committed", proto.Durability, []Op{call(1, 1, 2)}, nil, []proto.Txn{open}},
		{"committed as another", proto.LinearizableWrites, []Op{call(1, 1, 2)}, nil, []proto.Txn{open, txn(3, 7, 1, proto.OpCreate)}},
		{"committed twice", proto.LinearizableWrites, []Op{call(1, 1, 0)}, nil, []proto.Txn{open, txn(2, 7, 1, proto.OpCreate), txn(3, 7, 1, proto.OpError)}},
		{"after the end of its session", proto.SessionClosed, []Op{call(1, 1, 0)}, nil,
			[]proto.Txn{open, txn(2, 7, 0, proto.OpCloseSession), txn(3, 7, 1, proto.OpCreate)}},
		{"against the order of calls", proto.ClientOrder, []Op{call(1, 1, 0), call(2, 2, 0)}, nil,
			[]proto.Txn{open, txn(2, 7, 2, proto.OpCreate), txn(3, 7, 1, proto.OpCreate)}},
		{"from an old connection", proto.SessionOwner, []Op{
			{Client: 1, Session: 7, Xid: 1, Call: 1, Return: 2, Outcome: Unknown, Op: proto.Op{Type: proto.OpCheck, Path: "/", Version: -1}}, call(2, 5, 2)},
			[]Event{{Client: 1, Session: 7, Kind: SessionConnected, At: 1}, {Client: 1, Session: 7, Kind: SessionConnected, At: 4}},
			[]proto.Txn{open, txn(2, 7, 2, proto.OpCreate), txn(3, 7, 1, proto.OpCheck)}},
		{"a gap on one connection", proto.ClientOrder, []Op{call(1, 1, 0), call(2, 2, 0)}, nil, []proto.Txn{open, txn(2, 7, 2, proto.OpCreate)}},
		{"before what was seen", proto.LinearizableWrites, []Op{call(1, 1, 3), call(2, 5, 0)}, nil,
			[]proto.Txn{open, txn(2, 7, 2, proto.OpCreate), txn(3, 7, 1, proto.OpCreate)}},
		{"committed as a failure", proto.LinearizableWrites, []Op{call(1, 1, 0)}, nil, []proto.Txn{open, txn(2, 7, 1, proto.OpError)}},
		{"one zxid twice", proto.Agreement, nil, nil, []proto.Txn{open, open}},
	} {
		res := CheckWrites(&History{Ops: c.ops, Events: c.events}, &Options{Committed: c.txns})
		got := proto.Property("")
		if res.Violation != nil {
			got = res.Violation.Property
		}
		assert.Equal(t, c.want, got, "%s: %v", c.name, res.Violation)
	}
}

// TestForeignTransactions: what sessions outside the history did counts too.
func TestForeignTransactions(t *testing.T) {
	h := parsed(t, `{"client":"c1","session":"0x100","xid":1,"op":"exists","args":{"path":"/p"},"call":3,"return":4,"outcome":"ok","zxid":4,"result":{"op":"exists","stat":[2,3,4,1,1,0,"",1,1]}}
`)
	txns := []proto.Txn{
		{TxnHeader: proto.TxnHeader{Session: 9, Zxid: 1, Type: proto.OpCreateSession}},
		{TxnHeader: proto.TxnHeader{Session: 9, Zxid: 2, Type: proto.OpCreate}, Path: "/p", ACL: proto.OpenACL(), ParentCVersion: 1},
		{TxnHeader: proto.TxnHeader{Session: 9, Zxid: 3, Type: proto.OpSetData}, Path: "/p", Data: []byte("x"), Version: 1},
		{TxnHeader: proto.TxnHeader{Session: 9, Zxid: 4, Type: proto.OpMulti}, Ops: []proto.Txn{
			{TxnHeader: proto.TxnHeader{Type: proto.OpCreate}, Path: "/p/e", ACL: proto.OpenACL(), Ephemeral: true}}},
	}
	res := CheckWrites(h, &Options{Committed: txns})
	require.Equal(t, VerdictOK, res.Verdict, "%v", res.Violation)
	res = CheckWrites(h, &Options{Committed: slices.Delete(slices.Clone(txns), 2, 3)})
	require.Equal(t, VerdictViolated, res.Verdict)
	require.Equal(t, proto.Durability, res.Violation.Property)
}

// TestInventedTransactions: a session that makes calls has no transactions of
// other calls.
func TestInventedTransactions(t *testing.T) {
	h := parsed(t, `{"client":"c1","session":"0x9","xid":1,"op":"create","args":{"path":"/p"},"call":3,"return":4,"outcome":"ok","zxid":2,"result":{"op":"create","path":"/p"}}
`)
	txns := []proto.Txn{
		{TxnHeader: proto.TxnHeader{Session: 9, Zxid: 1, Type: proto.OpCreateSession}},
		{TxnHeader: proto.TxnHeader{Session: 9, Cxid: 1, Zxid: 2, Type: proto.OpCreate}, Path: "/p", ACL: proto.OpenACL(), ParentCVersion: 1},
		{TxnHeader: proto.TxnHeader{Session: 9, Cxid: 99, Zxid: 3, Type: proto.OpCreate}, Path: "/ghost", ACL: proto.OpenACL(), ParentCVersion: 2},
	}
	require.Equal(t, VerdictOK, CheckWrites(h, &Options{Committed: txns[:2]}).Verdict)
	res := CheckWrites(h, &Options{Committed: txns})
	require.Equal(t, VerdictViolated, res.Verdict)
	require.Equal(t, proto.Integrity, res.Violation.Property)
}

func TestCheckExpiry(t *testing.T) {
	touches := []Touch{{1, 0, 6 * time.Second}, {2, 0, 6 * time.Second}, {1, 5 * time.Second, 6 * time.Second}}
	for _, c := range []struct {
		at   time.Duration
		late time.Duration
		bad  bool
	}{{11 * time.Second, 0, false}, {10 * time.Second, 0, true}, {15 * time.Second, 0, false}, {16 * time.Second, 0, true},
		{16 * time.Second, time.Second, false}, {3 * time.Second, 0, true}} {
		v := CheckExpiry(touches, []Expiry{{1, c.at, c.late}}, 2*time.Second)
		if c.bad {
			require.NotNil(t, v, c.at)
			assert.Equal(t, proto.SessionExpiry, v.Property)
		} else {
			assert.Nil(t, v, c.at)
		}
	}
	assert.Nil(t, CheckExpiry(touches, []Expiry{{3, time.Second, 0}}, 0), "never heard of")
	assert.Nil(t, CheckExpiry(touches, []Expiry{{1, time.Hour, 0}}, 0), "lateness is not judged")
}
