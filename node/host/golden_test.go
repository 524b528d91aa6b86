package host_test

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/model/golden/recorded"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/host"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// TestGoldenHost plays what Apache ZooKeeper 3.8.0 was asked to a real server on
// loopback, and compares every recorded field: the transcripts in testdata, and
// those in the directories that ZKSIM_GOLDEN lists.
func TestGoldenHost(t *testing.T) {
	recorded.Each(t, "../../testdata/golden", func(dir string, files []string) {
		t.Run(filepath.Base(dir), func(t *testing.T) { playAll(t, files) })
	})
}

// players is how many transcripts are played at a time.
const players = 4

func playAll(t *testing.T, files []string) {
	var mu sync.Mutex
	agreed, steps := 0, 0
	slots := make(chan struct{}, players)
	var all sync.WaitGroup
	for _, name := range files {
		slots <- struct{}{}
		all.Go(func() {
			differences, n := playTranscript(t, name, nil)
			<-slots
			mu.Lock()
			defer mu.Unlock()
			for _, d := range differences {
				t.Error(d)
			}
			agreed, steps = agreed+n-len(differences), steps+n
		})
	}
	all.Wait()
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

// differencesMax is after how many disagreements a transcript is given up.
const differencesMax = 5

// playTranscript gives the steps that disagree, in words, and how many there are.
func playTranscript(t *testing.T, name string, change func(*golden.Transcript)) (differences []string, steps int) {
	tr := recorded.Read(t, name)
	if change != nil {
		change(tr)
	}
	w := newPlayed(t)
	defer w.end()
	p := golden.NewPlayer(w, func(z proto.Zxid) int64 { return int64(z.Counter()) })
	for i := range tr.Steps {
		s := &tr.Steps[i]
		diff := s.Want.Compare(p.Step(s))
		require.NoError(t, p.Err(), "%s step %d", name, s.Index)
		if len(diff) > 0 {
			differences = append(differences, filepath.Base(name)+" step "+strconv.Itoa(s.Index)+" "+s.Kind+": "+diff[0])
		}
		require.Less(t, len(differences), differencesMax, "%v", differences)
	}
	return differences, len(tr.Steps)
}

// played is a server that runs alone, as the player of transcripts drives it.
type played struct {
	e     *ensemble
	clock *clock
	links []*link
	stir  chan struct{} // something has come on some link
}

// clock stands still once it is stopped, but for what it is put forward: then
// nothing hangs on how busy the machine is.
type clock struct {
	mu    sync.Mutex
	still time.Time // the zero time while it goes
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.still.IsZero() {
		return time.Now()
	}
	return c.still
}

func (c *clock) stop() { c.put(time.Now()) }

func (c *clock) put(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.still = t
}

func newPlayed(t *testing.T) *played {
	return newPlayedWith(t, func(cfg *host.Config) { cfg.Node.Store = recordedStore() })
}

// recordedStore is what the recording server was told.
func recordedStore() node.StoreConfig {
	return node.StoreConfig{ExtendedTypes: true, SuperDigest: ztree.DigestOf([]byte("super:test")), ContainerInterval: 24 * time.Hour}
}

func newPlayedWith(t *testing.T, change func(*host.Config)) *played {
	w := &played{stir: make(chan struct{}, 1), clock: &clock{}}
	w.e = newEnsemble(t, 1, func(cfg *host.Config) {
		cfg.Clock = w.clock.now
		change(cfg)
	})
	w.e.leader()
	w.clock.stop()
	return w
}

func (w *played) end() {
	for _, l := range w.links {
		l.Close()
	}
	assert.NoError(w.e.t, w.e.hosts[0].Stop())
	w.e.hosts[0] = nil
}

// Dial is part of golden.Driver.
func (w *played) Dial(int) golden.Link {
	l := newLink(w.e.t, w.e.clients[0], w.stir)
	w.links = append(w.links, l)
	return l
}

// Wait is part of golden.Driver.
func (w *played) Wait(done func() bool) error {
	for deadline := time.Now().Add(20 * time.Second); !done(); {
		select {
		case <-w.stir:
		case <-time.After(time.Until(deadline)):
			return os.ErrDeadlineExceeded
		}
	}
	return nil
}

// Quiet is part of golden.Driver. When nothing is under way in the server, a ping
// is answered behind everything that it had to say.
func (w *played) Quiet() error {
	w.idle() // once for what its timers have begun
	eventually(w.e.t, "the server has done all that it was asked", func() bool { return w.idle() })
	for _, l := range w.links {
		if want, ok := l.ping(); ok {
			if err := w.Wait(func() bool { return l.pongs() >= want || l.Closed() }); err != nil {
				return err
			}
		}
	}
	return nil
}

// idle reports whether no transaction is under way.
func (w *played) idle() (idle bool) {
	w.e.hosts[0].Look(func(n *node.Node) {
		d := n.Describe(0)
		idle = n.QueueLengths() == [node.NumStages]int{} && d.Logged == d.Applied
	})
	return idle
}

// sleepStep is how far the clock is put forward at once: sessions that are
// connected are heard in between.
const sleepStep = 100 * time.Millisecond

// Sleep is part of golden.Driver.
func (w *played) Sleep(d time.Duration) error {
	for ; d > 0; d -= sleepStep {
		w.clock.put(w.clock.now().Add(min(d, sleepStep)))
		if err := w.Quiet(); err != nil {
			return err
		}
	}
	return nil
}

// Lease is part of golden.Driver.
func (w *played) Lease(timeout time.Duration) time.Duration {
	return timeout + w.e.config(0).Node.TickTime
}
