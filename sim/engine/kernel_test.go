package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/sim/vtime"
)

// relay is a handler that asks for another event each time, so that as many as
// there were at first are pending at all times.
type relay struct{ k *kernel }

func (r relay) Handle(ev vtime.Event) uint64 {
	ev.A++
	r.k.after(time.Duration(ev.A%1000)*time.Microsecond, ev)
	return uint64(ev.B) * 7
}

func relays(pending int) *kernel {
	k := newKernel(&vtime.Clock{})
	k.handlers[classServer] = relay{k}
	for i := range pending {
		k.after(time.Duration(i), vtime.Event{Class: classServer, Host: int32(i % 5), A: int64(i), B: int64(i)})
	}
	return k
}

func BenchmarkKernel(b *testing.B) {
	k := relays(100)
	for range 100_000 {
		k.turn()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		k.turn()
	}
}

func TestKernelAllocatesNothing(t *testing.T) {
	k := relays(100)
	for range 100_000 {
		k.turn()
	}
	assert.Zero(t, testing.AllocsPerRun(100_000, func() { k.turn() }))
}

func TestKernelKeepsAboutAThousandCheckpoints(t *testing.T) {
	for _, steps := range []uint64{1, 63, 64, 65, 64 * 1023, 64 * 1024, 64*1024 + 1, 1_000_000} {
		k := relays(3)
		for range steps {
			require.True(t, k.turn())
		}
		list := k.finish()
		require.NotEmpty(t, list)
		assert.LessOrEqual(t, len(list), checkpointsKept+1)
		if steps >= 64*checkpointsKept {
			assert.GreaterOrEqual(t, len(list), checkpointsKept/2)
		}
		for i, c := range list[:len(list)-1] {
			assert.Equal(t, uint64(i+1)*k.marks.every, c.Step, "steps %d", steps)
		}
		assert.Equal(t, Checkpoint{steps, k.clock.Now(), uint64(k.hash)}, list[len(list)-1])
	}
}

func TestKernelEnds(t *testing.T) {
	assert.False(t, newKernel(&vtime.Clock{}).turn())
}

// silent handles an event without doing anything.
type silent struct{ digest uint64 }

func (s silent) Handle(vtime.Event) uint64 { return s.digest }

// hashOfRun is the hash of a run of these events, all handled with one digest.
func hashOfRun(events []vtime.Event, digest uint64) uint64 {
	k := newKernel(&vtime.Clock{})
	for class := range k.handlers {
		k.handlers[class] = silent{digest}
	}
	for _, ev := range events {
		k.clock.Schedule(ev.At, ev)
	}
	for k.turn() {
	}
	return uint64(k.hash)
}

func events() *rapid.Generator[vtime.Event] {
	return rapid.Custom(func(t *rapid.T) vtime.Event {
		return vtime.Event{
			At:    time.Duration(rapid.Int64Range(0, 1000).Draw(t, "at")),
			Class: rapid.Uint8Range(1, numClasses-1).Draw(t, "class"),
			Kind:  rapid.Uint8().Draw(t, "kind"),
			Host:  rapid.Int32().Draw(t, "host"),
			A:     rapid.Int64().Draw(t, "a"),
			B:     rapid.Int64().Draw(t, "b"),
		}
	})
}

func TestHashTellsEveryFieldApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run := rapid.SliceOfN(events(), 1, 20).Draw(t, "run")
		digest := rapid.Uint64().Draw(t, "digest")
		h := hashOfRun(run, digest)
		require.Equal(t, h, hashOfRun(run, digest))
		require.NotEqual(t, h, hashOfRun(run, digest+1))
		require.NotEqual(t, h, hashOfRun(run[1:], digest))
		i := rapid.IntRange(0, len(run)-1).Draw(t, "which")
		for name, change := range map[string]func(ev *vtime.Event){
			"at":    func(ev *vtime.Event) { ev.At += 2000 },
			"class": func(ev *vtime.Event) { ev.Class = ev.Class%(numClasses-1) + 1 },
			"kind":  func(ev *vtime.Event) { ev.Kind ^= 1 },
			"host":  func(ev *vtime.Event) { ev.Host ^= 1 << 30 },
			"a":     func(ev *vtime.Event) { ev.A ^= 1 << 62 },
			"b":     func(ev *vtime.Event) { ev.B ^= 1 },
		} {
			other := append([]vtime.Event(nil), run...)
			change(&other[i])
			require.NotEqual(t, h, hashOfRun(other, digest), name)
		}
	})
}

func TestHashTellsBytesApart(t *testing.T) {
	assert.NotEqual(t, hashOf(nil), hashOf([]byte{0}))
	assert.NotEqual(t, hashOf(make([]byte, 8)), hashOf(make([]byte, 16)))
	assert.NotEqual(t, hashOf([]byte("12345678")), hashOf([]byte("123456789")))
	assert.NotEqual(t, hashOf([]byte{1, 0, 0}), hashOf([]byte{0, 0, 1}))
	assert.Equal(t, hashOf([]byte("abcdefghijk")), hashOf([]byte("abcdefghijk")))
}

// Golden: a change here changes every hash that anybody has written down.
func TestHashIsPinned(t *testing.T) {
	assert.Equal(t, uint64(0x92988e921dd26530), hashOf([]byte("one event, two events")))
}

func TestFirstDifference(t *testing.T) {
	run := func(steps uint64, changed uint64) []Checkpoint {
		k := relays(3)
		for k.step < steps {
			if k.step == changed && changed > 0 {
				k.hash.fold(1)
			}
			k.turn()
		}
		return k.finish()
	}
	_, _, differ := FirstDifference(run(10_000, 0), run(10_000, 0))
	assert.False(t, differ)

	a, b, differ := FirstDifference(run(10_000, 0), run(10_000, 5_000))
	require.True(t, differ)
	assert.Equal(t, a.Step, b.Step)
	assert.NotEqual(t, a.Hash, b.Hash)
	assert.InDelta(t, 5_000, float64(a.Step), 64)

	a, b, differ = FirstDifference(run(10_000, 0), run(9_999, 0))
	require.True(t, differ)
	assert.Equal(t, uint64(9_999), b.Step)
	assert.Greater(t, a.Step, uint64(9_983))

	// A run that is so much longer that it keeps fewer of the early checkpoints.
	a, b, differ = FirstDifference(run(60_000, 0), run(300_000, 30_000))
	require.True(t, differ)
	assert.Equal(t, a.Step, b.Step)
	assert.GreaterOrEqual(t, a.Step, uint64(30_000))
	assert.Less(t, a.Step, uint64(30_000+512))

	_, b, differ = FirstDifference(nil, run(1, 0))
	require.True(t, differ)
	assert.Equal(t, uint64(1), b.Step)
}
