package client

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
)

// A request whose last byte the stream has not taken cannot have reached the
// server; one of which it has all bytes may have.
func TestUnsentAgainstSent(t *testing.T) {
	one := set("/a")
	size := len(appendRequest(nil, 1, &one))
	for _, c := range []struct {
		room int
		want []Kind
	}{
		{0, []Kind{Failed, Failed, Failed}},
		{size - 1, []Kind{Failed, Failed, Failed}},
		{size, []Kind{Unknown, Failed, Failed}},
		{2*size + 3, []Kind{Unknown, Unknown, Failed}},
		{3 * size, []Kind{Unknown, Unknown, Unknown}},
	} {
		for _, early := range []bool{false, true} {
			t.Run(fmt.Sprintf("room %d early %v", c.room, early), func(t *testing.T) {
				w := newWorld(t)
				w.c.Start()
				ask := func() {
					for i := range 3 {
						w.do(set("/a"), i)
					}
				}
				if early {
					ask()
				}
				w.c.Connected(w.conn)
				w.room = c.room
				w.send(accepted(7))
				if !early {
					ask()
				}
				w.c.Closed(w.conn)
				assert.Equal(t, c.want, kinds(w.outcomes))
			})
		}
	}
}

// What the stream does not take is written when it has room again.
func TestPartialWrites(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.room = 3
	w.c.Connected(w.conn)
	for i := range 200 {
		w.room = 1 + i%4
		w.c.Writable(w.conn)
	}
	require.NotNil(t, w.frame(), "the ConnectRequest has arrived")
	w.room = -1
	w.c.Writable(w.conn)
	w.send(accepted(7))
	w.room = 5
	w.do(set("/a"), 0)
	w.do(set("/b"), 1)
	for range 100 {
		w.room = 1
		w.c.Writable(w.conn)
	}
	_, a := w.request()
	_, b := w.request()
	assert.Equal(t, "/a", a.Path)
	assert.Equal(t, "/b", b.Path)
	w.send(answer(1, 5, 0, &proto.Result{Type: proto.OpSetData}), answer(2, 6, 0, &proto.Result{Type: proto.OpSetData}))
	assert.Equal(t, []Kind{OK, OK}, kinds(w.outcomes))
}

// However the bytes are cut, the client is told the same.
func TestChunking(t *testing.T) {
	type told struct {
		outcomes []Outcome
		log      []string
		state    State
		zxid     proto.Zxid
	}
	run := func(t *testing.T, chunk func(left int) int) told {
		w := newWorld(t)
		w.c.Start()
		for i := range 4 {
			w.do(get(fmt.Sprintf("/n%d", i)), i)
		}
		w.c.Connected(w.conn)
		var stream []byte
		for _, f := range [][]byte{accepted(7), answer(1, 5, 0, &proto.Result{Type: proto.OpGetData, Data: []byte("abc")}),
			event(proto.EventNodeDataChanged, "/n0"), answer(2, 6, proto.NoNode, nil), answer(proto.XidPing, 6, 0, nil),
			answer(3, 7, 0, &proto.Result{Type: proto.OpGetData, Data: make([]byte, 3000)}),
			answer(99, 8, 0, nil), answer(4, 9, 0, nil)} {
			stream = append(stream, f...)
		}
		for len(stream) > 0 {
			n := min(len(stream), chunk(len(stream)))
			part := append([]byte(nil), stream[:n]...)
			w.c.Received(1, part)
			clear(part) // the driver's again
			stream = stream[n:]
		}
		return told{w.outcomes, w.log, w.c.State(), w.c.LastZxid()}
	}
	whole := run(t, func(left int) int { return left })
	require.Equal(t, []Kind{OK, OK, OK, Unknown}, kinds(whole.outcomes))
	assert.Equal(t, whole, run(t, func(int) int { return 1 }))
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 400), 1, 20).Draw(rt, "sizes")
		i := 0
		got := run(t, func(int) int { i++; return sizes[i%len(sizes)] })
		assert.Equal(rt, whole, got)
	})
}

// Watches are set again on the next connection, before the requests that wait;
// those that an event has used up are not.
func TestWatchesAreSetAgain(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	watched := func(op proto.OpCode, path string) proto.Op { return proto.Op{Type: op, Path: path, Watch: true} }
	for i, c := range []struct {
		op  proto.Op
		err proto.ErrCode
	}{
		{watched(proto.OpGetData, "/d2"), 0}, {watched(proto.OpGetData, "/d1"), 0},
		{watched(proto.OpGetData, "/none"), proto.NoNode}, {watched(proto.OpExists, "/d3"), 0},
		{watched(proto.OpExists, "/e"), proto.NoNode}, {watched(proto.OpGetChildren, "/c1"), 0},
		{watched(proto.OpGetChildren2, "/c2"), 0}, {watched(proto.OpGetChildren2, "/d1"), 0},
		{watched(proto.OpGetData, "/gone"), 0}, {watched(proto.OpExists, "/made"), proto.NoNode},
		{get("/plain"), 0}, {watched(proto.OpGetChildren, "/changed"), 0},
	} {
		w.do(c.op, i)
		w.send(answer(int32(i+1), 40, c.err, &proto.Result{Type: c.op.Type}))
	}
	w.send(event(proto.EventNodeDeleted, "/gone"), event(proto.EventNodeCreated, "/made"),
		event(proto.EventNodeChildrenChanged, "/changed"), event(proto.EventNodeDataChanged, "/d1"))
	w.c.Closed(w.conn)
	w.pass(500 * time.Millisecond)
	w.do(get("/waits"), 50)
	w.pass(500 * time.Millisecond)
	w.up()
	h, op := w.request()
	assert.Equal(t, proto.RequestHeader{Xid: proto.XidSetWatches, Type: proto.OpSetWatches}, h)
	assert.Equal(t, proto.Op{Type: proto.OpSetWatches, RelativeZxid: 40, DataWatches: []string{"/d2", "/d3"},
		ExistWatches: []string{"/e"}, ChildWatches: []string{"/c1", "/c2", "/d1"}}, op)
	h, op = w.request()
	assert.Equal(t, int32(13), h.Xid)
	assert.Equal(t, "/waits", op.Path)

	w.send(event(proto.EventNodeCreated, "/e"), answer(proto.XidSetWatches, 41, 0, nil),
		answer(13, 42, 0, &proto.Result{Type: proto.OpGetData}))
	assert.Equal(t, 0, w.c.Outstanding())
	assert.Equal(t, OK, w.outcomes[len(w.outcomes)-1].Kind)
	assert.Equal(t, []string{"NodeDeleted /gone", "NodeCreated /made", "NodeChildrenChanged /changed",
		"NodeDataChanged /d1", "disconnected", "connected", "NodeCreated /e"}, w.log[1:])
}

// A setWatches that is lost with its connection is nobody's request.
func TestLostSetWatchesTellsNobody(t *testing.T) {
	w := newWorld(t)
	w.c.Start()
	w.up()
	w.do(proto.Op{Type: proto.OpGetData, Path: "/a", Watch: true}, 0)
	w.send(answer(1, 5, 0, &proto.Result{Type: proto.OpGetData}))
	for range 3 {
		w.c.Closed(w.conn)
		w.pass(time.Second)
		w.up()
		_, op := w.request()
		assert.Equal(t, []string{"/a"}, op.DataWatches)
	}
	assert.Len(t, w.outcomes, 1)
}

func TestSetWatchesIsSplit(t *testing.T) {
	var s watchSet
	for i := range 300 {
		s.add(fmt.Sprintf("/%03d%s", i, strings.Repeat("x", 996)), watchData)
	}
	s.add("/a", watchExist|watchChild)
	ops := s.requests(9)
	require.Len(t, ops, 3)
	assert.Len(t, ops[0].DataWatches, 132) // the last of them fills it up
	assert.Len(t, ops[1].DataWatches, 132)
	assert.Len(t, ops[2].DataWatches, 36)
	assert.Equal(t, []string{"/a"}, ops[2].ExistWatches)
	assert.Equal(t, []string{"/a"}, ops[2].ChildWatches)
	for _, op := range ops {
		assert.Less(t, len(appendRequest(nil, proto.XidSetWatches, &op)), proto.MaxFrame)
		assert.Equal(t, proto.Zxid(9), op.RelativeZxid)
	}
}

func TestFifo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var q fifo
		var want []int32
		next := int32(0)
		for range rapid.IntRange(0, 200).Draw(rt, "n") {
			switch {
			case rapid.Bool().Draw(rt, "push"):
				next++
				q.push(request{xid: next})
				want = append(want, next)
			case len(want) > 0 && rapid.Bool().Draw(rt, "front"):
				next++
				q.pushFront(request{xid: next})
				want = append([]int32{next}, want...)
			case len(want) > 0:
				assert.Equal(rt, want[0], q.pop().xid)
				want = want[1:]
			}
			require.Equal(rt, len(want), q.len())
			for i := range want {
				require.Equal(rt, want[i], q.at(i).xid)
			}
		}
	})
}

// A request and its answer cost little memory: the result's, and nothing else.
func BenchmarkRequest(b *testing.B) {
	w := &world{room: -1, draws: func(DrawKind, int64) int64 { return 0 }}
	w.c = New(Config{Servers: 1, SessionTimeout: timeout, RequestDeadline: deadline}, quiet{w})
	w.c.Start()
	w.c.Connected(1)
	w.c.Received(1, accepted(7))
	op := proto.Op{Type: proto.OpSetData, Path: "/a", Data: make([]byte, 100), Version: -1}
	reply := answer(1, 5, 0, &proto.Result{Type: proto.OpSetData})
	b.ReportAllocs()
	for b.Loop() {
		xid := w.c.Do(&op, nil, 0)
		copy(reply[4:], proto.AppendInt(nil, xid))
		w.c.Received(1, reply)
	}
}

// quiet is a world that keeps nothing.
type quiet struct{ *world }

func (quiet) Write(_ Conn, p []byte) int { return len(p) }

// Whatever a server sends, the client ends up with every request ended once, or
// still waiting on a connection that it has.
func FuzzReceived(f *testing.F) {
	f.Add(accepted(7), answer(1, 5, 0, &proto.Result{Type: proto.OpGetData, Data: []byte("v")}))
	f.Add(accepted(0), event(proto.EventNodeCreated, "/a"))
	f.Add(accepted(7), answer(1, 5, proto.NoNode, nil))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		w := newWorld(t)
		w.c.Start()
		w.do(proto.Op{Type: proto.OpGetData, Path: "/a", Watch: true}, 0)
		w.do(proto.Op{Type: proto.OpMulti, Ops: []proto.Op{set("/b")}}, 1)
		w.c.Connected(w.conn)
		w.send(first)
		w.do(proto.Op{Type: proto.OpGetChildren2, Path: "/c"}, 2)
		w.send(second)
		assert.Equal(t, 3, len(w.outcomes)+w.c.Outstanding())
		w.c.Die()
		assert.Len(t, w.outcomes, 3)
		assert.Zero(t, w.c.Outstanding())
	})
}
