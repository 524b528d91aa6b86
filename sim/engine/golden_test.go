package engine

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/client"
)

// TestGoldenEnsemble plays what Apache ZooKeeper 3.8.0 was asked to an ensemble
// of three servers, by clients that are spread over them, and compares every
// recorded field: the transcripts in testdata and, if ZKSIM_GOLDEN names a
// directory, all in it.
func TestGoldenEnsemble(t *testing.T) {
	files, err := filepath.Glob("../../testdata/golden/basic/*.jsonl")
	require.NoError(t, err)
	require.Len(t, files, 10)
	if dir := os.Getenv("ZKSIM_GOLDEN"); dir != "" {
		files, err = filepath.Glob(filepath.Join(dir, "*.jsonl"))
		require.NoError(t, err)
		require.NotEmpty(t, files, "no transcripts in ZKSIM_GOLDEN")
	}
	agreed, steps := 0, 0
	for i, name := range files {
		differences, n := playTranscript(t, name, uint64(i), nil)
		for _, d := range differences {
			t.Error(d)
		}
		agreed, steps = agreed+n-len(differences), steps+n
	}
	t.Logf("%d transcripts, %d of %d steps agree", len(files), agreed, steps)
	assert.Equal(t, steps, agreed)
}

// With one recorded number changed, that step alone disagrees.
func TestGoldenEnsembleNotices(t *testing.T) {
	changed := -1
	differences, _ := playTranscript(t, "../../testdata/golden/basic/seed-5000.jsonl", 1, func(tr *golden.Transcript) {
		for i := range tr.Steps {
			if w := &tr.Steps[i].Want; w.Stat != nil {
				w.Stat.Pzxid++
				changed = i
				return
			}
		}
	})
	require.Len(t, differences, 1)
	assert.Contains(t, differences[0], "step "+strconv.Itoa(changed)+" ")
}

// playTranscript gives the steps that disagree, in words, and how many there are.
func playTranscript(t *testing.T, name string, seed uint64, change func(*golden.Transcript)) (differences []string, steps int) {
	f, err := os.Open(name)
	require.NoError(t, err)
	tr, err := golden.Parse(f)
	require.NoError(t, f.Close())
	require.NoError(t, err, name)
	if change != nil {
		change(tr)
	}
	p := newPlayer(t, seed)
	for i := range tr.Steps {
		s := &tr.Steps[i]
		diff := s.Want.Compare(p.step(s))
		require.Nil(t, p.violation)
		if len(diff) > 0 {
			differences = append(differences, filepath.Base(name)+" step "+strconv.Itoa(s.Index)+" "+s.Kind+": "+diff[0])
		}
		require.Less(t, len(differences), 5, "%v", differences)
	}
	return differences, len(tr.Steps)
}

// player plays the sessions of a transcript to an ensemble.
type player struct {
	*cluster
	t        *testing.T
	sessions []*actor
	acting   *actor
	events   []golden.Event // before the reply to the acting session
}

// actor is one session of a transcript.
type actor struct {
	p      *player
	number int
	st     *station
	id     proto.SessionID
	got    *client.Outcome // of its last step
	late   []golden.Event  // that came after it
}

func newPlayer(t *testing.T, seed uint64) *player {
	p := &player{cluster: newCluster(Config{Seed: seed, Servers: 3, Clients: NoClients, For: forMax}.withDefaults()), t: t}
	p.begin()
	p.until(func() bool { return len(p.progress.notServing()) == 0 })
	return p
}

// until lets the ensemble work until something is so.
func (p *player) until(so func() bool) {
	for limit := p.clock.Now() + time.Minute; !so(); {
		require.True(p.t, p.kernel.turn())
		require.Nil(p.t, p.violation)
		require.Less(p.t, p.clock.Now(), limit, "nothing comes of it")
	}
}

// quiet lets everything arrive that a step has caused.
func (p *player) quiet() {
	p.until(p.settled)
	at := p.clock.Now() + 20*time.Millisecond
	p.until(func() bool { next, ok := p.clock.Peek(); return !ok || next > at })
}

func (p *player) scale() golden.Scale {
	return golden.Scale{
		Zxid: func(z proto.Zxid) int64 { return int64(z.Counter()) },
		Session: func(id proto.SessionID) int {
			for _, a := range p.sessions {
				if a.id == id {
					return a.number
				}
			}
			p.t.Fatalf("session %v is nobody's", id)
			return 0
		},
	}
}

func (p *player) step(s *golden.Step) golden.Got {
	p.events = nil
	var got golden.Got
	switch s.Kind {
	case "connect":
		got = p.connect(s)
	case "final":
		return golden.Got{Tree: p.tree()}
	default:
		got = p.sessions[s.Session].request(s)
	}
	got.Events = p.events
	return got
}

func (p *player) connect(s *golden.Step) golden.Got {
	require.Equal(p.t, len(p.sessions), s.Session)
	a := &actor{p: p, number: s.Session}
	p.acting = a
	p.sessions = append(p.sessions, a)
	a.st = p.addStation("s"+strconv.Itoa(s.Session), s.Session%len(p.servers), client.Config{
		SessionTimeout: time.Duration(s.Op.Timeout) * time.Millisecond, Watcher: a})
	a.st.core.Start()
	p.until(func() bool { return a.st.core.State() == client.Connected })
	a.id = a.st.core.Session()
	p.quiet()
	return golden.Got{Sess: "new"}
}

func (a *actor) request(s *golden.Step) golden.Got {
	a.p.acting, a.got, a.late = a, nil, nil
	a.st.core.Do(&s.Op, a, 0)
	a.p.until(func() bool { return a.got != nil })
	a.p.quiet()
	r := a.got.Result
	if r.Type != proto.OpMulti { // a failed multi is answered without an error
		r.Err = a.got.Err
	}
	got := a.p.scale().Answer(&r, a.got.Zxid)
	got.Answered = a.got.Zxid != 0
	got.EventsLate = a.late
	got.Closed = a.st.core.State() == client.Closed
	return got
}

// Completed is part of client.Completion.
func (a *actor) Completed(_ int, o *client.Outcome) {
	kept := *o
	a.got = &kept
}

// Watched is part of client.Watcher.
func (a *actor) Watched(e proto.WatcherEvent) {
	ev := golden.Event{Session: a.number, Type: e.Type, Path: e.Path}
	if a.p.acting == a && a.got != nil {
		a.late = append(a.late, ev)
		return
	}
	a.p.events = append(a.p.events, ev)
}

// SessionChanged is part of client.Watcher.
func (a *actor) SessionChanged(client.State) {}

// tree is that of every server, without what the recordings leave out.
func (p *player) tree() []golden.Node {
	trees := make([][]golden.Node, len(p.servers))
	for i, s := range p.servers {
		s.core.(*node.Node).Tree().Walk(func(path string, data []byte, st proto.Stat) {
			if path != "/zookeeper/config" && path != "/zookeeper/quota" {
				trees[i] = append(trees[i], golden.Node{Path: path, Stat: p.scale().Stat(&st), Data: data})
			}
		})
		require.Equal(p.t, trees[0], trees[i], "the tree of %v", s.id)
	}
	return trees[0]
}
