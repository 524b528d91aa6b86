package ztree_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/model/golden/recorded"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// TestGoldenStore applies recorded transcripts to one tree by way of the prep
// stage and compares every recorded field. The environment variable ZKSIM_GOLDEN
// lists directories of transcripts beside those of the repository.
func TestGoldenStore(t *testing.T) {
	recorded.Play(t, "../../testdata/golden", runTranscript)
}

// TestGoldenStoreNotices shows that the comparison can fail: with one recorded
// number changed, that step alone disagrees.
func TestGoldenStoreNotices(t *testing.T) {
	tr := recorded.Read(t, "../../testdata/golden/basic/seed-5000.jsonl")
	changed := 0
	for i := range tr.Steps {
		if w := &tr.Steps[i].Want; w.Stat != nil {
			w.Stat.Pzxid++
			changed = i
			break
		}
	}
	b := newBench()
	for i := range tr.Steps {
		diff := tr.Steps[i].Want.Compare(b.step(&tr.Steps[i]))
		require.Equal(t, i == changed, len(diff) > 0, "step %d: %v", i, diff)
	}
}

func runTranscript(t *testing.T, file string) (agreed, steps int) {
	tr := recorded.Read(t, file)
	b := newBench()
	for i := range tr.Steps {
		s := &tr.Steps[i]
		diff := s.Want.Compare(b.step(s))
		if len(diff) == 0 {
			agreed++
		}
		for _, d := range diff {
			t.Errorf("%s step %d %s: %s", filepath.Base(file), s.Index, s.Kind, d)
		}
		if t.Failed() && agreed < i-5 {
			t.Fatal("giving up")
		}
	}
	return agreed, len(tr.Steps)
}

// bench is a tree with a prep stage in front, numbered as transcripts are:
// zxids from 1, session and connection k for session k. What is the business of
// a connection it does as the README of the transcripts says.
type bench struct {
	tree      *ztree.Tree
	prep      *ztree.Outstanding
	watches   *ztree.Watches
	ids       map[ztree.Watcher][]proto.ID
	connected map[ztree.Watcher]bool
	zxid      proto.Zxid
	events    []golden.Event
	scale     golden.Scale
}

func newBench() *bench {
	tree := ztree.New()
	tree.SetRules(ztree.Rules{ExtendedTypes: true})
	b := &bench{
		tree: tree, prep: ztree.NewOutstanding(tree), ids: map[ztree.Watcher][]proto.ID{}, connected: map[ztree.Watcher]bool{},
		scale: golden.Scale{
			Zxid:    func(z proto.Zxid) int64 { return int64(z) },
			Session: func(s proto.SessionID) int { return int(s - sessionBase) },
		},
	}
	b.watches = ztree.NewWatches(func(w ztree.Watcher) []proto.ID { return b.ids[w] })
	return b
}

const sessionBase proto.SessionID = 0x100000000000000

func (b *bench) deliver(w ztree.Watcher, e proto.WatcherEvent) {
	b.events = append(b.events, b.scale.Event(sessionBase+proto.SessionID(w), e))
}

func (b *bench) step(s *golden.Step) golden.Got {
	b.events = nil
	got := b.outcome(s)
	got.Events = b.events
	return got
}

// connect is a new connection of a session, hangUp the end of one.
func (b *bench) connect(who ztree.Watcher) {
	b.watches.Drop(who)
	b.ids[who], b.connected[who] = []proto.ID{ztree.IPIdentity("127.0.0.1")}, true
}

func (b *bench) hangUp(who ztree.Watcher) {
	b.watches.Drop(who)
	delete(b.connected, who)
}

func (b *bench) outcome(s *golden.Step) golden.Got {
	who := ztree.Watcher(s.Session)
	switch s.Kind {
	case "connect":
		b.connect(who)
		b.write(s.Session, &s.Op)
		return golden.Got{Sess: "new"}
	case "close":
		got := b.write(s.Session, &s.Op)
		b.hangUp(who)
		got.Closed = true
		return got
	case "expire":
		b.hangUp(who)
		b.write(s.Session, &proto.Op{Type: proto.OpCloseSession})
		return golden.Got{Sess: "expired"}
	case "drop":
		b.hangUp(who)
		return golden.Got{}
	case "resume":
		return b.resume(who, s.Args.BadPassword)
	case "auth":
		return b.auth(who, s.Op.Auth)
	case "final":
		return golden.Got{Tree: b.dump()}
	}
	if s.Want.Closed && !s.Want.Answered { // a frame that is too long never reaches a store
		b.hangUp(who)
		return golden.Got{Closed: true}
	}
	if s.Op.Type.IsWrite() {
		return b.write(s.Session, &s.Op)
	}
	from := ztree.Caller{Watcher: who, Session: sessionBase + proto.SessionID(s.Session), IDs: b.ids[who]}
	r := b.tree.Read(&s.Op, &from, b.watches, b.deliver)
	return b.scale.Answer(&r, b.tree.LastProcessed())
}

func (b *bench) resume(who ztree.Watcher, badPassword bool) golden.Got {
	got := golden.Got{Sess: "same"}
	if badPassword {
		b.hangUp(who)
		return golden.Got{Sess: "expired", Closed: true}
	}
	if _, open := b.tree.SessionTimeout(sessionBase + proto.SessionID(who)); !open {
		return golden.Got{Sess: "expired"}
	}
	if b.connected[who] {
		got.Extra = 1
	}
	b.connect(who)
	return got
}

func (b *bench) auth(who ztree.Watcher, a *proto.Auth) golden.Got {
	ids, ok := ztree.Authenticate(a, "")
	if !ok {
		b.hangUp(who)
		return golden.Got{Answered: true, Err: proto.AuthFailed, Closed: true}
	}
	for _, id := range ids {
		if !slices.Contains(b.ids[who], id) {
			b.ids[who] = append(b.ids[who], id)
		}
	}
	return golden.Got{Answered: true}
}

func (b *bench) write(session int, op *proto.Op) golden.Got {
	b.zxid++
	h := proto.TxnHeader{Session: sessionBase + proto.SessionID(session), Zxid: b.zxid, Time: int64(b.zxid), Type: op.Type}
	txn := b.prep.Prepare(h, op, b.ids[ztree.Watcher(session)], proto.OK)
	r := b.tree.Apply(&txn, b.watches, b.deliver)
	b.prep.Applied(b.zxid)
	if txn.Digest != b.tree.Digest() {
		panic("the digest was not foreseen")
	}
	return b.scale.Answer(&r, b.tree.LastProcessed())
}

// dump leaves out what the transcripts leave out.
func (b *bench) dump() []golden.Node {
	var out []golden.Node
	b.tree.Walk(func(path string, data []byte, s proto.Stat) {
		if path == "/zookeeper/config" || path == "/zookeeper/quota" {
			return
		}
		n := golden.Node{Path: path, Stat: b.scale.Stat(&s), Data: data}
		if acl, _ := b.tree.ACL(path); !proto.IsOpenACL(acl) {
			n.ACL = b.scale.ACL(acl)
		}
		out = append(out, n)
	})
	return out
}
