package netsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/zksim/zksim/sim/rng"
	"github.com/zksim/zksim/sim/vtime"
)

// reader is a listener that takes whatever arrives.
type reader struct {
	*Network
	bytes    int
	accepted []EndID
}

func (r *reader) Accepted(_ HostID, _ Port, end EndID, _ HostID) {
	r.accepted = append(r.accepted, end)
}
func (r *reader) Connected(HostID, EndID)      {}
func (r *reader) ConnectFailed(HostID, EndID)  {}
func (r *reader) Readable(_ HostID, end EndID) { r.bytes += len(r.Read(end, 4096)) }
func (r *reader) Writable(HostID, EndID)       {}
func (r *reader) Closed(HostID, EndID, bool)   {}

// crowd is 5 servers, joined all to all, with 20 clients.
func crowd() (*reader, *vtime.Clock, []EndID) {
	clock := new(vtime.Clock)
	r := &reader{}
	r.Network = New(clock, rng.New(1), r)
	r.SetDefaultLink(Link{time.Millisecond, 3 * time.Millisecond})
	var ends []EndID
	for h := range HostID(25) {
		r.AddHost()
		if h < 5 {
			r.Listen(h, 1)
		}
	}
	for from := range HostID(25) {
		for to := range HostID(5) {
			if from < 5 || to == from%5 {
				ends = append(ends, r.Dial(from, to, 1))
			}
		}
	}
	runAll(r.Network, clock)
	return r, clock, append(ends, r.accepted...)
}

func runAll(n *Network, clock *vtime.Clock) {
	for ev, ok := clock.Next(); ok; ev, ok = clock.Next() {
		n.Handle(ev)
	}
}

// talk makes every end write once and delivers everything.
func talk(r *reader, clock *vtime.Clock, ends []EndID, p []byte) {
	for _, id := range ends {
		r.Write(id, p)
	}
	runAll(r.Network, clock)
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	r, clock, ends := crowd()
	p := make([]byte, 100)
	for range 20 {
		talk(r, clock, ends, p)
	}
	assert.Zero(t, testing.AllocsPerRun(50, func() { talk(r, clock, ends, p) }))
	assert.Equal(t, (20+51)*100*len(ends), r.bytes, "everything arrived")
}

func TestReconnectingAllocatesLittle(t *testing.T) {
	r, clock, _ := crowd()
	again := func() {
		id := r.Dial(7, 2, 1)
		runAll(r.Network, clock)
		r.Close(id)
		runAll(r.Network, clock)
	}
	for range 5000 { // the table of streams has grown, and not again for a while
		again()
	}
	assert.LessOrEqual(t, testing.AllocsPerRun(500, again), 0.1)
	assert.Len(t, r.spare, 1, "one stream is used over and over")
}

// BenchmarkDeliver is one Write, its delivery and its Read, with the clock.
func BenchmarkDeliver(b *testing.B) {
	r, clock, ends := crowd()
	p := make([]byte, 100)
	talk(r, clock, ends, p)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += len(ends) {
		talk(r, clock, ends, p)
	}
}

// BenchmarkBulk moves 64 KiB at a time through one stream.
func BenchmarkBulk(b *testing.B) {
	r, clock, ends := crowd()
	p := make([]byte, 64<<10)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		r.Write(ends[0], p)
		runAll(r.Network, clock)
		for r.Available(ends[0]+1) > 0 {
			r.Read(ends[0]+1, len(p))
		}
	}
}
