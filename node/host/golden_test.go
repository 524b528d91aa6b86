package host_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/host"
	"github.com/zksim/zksim/node/host/wire"
	"github.com/zksim/zksim/node/proto"
)

// TestGoldenHost plays what Apache ZooKeeper 3.8.0 was asked to a real server on
// loopback, and compares every recorded field: the transcripts in testdata and,
// if ZKSIM_GOLDEN names a directory, all in it.
func TestGoldenHost(t *testing.T) {
	files, err := filepath.Glob("../../testdata/golden/basic/*.jsonl")
	require.NoError(t, err)
	require.Len(t, files, 10)
	if dir := os.Getenv("ZKSIM_GOLDEN"); dir != "" {
		files, err = filepath.Glob(filepath.Join(dir, "*.jsonl"))
		require.NoError(t, err)
		require.NotEmpty(t, files, "no transcripts in ZKSIM_GOLDEN")
	}
	agreed, steps := 0, 0
	for _, name := range files {
		differences, n := playTranscript(t, name, nil)
		for _, d := range differences {
			t.Error(d)
		}
		agreed, steps = agreed+n-len(differences), steps+n
	}
	t.Logf("%d transcripts, %d of %d steps agree", len(files), agreed, steps)
	assert.Equal(t, steps, agreed)
}

// With one recorded number changed, that step alone disagrees.
func TestGoldenHostNotices(t *testing.T) {
	changed := -1
	differences, _ := playTranscript(t, "../../testdata/golden/basic/seed-5000.jsonl", func(tr *golden.Transcript) {
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

// differencesMax is how many are shown of one transcript.
const differencesMax = 5

// playTranscript gives the steps that disagree, in words, and how many there are.
func playTranscript(t *testing.T, name string, change func(*golden.Transcript)) (differences []string, steps int) {
	f, err := os.Open(name)
	require.NoError(t, err)
	tr, err := golden.Parse(f)
	require.NoError(t, f.Close())
	require.NoError(t, err, name)
	if change != nil {
		change(tr)
	}
	p := newPlayer(t)
	defer p.end()
	for i := range tr.Steps {
		s := &tr.Steps[i]
		if diff := s.Want.Compare(p.step(s)); len(diff) > 0 {
			differences = append(differences, fmt.Sprintf("%s step %d %s: %s", filepath.Base(name), s.Index, s.Kind, diff[0]))
		}
		if len(differences) >= differencesMax {
			break
		}
	}
	return differences, len(tr.Steps)
}

// player plays the sessions of a transcript to a server that runs alone. Its
// tick is short, so that sessions expire soon.
type player struct {
	t        *testing.T
	e        *ensemble
	sessions []*actor
}

// actor is one session of a transcript.
type actor struct {
	number int
	c      *wire.Conn // nil when it has no connection
	id     proto.SessionID
	pass   []byte
}

// shortTimeout is what the recordings' shortest timeout is here, in ms.
const shortTimeout = 200

func newPlayer(t *testing.T) *player {
	e := newEnsemble(t, 1, func(cfg *host.Config) {
		cfg.Node.TickTime, cfg.Node.MinSessionTimeout = 50*time.Millisecond, shortTimeout*time.Millisecond
	})
	e.leader()
	return &player{t: t, e: e}
}

func (p *player) end() {
	for _, a := range p.sessions {
		if a.c != nil {
			_ = a.c.Close()
		}
	}
	require.NoError(p.t, p.e.hosts[0].Stop())
	p.e.hosts[0] = nil
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
	switch s.Kind {
	case "connect":
		return p.connect(s)
	case "final":
		return golden.Got{Tree: p.tree()}
	}
	return p.request(p.sessions[s.Session], s)
}

func (p *player) connect(s *golden.Step) golden.Got {
	require.Equal(p.t, len(p.sessions), s.Session)
	timeout := s.Op.Timeout
	if s.Args.Short {
		timeout = shortTimeout
	}
	c, err := wire.Dial(p.e.clients[0], wire.Hello{Timeout: timeout})
	require.NoError(p.t, err)
	a := &actor{number: s.Session, c: c, id: c.Session, pass: c.Password}
	p.sessions = append(p.sessions, a)
	return golden.Got{Sess: "new", Events: p.events()}
}

// request sends a step's request, and finds out all that came of it.
func (p *player) request(a *actor, s *golden.Step) golden.Got {
	answer, err := a.c.Call(s.Op)
	var got golden.Got
	if err == nil {
		got = p.scale().Answer(&answer.Result, answer.Zxid)
	} else {
		require.True(p.t, ended(err), "%v", err)
	}
	before := a.c.Events
	a.c.Events = nil
	if got.Closed = err != nil || s.Want.Closed; got.Closed {
		require.NoError(p.t, a.c.AwaitClose())
		got.EventsLate = p.convert(a, a.c.Events)
		require.NoError(p.t, a.c.Close())
		a.c = nil
	} else {
		p.settle(a)
		got.EventsLate = p.convert(a, a.c.Events)
		a.c.Events = nil
	}
	got.Events = append(p.convert(a, before), p.events()...)
	return got
}

func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// settle waits until everything has come that the server has sent to a session
// so far: a ping is answered behind it.
func (p *player) settle(a *actor) {
	_, err := a.c.Call(proto.Op{Type: proto.OpPing})
	require.NoError(p.t, err, "session %d", a.number)
}

// events takes what came to all sessions that have a connection.
func (p *player) events() []golden.Event {
	var all []golden.Event
	for _, a := range p.sessions {
		if a.c != nil {
			p.settle(a)
			all = append(all, p.convert(a, a.c.Events)...)
			a.c.Events = nil
		}
	}
	return all
}

func (p *player) convert(a *actor, events []proto.WatcherEvent) []golden.Event {
	var list []golden.Event
	for _, e := range events {
		list = append(list, golden.Event{Session: a.number, Type: e.Type, Path: e.Path})
	}
	return list
}

// tree is that of the server, without what the recordings leave out.
func (p *player) tree() []golden.Node {
	var nodes []golden.Node
	p.e.hosts[0].Look(func(n *node.Node) {
		n.Tree().Walk(func(path string, data []byte, st proto.Stat) {
			if path != "/zookeeper/config" && path != "/zookeeper/quota" {
				nodes = append(nodes, golden.Node{Path: path, Stat: p.scale().Stat(&st), Data: data})
			}
		})
	})
	return nodes
}
