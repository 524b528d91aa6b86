package netsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// reference is one direction as a reader of the contract expects it.
type reference struct {
	sent    []byte
	got     int  // how many of sent the reader has taken
	blocked bool // Writable is owed
}

// TestStreamsDeliverWhatWasWritten lets two peers write and read in any
// interleaving and demands the same bytes in the same order, within the room,
// with each blocked writer told exactly when room is back.
func TestStreamsDeliverWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(rapid.Uint64().Draw(t, "seed"), 2)
		room := rapid.SampledFrom([]int{1, 7, 100, 3000}).Draw(t, "room")
		w.SetRoom(room)
		w.SetDefaultLink(Link{0, rapid.SampledFrom([]time.Duration{0, 5, time.Second}).Draw(t, "delay")})
		d, a := w.connected(t)
		ends := [2]EndID{d, a}
		var refs [2]reference // refs[i] leads away from ends[i]
		next := byte(0)
		w.onEvent = func() {
			for i := range refs {
				if refs[i].blocked && w.Room(ends[i]) > 0 {
					require.True(t, w.owed(ends[i]), "there is room, and the blocked writer is not told")
				}
			}
			w.check(t)
		}
		w.onWritable = func(id EndID) {
			i := int(id & 1)
			require.True(t, refs[i].blocked, "Writable without a Write that was cut short")
			require.Positive(t, w.Room(id), "Writable without room")
			refs[i].blocked = false
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			i := rapid.IntRange(0, 1).Draw(t, "who")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				p := make([]byte, rapid.IntRange(1, 2*room).Draw(t, "size"))
				for k := range p {
					p[k], next = next, next+1
				}
				free := w.Room(ends[i])
				took := w.Write(ends[i], p)
				require.Equal(t, min(free, len(p)), took)
				refs[i].sent = append(refs[i].sent, p[:took]...)
				refs[i].blocked = took < len(p)
			case 1:
				refs[1-i].read(t, w, ends[i], rapid.IntRange(1, room+1).Draw(t, "limit"))
			case 2:
				for range rapid.IntRange(1, 5).Draw(t, "events") {
					w.step()
				}
			}
			w.check(t)
		}
		for idle := false; !idle; { // read everything
			w.drain()
			idle = w.Available(d)+w.Available(a) == 0
			refs[1].read(t, w, d, room)
			refs[0].read(t, w, a, room)
		}
		w.sleep(2 * time.Second) // the last acknowledgements
		for i := range refs {
			require.Equal(t, len(refs[i].sent), refs[i].got, "all bytes arrive")
			require.False(t, refs[i].blocked, "nobody waits for room that is there")
			require.Equal(t, room, w.Room(ends[i]))
		}
	})
}

func (r *reference) read(t require.TestingT, w *world, end EndID, limit int) {
	available := w.Available(end)
	b := w.Read(end, limit)
	require.Len(t, b, min(available, limit))
	require.LessOrEqual(t, r.got+len(b), len(r.sent))
	require.Equal(t, string(r.sent[r.got:r.got+len(b)]), string(b))
	r.got += len(b)
}

// owed reports whether an event for a waiting writer is due at this very instant.
func (w *world) owed(id EndID) bool {
	at, ok := w.clock.Peek()
	return w.end(id).out().waking && ok && at == w.clock.Now()
}

// TestAnythingMayHappen throws every call at a few hosts and holds the books
// after each. Every stream ends up known to both, to one, or to nobody; nothing
// panics; at rest nothing is scheduled.
func TestAnythingMayHappen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(rapid.Uint64().Draw(t, "seed"), 3)
		w.quiet = true
		w.SetRoom(50)
		w.SetDefaultLink(Link{0, 20})
		for h := range HostID(3) {
			w.Listen(h, 1)
			w.Dial(h, (h+1)%3, 1)
		}
		for range rapid.IntRange(0, 9).Draw(t, "head start") {
			w.step()
		}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			anything(t, w)
			w.check(t)
		}
		w.Heal() // else a refusal that is suppressed is asked for again and again
		w.drain()
		require.Zero(t, w.stalled)
		require.Zero(t, w.LongestBackoff())
		w.check(t)
		for id := range w.hosts {
			w.Kill(HostID(id))
			w.Crash(HostID(id))
		}
		w.drain()
		for _, s := range w.streams {
			require.Nil(t, s, "with all hosts down no stream is left")
		}
	})
}

func anything(t *rapid.T, w *world) {
	host := HostID(rapid.IntRange(0, 2).Draw(t, "host"))
	end := EndID(rapid.Int64Range(2, int64(2*len(w.streams)+1)).Draw(t, "end"))
	if first := w.hosts[host].first; first != 0 && rapid.IntRange(0, 3).Draw(t, "known end") > 0 {
		end = first
	}
	port := Port(rapid.IntRange(1, 2).Draw(t, "port"))
	switch what := rapid.IntRange(0, 23).Draw(t, "what"); {
	case what < 2 && w.Up(host):
		w.Listen(host, port)
	case what < 5 && w.Up(host):
		w.Dial(host, HostID(rapid.IntRange(0, 2).Draw(t, "to")), port)
	case what == 5:
		w.Unlisten(host, port)
	case what == 6:
		w.Crash(host)
	case what == 7:
		w.Start(host)
	case what == 8:
		w.Kill(host)
	case what == 9:
		w.Close(end)
	case what < 13:
		w.Write(end, make([]byte, rapid.IntRange(1, 60).Draw(t, "size")))
	case what < 15:
		w.Read(end, rapid.IntRange(1, 60).Draw(t, "limit"))
	case what < 20:
		w.step()
	default:
		anyFault(t, w, host, HostID(rapid.IntRange(0, 2).Draw(t, "peer")))
	}
}

// TestTheBooksCatchALostByte shows that check can fail.
func TestTheBooksCatchALostByte(t *testing.T) {
	for name, plant := range map[string]func(w *world, p *pipe){
		"used":     func(_ *world, p *pipe) { p.used-- },
		"inFlight": func(_ *world, p *pipe) { p.inFlight = 99 },
		"list":     func(w *world, _ *pipe) { w.hosts[0].last = 0 },
		"state":    func(w *world, _ *pipe) { w.streams[1].ends[0].state = gone },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(1, 2)
			d, _ := w.connected(t)
			w.Write(d, []byte("bytes"))
			w.check(t)
			plant(w, w.end(d).out())
			var mock recorder
			func() {
				defer func() { _ = recover() }()
				w.check(&mock)
			}()
			assert.True(t, mock.failed)
		})
	}
}

// recorder is a test that notes its failure and stops by panicking.
type recorder struct{ failed bool }

func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) FailNow()              { panic("stopped") }

// chatter is a run of several hosts that talk with jitter.
func chatter(seed uint64, twist func(w *world)) uint64 {
	w := newWorld(seed, 4)
	w.quiet = true
	w.SetDefaultLink(Link{time.Millisecond, 4 * time.Millisecond})
	var ends []EndID
	for from := range HostID(4) {
		w.Listen(from, 1)
	}
	for from := range HostID(4) {
		for to := range HostID(4) {
			ends = append(ends, w.Dial(from, to, 1))
		}
	}
	w.drain()
	for round := range 50 {
		for _, d := range ends {
			w.Write(d, []byte{byte(round), byte(d), 1, 2, 3})
		}
		if twist != nil && round == 25 {
			twist(w)
		}
		w.run(w.clock.Now() + 3*time.Millisecond)
		for _, d := range ends {
			w.Read(d+1, 100)
		}
	}
	w.drain()
	return w.digest
}

func TestSameSeedSameDigest(t *testing.T) {
	assert.Equal(t, chatter(5, nil), chatter(5, nil))
	assert.NotEqual(t, chatter(5, nil), chatter(6, nil))
	assert.NotEqual(t, chatter(5, nil), chatter(5, func(w *world) { w.Crash(2) }))
	flipped := chatter(5, func(w *world) {
		for _, s := range w.streams[1:] {
			if p := &s.pipes[0]; p.inFlight > 0 {
				p.data.items[len(p.data.items)-1] ^= 1
				return
			}
		}
		panic("nothing in flight")
	})
	assert.NotEqual(t, chatter(5, nil), flipped, "one flipped bit of one delivery")
}

// TestGoldenDigest pins the draws, the delivery order and the digest on every
// architecture. A change here changes the meaning of every seed.
func TestGoldenDigest(t *testing.T) {
	assert.Equal(t, uint64(goldenDigest), chatter(5, nil))
}

const goldenDigest = 0x27435cbb8c74ab32

func TestReadingDoesNotChangeHowPacketsTravel(t *testing.T) {
	arrivals := func(read bool) (at []time.Duration) {
		w := newWorld(9, 2)
		w.SetDefaultLink(Link{0, time.Second})
		d, a := w.connected(t)
		for range 30 {
			w.Write(d, []byte("x"))
			w.drain()
			at = append(at, w.clock.Now())
			if read {
				w.Read(a, 1)
			}
			w.Write(a, []byte("y"))
			w.drain()
			at = append(at, w.clock.Now())
		}
		return at
	}
	assert.Equal(t, arrivals(true), arrivals(false))
}

func TestMixBytesSeesEveryBitAndTheLength(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Byte(), 1, 70).Draw(t, "p")
		h := rapid.Uint64().Draw(t, "h")
		before := mixBytes(h, p)
		require.NotEqual(t, before, mixBytes(h, append(append([]byte{}, p...), 0)))
		require.NotEqual(t, before, mixBytes(h^1, p))
		k := rapid.IntRange(0, 8*len(p)-1).Draw(t, "bit")
		p[k/8] ^= 1 << (k % 8)
		require.NotEqual(t, before, mixBytes(h, p))
	})
}

func TestFifoAgainstASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f fifo[byte]
		var ref []byte
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "push") || len(ref) == 0 {
				p := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "p")
				f.push(p...)
				ref = append(ref, p...)
			} else {
				k := rapid.IntRange(1, len(ref)).Draw(t, "k")
				require.Equal(t, ref[:k], append(ref[:0:0], f.pop(k)...))
				ref = ref[k:]
			}
			require.Equal(t, len(ref), f.len())
			if len(ref) > 0 {
				require.Equal(t, ref[0], *f.oldest())
				require.Equal(t, ref[len(ref)-1], *f.newest())
			}
			require.LessOrEqual(t, f.head, len(f.items))
		}
	})
}

func TestABusyFifoStaysSmall(t *testing.T) {
	var f fifo[byte]
	p := make([]byte, 1000)
	f.push(p...)
	for range 10000 {
		f.push(p[:10]...)
		f.pop(10)
	}
	assert.LessOrEqual(t, cap(f.items), 4000)
}

var _ Listener = (*world)(nil)
