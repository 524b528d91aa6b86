package engine

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
	"github.com/zksim/zksim/sim/client"
)

// TestGoldenEnsemble plays what Apache ZooKeeper 3.8.0 was asked to an ensemble
// of three servers, by clients that are spread over them, and compares every
// recorded field: the transcripts in testdata and, if ZKSIM_GOLDEN lists
// directories, all in them.
func TestGoldenEnsemble(t *testing.T) {
	dirs := []string{"../../testdata/golden/basic", "../../testdata/golden/ops"}
	if env := os.Getenv("ZKSIM_GOLDEN"); env != "" {
		dirs = filepath.SplitList(env)
	}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
		require.NoError(t, err)
		require.NotEmpty(t, files, "no transcripts in %s", dir)
		agreed, steps, exempt := 0, 0, 0
		for i, name := range files {
			r := playTranscript(t, name, uint64(i), nil)
			for _, d := range r.differences {
				t.Error(d)
			}
			agreed, steps, exempt = agreed+r.steps-len(r.differences), steps+r.steps, exempt+r.exempt
		}
		t.Logf("%s: %d transcripts, %d of %d steps agree, %d of them exempt", dir, len(files), agreed, steps, exempt)
		assert.Equal(t, steps, agreed)
		assert.LessOrEqual(t, exempt, exemptMost)
	}
}

// checkWatches asks whether anybody is connected to the same server who watches
// the path. All were, when the transcripts were recorded: of so many steps the
// answer hangs on watches of another session.
const exemptMost = 38

func exempt(s *golden.Step, got *golden.Got) bool {
	return s.Kind == "checkWatches" && s.Want.Err == proto.OK && got.Err == proto.NoWatcher
}

// With one recorded number changed, that step alone disagrees.
func TestGoldenEnsembleNotices(t *testing.T) {
	changed := -1
	r := playTranscript(t, "../../testdata/golden/basic/seed-5000.jsonl", 1, func(tr *golden.Transcript) {
		for i := range tr.Steps {
			if w := &tr.Steps[i].Want; w.Stat != nil {
				w.Stat.Pzxid++
				changed = i
				return
			}
		}
	})
	require.Len(t, r.differences, 1)
	assert.Contains(t, r.differences[0], "step "+strconv.Itoa(changed)+" ")
}

// played is what came of a transcript.
type played struct {
	differences []string // one for each step that disagrees, in words
	steps       int
	exempt      int
}

func playTranscript(t *testing.T, name string, seed uint64, change func(*golden.Transcript)) (r played) {
	f, err := os.Open(name)
	require.NoError(t, err)
	tr, err := golden.Parse(f)
	require.NoError(t, f.Close())
	require.NoError(t, err, name)
	if change != nil {
		change(tr)
	}
	e := newEnsemble(t, seed, recordedStore(), 0)
	p := golden.NewPlayer(e, func(z proto.Zxid) int64 { return int64(z.Counter()) })
	for i := range tr.Steps {
		s := &tr.Steps[i]
		got := p.Step(s)
		require.NoError(t, p.Err(), "%s step %d", name, s.Index)
		require.Nil(t, e.violation)
		if exempt(s, &got) {
			r.exempt++
			got.Err = proto.OK
		}
		if diff := s.Want.Compare(got); len(diff) > 0 {
			r.differences = append(r.differences, filepath.Base(name)+" step "+strconv.Itoa(s.Index)+" "+s.Kind+": "+diff[0])
		}
		require.Less(t, len(r.differences), 5, "%v", r.differences)
	}
	e.requireEqualTrees()
	r.steps = len(tr.Steps)
	return r
}

// recordedStore is what the recording server was told.
func recordedStore() node.StoreConfig {
	return node.StoreConfig{ExtendedTypes: true, SuperDigest: ztree.DigestOf([]byte("super:test")), ContainerInterval: 24 * time.Hour}
}

// ensemble is three servers, as the player of transcripts drives them.
type ensemble struct {
	*cluster
	t *testing.T
}

// newEnsemble starts servers; tick 0 is the profile's.
func newEnsemble(t *testing.T, seed uint64, store node.StoreConfig, tick time.Duration) *ensemble {
	e := &ensemble{newCluster(Config{Seed: seed, Servers: 3, Clients: NoClients, For: forMax}.withDefaults()), t}
	if tick > 0 {
		e.drawn.tick = tick
	}
	for _, s := range e.servers {
		s.cfg.Store = store
		s.cfg.TickTime, s.cfg.MinSessionTimeout, s.cfg.MaxSessionTimeout = e.drawn.tick, 2*e.drawn.tick, time.Minute
	}
	e.begin()
	require.NoError(t, e.Wait(func() bool { return len(e.progress.notServing()) == 0 }))
	return e
}

// Wait is part of golden.Driver.
func (e *ensemble) Wait(done func() bool) error {
	for limit := e.clock.Now() + time.Minute; !done(); {
		if !e.kernel.turn() || e.clock.Now() > limit {
			return errors.New("nothing comes of it within a minute")
		}
		if e.violation != nil {
			return e.violation
		}
	}
	return nil
}

// Quiet is part of golden.Driver.
func (e *ensemble) Quiet() error {
	if err := e.Wait(e.settled); err != nil {
		return err
	}
	return e.Sleep(20 * time.Millisecond)
}

// Sleep is part of golden.Driver.
func (e *ensemble) Sleep(d time.Duration) error {
	until := e.clock.Now() + d
	return e.Wait(func() bool { next, ok := e.clock.Peek(); return !ok || next > until })
}

// Lease is part of golden.Driver. A learner tells the leader of its clients every
// half tick.
func (e *ensemble) Lease(timeout time.Duration) time.Duration {
	return max(timeout, e.servers[0].cfg.MinSessionTimeout) + 2*e.drawn.tick
}

// Dial is part of golden.Driver. Sessions are spread over the servers, and each
// connection comes from a host of its own.
func (e *ensemble) Dial(session int) golden.Link {
	st := e.addStation("s"+strconv.Itoa(len(e.stations)), session%len(e.servers), client.Config{SessionTimeout: time.Second})
	e.hostNames[st.host] = "127.0.0.1:40000"
	l := &link{st: st}
	st.tap = ear{l}
	l.conn = st.Dial(0)
	return l
}

// requireEqualTrees demands that all servers hold the same, lists included.
func (e *ensemble) requireEqualTrees() {
	type entry struct {
		path string
		data []byte
		stat proto.Stat
		acl  []proto.ACL
	}
	trees := make([][]entry, len(e.servers))
	for i, s := range e.servers {
		tree := s.core.(*node.Node).Tree()
		tree.Walk(func(path string, data []byte, st proto.Stat) {
			acl, _ := tree.ACL(path)
			trees[i] = append(trees[i], entry{path, data, st, slices.Clone(acl)})
		})
		require.Equal(e.t, trees[0], trees[i], "the tree of %v", s.id)
	}
}

// link is a client's end of one connection.
type link struct {
	st     *station
	conn   client.Conn
	up     bool
	out    []byte // until the stream takes it
	in     []byte
	closed bool
}

func (l *link) Write(b []byte) {
	l.out = append(l.out, b...)
	l.flush()
}

func (l *link) flush() {
	if l.up && !l.closed && len(l.out) > 0 {
		l.out = l.out[l.st.Write(l.conn, l.out):]
	}
}

func (l *link) Take() []byte {
	b := l.in
	l.in = nil
	return b
}

func (l *link) Closed() bool { return l.closed }

func (l *link) Close() {
	if !l.closed {
		l.closed = true
		l.st.Close(l.conn)
	}
}

// ear is the link as the station's tap.
type ear struct{ *link }

func (e ear) Connected(client.Conn)            { e.up = true; e.flush() }
func (e ear) Received(_ client.Conn, b []byte) { e.in = append(e.in, b...) }
func (e ear) Writable(client.Conn)             { e.flush() }
func (e ear) Closed(client.Conn)               { e.closed = true }
