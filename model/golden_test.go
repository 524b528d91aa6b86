package model_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/model/golden/recorded"
	"github.com/zksim/zksim/node/proto"
)

// TestGoldenModel holds the model against what Apache ZooKeeper 3.8.0 answered:
// the transcripts in testdata, and those in the directories that ZKSIM_GOLDEN
// lists.
func TestGoldenModel(t *testing.T) {
	recorded.Play(t, "../testdata/golden", replay)
}

// TestGoldenModelNotices shows that the comparison can fail: with the permissions
// of one recorded answer changed, that step alone disagrees.
func TestGoldenModelNotices(t *testing.T) {
	tr := recorded.Read(t, "../testdata/golden/ops/seed-0003.jsonl")
	r := newRunner()
	changed := -1
	for i := range tr.Steps {
		s := &tr.Steps[i]
		if changed < 0 && len(s.Want.ACL) > 0 {
			s.Want.ACL[0].Perms ^= proto.PermDelete
			changed = i
		}
		require.Equal(t, i == changed, len(s.Want.Compare(r.step(s))) > 0, "step %d", i)
	}
	require.GreaterOrEqual(t, changed, 0)
}

func replay(t *testing.T, name string) (agreed, steps int) {
	tr := recorded.Read(t, name)
	r := newRunner()
	for i := range tr.Steps {
		s := &tr.Steps[i]
		diffs := s.Want.Compare(r.step(s))
		assert.Empty(t, diffs, "%s: step %d: session %d: %s %+v", filepath.Base(name), s.Index, s.Session, s.Kind, s.Op)
		if len(diffs) == 0 {
			agreed++
		}
		require.Empty(t, r.server.Check(), "%s: after step %d", name, s.Index)
	}
	return agreed, len(tr.Steps)
}

// runner feeds a transcript to a model. Session k has the id k+1, and a zxid is
// its own offset. What is the business of a connection it does as the notes on the
// transcripts say.
type runner struct {
	server    *model.Server
	zxid      proto.Zxid
	connected map[proto.SessionID]bool
}

func newRunner() *runner {
	return &runner{server: model.NewServerWith(model.Rules{ExtendedTypes: true}), connected: map[proto.SessionID]bool{}}
}

func (r *runner) scale() golden.Scale {
	return golden.Scale{
		Zxid:    func(z proto.Zxid) int64 { return int64(z) },
		Session: func(id proto.SessionID) int { return int(id) - 1 },
	}
}

func (r *runner) step(s *golden.Step) golden.Got {
	id := proto.SessionID(s.Session + 1)
	switch s.Kind {
	case "connect":
		r.connect(id)
		r.request(id, &s.Op)
		return golden.Got{Sess: "new"}
	case "close":
		got := r.request(id, &s.Op)
		r.hangUp(id)
		got.Closed = true
		return got
	case "drop":
		r.hangUp(id)
		return golden.Got{}
	case "resume":
		return r.resume(id, s.Args.BadPassword)
	case "expire":
		r.hangUp(id)
		got := r.request(id, &proto.Op{Type: proto.OpCloseSession})
		return golden.Got{Sess: "expired", Events: got.Events}
	case "auth":
		return r.auth(id, &s.Op)
	case "final":
		return golden.Got{Tree: r.tree()}
	}
	if s.Want.Closed && !s.Want.Answered { // a frame that is too long gets no further than the connection
		r.hangUp(id)
		return golden.Got{Closed: true}
	}
	return r.request(id, &s.Op)
}

func (r *runner) connect(id proto.SessionID) {
	r.server.Connect(id, "127.0.0.1")
	r.connected[id] = true
}

func (r *runner) hangUp(id proto.SessionID) {
	r.server.Disconnect(id)
	r.connected[id] = false
}

// resume: whoever asks for a session, with whatever password, ends the connection
// that it had.
func (r *runner) resume(id proto.SessionID, badPassword bool) golden.Got {
	_, alive := r.server.Timeout(id)
	switch {
	case badPassword:
		r.hangUp(id)
		return golden.Got{Sess: "expired", Closed: true}
	case !alive:
		return golden.Got{Sess: "expired"}
	}
	got := golden.Got{Sess: "same"}
	if r.connected[id] {
		got.Extra = 1
	}
	r.connect(id)
	return got
}

// auth is answered with zxid 0.
func (r *runner) auth(id proto.SessionID, op *proto.Op) golden.Got {
	result, _ := r.server.Read(id, op)
	if result.Err != proto.OK {
		r.hangUp(id)
	}
	return golden.Got{Answered: true, Err: result.Err, Closed: result.Err != proto.OK}
}

func (r *runner) request(id proto.SessionID, op *proto.Op) golden.Got {
	var result proto.Result
	var events []model.Event
	if op.Type.IsWrite() {
		r.zxid++
		result, events = r.server.Apply(r.zxid, 1000*int64(r.zxid), id, op)
	} else {
		result, events = r.server.Read(id, op)
	}
	got := r.scale().Answer(&result, r.server.Last())
	for _, e := range events {
		got.Events = append(got.Events, r.scale().Event(e.Session, e.WatcherEvent))
	}
	return got
}

// tree leaves out what the recordings leave out.
func (r *runner) tree() (nodes []golden.Node) {
	r.server.Walk(func(path string, stat proto.Stat, data []byte) bool {
		if path == "/zookeeper/config" || path == "/zookeeper/quota" {
			return true
		}
		n := golden.Node{Path: path, Stat: r.scale().Stat(&stat), Data: data}
		if acl, _ := r.server.ACL(path); !proto.IsOpenACL(acl) {
			n.ACL = r.scale().ACL(acl)
		}
		nodes = append(nodes, n)
		return true
	})
	return nodes
}
