package model_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node/proto"
)

// TestGoldenModel holds the model against what Apache ZooKeeper 3.8.0 answered:
// the transcripts in testdata and, if ZKSIM_GOLDEN names a directory, all in it.
func TestGoldenModel(t *testing.T) {
	agreed, steps := 0, 0
	for _, name := range transcripts(t) {
		a, n := replay(t, name)
		agreed, steps = agreed+a, steps+n
	}
	t.Logf("%d of %d steps agree", agreed, steps)
	assert.Equal(t, steps, agreed)
}

func transcripts(t *testing.T) []string {
	files, err := filepath.Glob("../testdata/golden/basic/*.jsonl")
	require.NoError(t, err)
	require.Len(t, files, 10)
	if dir := os.Getenv("ZKSIM_GOLDEN"); dir != "" {
		files, err = filepath.Glob(filepath.Join(dir, "*.jsonl"))
		require.NoError(t, err)
		require.NotEmpty(t, files, "no transcripts in ZKSIM_GOLDEN")
	}
	return files
}

func replay(t *testing.T, name string) (agreed, steps int) {
	f, err := os.Open(name)
	require.NoError(t, err)
	tr, err := golden.Parse(f)
	require.NoError(t, f.Close())
	require.NoError(t, err, name)
	r := &runner{server: model.NewServer()}
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
// its own offset.
type runner struct {
	server *model.Server
	zxid   proto.Zxid
}

func (r *runner) scale() golden.Scale {
	return golden.Scale{
		Zxid:    func(z proto.Zxid) int64 { return int64(z) },
		Session: func(id proto.SessionID) int { return int(id) - 1 },
	}
}

func (r *runner) step(s *golden.Step) golden.Got {
	switch s.Kind {
	case "connect":
		r.request(s)
		return golden.Got{Sess: "new"}
	case "close":
		got := r.request(s)
		got.Closed = true
		return got
	case "final":
		return golden.Got{Tree: r.tree()}
	}
	return r.request(s)
}

func (r *runner) request(s *golden.Step) golden.Got {
	id := proto.SessionID(s.Session + 1)
	var result proto.Result
	var events []model.Event
	if s.Op.Type.IsWrite() {
		r.zxid++
		result, events = r.server.Apply(r.zxid, 1000*int64(r.zxid), id, &s.Op)
	} else {
		result, events = r.server.Read(id, &s.Op)
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
		if path != "/zookeeper/config" && path != "/zookeeper/quota" {
			nodes = append(nodes, golden.Node{Path: path, Stat: r.scale().Stat(&stat), Data: data})
		}
		return true
	})
	return nodes
}
