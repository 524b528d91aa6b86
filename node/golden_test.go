package node_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/model/golden/recorded"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// TestGoldenServer plays what Apache ZooKeeper 3.8.0 was asked to one server by
// itself, driven by hand in virtual time, and compares every recorded field of
// every step: the transcripts in testdata, and those in the directories that
// ZKSIM_GOLDEN lists.
func TestGoldenServer(t *testing.T) {
	recorded.Play(t, "../testdata/golden", playTranscript)
}

func playTranscript(t *testing.T, file string) (agreed, steps int) {
	tr := recorded.Read(t, file)
	p := golden.NewPlayer(newAlone(t), func(z proto.Zxid) int64 { return int64(z.Counter()) })
	for i := range tr.Steps {
		s := &tr.Steps[i]
		diff := s.Want.Compare(p.Step(s))
		require.NoError(t, p.Err(), "%s step %d", file, s.Index)
		for _, d := range diff {
			t.Errorf("%s step %d %s: %s", filepath.Base(file), s.Index, s.Kind, d)
		}
		if len(diff) == 0 {
			agreed++
		} else if i-agreed > 5 {
			t.Fatalf("%s: giving up", file)
		}
	}
	return agreed, len(tr.Steps)
}

// alone is a world of one server, as the player of transcripts drives it.
type alone struct{ *world }

// recordedStore is what the recording server was told.
func recordedStore() node.StoreConfig {
	return node.StoreConfig{ExtendedTypes: true, SuperDigest: ztree.DigestOf([]byte("super:test")), ContainerInterval: 24 * time.Hour}
}

func newAlone(t *testing.T) alone {
	w := newWorld(t, 1)
	w.cfg.MaxSessionTimeout = time.Minute
	w.cfg.Store = recordedStore()
	w.hosts[0].start()
	w.run(time.Second)
	require.True(t, w.hosts[0].core.Serving())
	return alone{w}
}

func (a alone) Dial(int) golden.Link {
	l := a.newLink(node.PortClient)
	l.target = a.hosts[0]
	x := &tap{end: l.ends[0]}
	l.ends[0].tap = x
	return x
}

func (a alone) Wait(done func() bool) error {
	a.settle()
	require.True(a.t.(*testing.T), done())
	return nil
}

func (a alone) Quiet() error { a.settle(); return nil }

func (a alone) Sleep(d time.Duration) error { a.run(d); return nil }

func (a alone) Lease(timeout time.Duration) time.Duration { return timeout + a.cfg.TickTime }

// tap is somebody's end of a connection that keeps what arrives.
type tap struct {
	end    *end
	in     []byte
	closed bool
}

func (x *tap) Write(b []byte) { x.end.peer.buf = append(x.end.peer.buf, b...) }

func (x *tap) Take() []byte {
	b := x.in
	x.in = nil
	return b
}

func (x *tap) Closed() bool { return x.closed }

func (x *tap) Close() {
	if x.end.open {
		x.end.close()
	}
}
