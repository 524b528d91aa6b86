package engine

import (
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/vtime"
)

// act has statements befall a play.
func (st *stage) act(t *testing.T, lines ...string) {
	t.Helper()
	var list []fault.Statement
	for _, line := range lines {
		list = append(list, statement(t, line))
	}
	st.faults.begin(list)
}

// pass makes time pass until an instant.
func (st *stage) pass(at time.Duration) {
	st.clock.Schedule(at, vtime.Event{Class: classProgress, Kind: progressNothing})
	st.runTo(at)
}

func TestOverlappingCrashesEndWithTheLast(t *testing.T) {
	st := play(2, idle)
	st.act(t, "at 1s for 5s kill zk1", "at 2s for 10s crash zk1", "at 3s kill zk2", "at 4s for 1s kill zk2", "at 9s start zk2")
	st.runTo(8 * time.Second)
	assert.Len(t, st.lives[1], 1, "the crash still holds it down")
	assert.Len(t, st.lives[2], 1, "what has no end does")
	st.runTo(15 * time.Second)
	assert.Len(t, st.lives[1], 2)
	assert.Len(t, st.lives[2], 2)
	assert.EqualValues(t, 3, st.counts.Kills)
	assert.EqualValues(t, 1, st.counts.Crashes)
}

func TestACleanStopFinishesItsWrites(t *testing.T) {
	for word, kept := range map[string]bool{"stop": true, "kill": false} {
		st := play(1, idle)
		st.pass(time.Second)
		st.output(1, &node.Output{Writes: []node.Write{{ID: 1, Op: store.Op{Kind: store.OpCreate, Name: "f"}}}})
		st.act(t, "at 1s "+word+" zk1")
		st.runTo(2 * time.Second)
		_, err := st.servers[0].disk.ReadFile("f")
		assert.Equal(t, kept, err == nil, word)
	}
}

// A paused process hears nothing and does nothing; then everything comes, in order.
func TestPausedProcess(t *testing.T) {
	st := play(2, idle)
	from, to := talk(t, st)
	st.act(t, "at 2s for 3s pause zk2")
	st.runTo(2500 * time.Millisecond)
	st.output(1, &node.Output{Sends: []node.Send{{Conn: from, Data: []byte("late")}}, Closes: []node.ConnID{from},
		Dials: []node.Dial{{Conn: -2, Peer: 2, Port: node.PortQuorum}, {Conn: -3, Peer: 2, Port: node.PortQuorum}}})
	st.output(2, &node.Output{Timers: []node.Timer{{ID: node.TimerID{Kind: node.TimerPhase}, Min: time.Second, Max: time.Second}}})
	st.runTo(3 * time.Second)
	st.output(1, &node.Output{Closes: []node.ConnID{-3}})
	told := len(st.lives[2][0].told)
	st.runTo(4900 * time.Millisecond)
	assert.Len(t, st.lives[2][0].told, told)
	assert.Len(t, st.lives[1][0].of(node.EventConnected), 3, "its host accepts for it")
	st.runTo(6 * time.Second)
	p := st.lives[2][0]
	require.Len(t, p.of(node.EventReceived), 1)
	assert.Equal(t, to, p.of(node.EventReceived)[0].Conn)
	assert.Len(t, p.of(node.EventAccepted), 2, "one of the new ones is gone again")
	require.Len(t, p.of(node.EventTimer), 1)
	for _, in := range p.told[told:] {
		assert.GreaterOrEqual(t, in.Now, 5*time.Second)
	}
	require.Len(t, p.of(node.EventClosed), 1)
}

func TestPausesNestAndDieWithTheProcess(t *testing.T) {
	st := play(1, idle)
	st.act(t, "at 1s for 4s pause zk1", "at 2s for 1s pause zk1", "at 10s pause zk1", "at 11s for 1s kill zk1",
		"at 20s pause zk1", "at 21s resume zk1")
	for _, at := range []struct {
		second time.Duration
		paused bool
	}{{2, true}, {4, true}, {6, false}, {10, true}, {13, false}, {20, true}, {22, false}} {
		st.runTo(at.second*time.Second + 500*time.Millisecond)
		assert.Equal(t, at.paused, st.servers[0].hold.active(), "at %d s", at.second)
	}
}

func TestPausedStage(t *testing.T) {
	st := play(3, idle)
	st.runTo(time.Second)
	st.output(1, &node.Output{Dials: []node.Dial{{Conn: -1, Peer: 2, Port: node.PortQuorum}, {Conn: -2, Peer: 3, Port: node.PortQuorum}}})
	st.runTo(2 * time.Second)
	st.act(t, "at 2s for 2s pause zk1:sender/zk2", "at 2s for 2s pause zk1:prep")
	st.runTo(2100 * time.Millisecond)
	st.output(1, &node.Output{Turns: []node.Stage{{Kind: node.StageSender, Conn: -1}, {Kind: node.StageSender, Conn: -2},
		{Kind: node.StagePrep}, {Kind: node.StageFinal}}})
	st.runTo(3 * time.Second)
	assert.Len(t, st.lives[1][0].of(node.EventTurn), 2)
	st.runTo(5 * time.Second)
	turns := st.lives[1][0].of(node.EventTurn)
	require.Len(t, turns, 4)
	assert.Equal(t, 4*time.Second, turns[3].Now)
}

func TestClocksOfServers(t *testing.T) {
	st := play(2, idle)
	st.act(t, "from 1s to 11s clock zk1 drift +100000 ppm", "at 2s for 2s clock zk2 offset +1h", "at 3s for 3s clock zk2 step -1s",
		"at 20s for 3s clock zk2 strobe 10s 1s", "at 30s clock zk1 drift -500000 ppm", "at 31s clock zk1 reset")
	id := node.TimerID{Kind: node.TimerPhase}
	st.pass(1500 * time.Millisecond)
	st.output(1, &node.Output{Timers: []node.Timer{{ID: id, Min: 11 * time.Second, Max: 11 * time.Second}}})
	armed := st.servers[0].clock.now(st.clock.Now())
	wall := map[time.Duration]int64{}
	for _, at := range []time.Duration{2500, 3500, 5000, 7000, 20500, 21500, 24000} {
		st.runTo(at * time.Millisecond)
		wall[at] = st.servers[1].clock.wall(at*time.Millisecond) - wallStart - int64(at)
	}
	assert.Equal(t, map[time.Duration]int64{2500: 3_600_000, 3500: 3_599_000, 5000: -1000, 7000: 0,
		20500: 10_000, 21500: 0, 24000: 0}, wall)
	fired := st.lives[1][0].of(node.EventTimer)
	require.Len(t, fired, 1)
	assert.Equal(t, armed+11*time.Second, fired[0].Now, "on its own clock")
	st.runTo(40 * time.Second)
	assert.Equal(t, 40*time.Second+time.Second-500*time.Millisecond, st.servers[0].clock.now(40*time.Second))
}

// writes gives an output that asks for operations of one lane.
func writes(ops ...store.Op) *node.Output {
	out := &node.Output{}
	for i := range ops {
		out.Writes = append(out.Writes, node.Write{ID: node.WriteID(i + 1), Notify: true, Lane: node.LaneLog, Op: ops[i]})
	}
	return out
}

func TestDiskFaults(t *testing.T) {
	create := store.Op{Kind: store.OpCreate, Class: store.ClassTxnLog, Name: "log.1"}
	sync := store.Op{Kind: store.OpFsync, Class: store.ClassTxnLog, Name: "log.1"}
	for line, want := range map[string][2]string{
		"from 1s to 3s disk zk1 error EIO":                      {"EIO", "EIO"},
		"from 1s to 3s disk zk1:txnlog error ENOSPC ops=create": {"ENOSPC", "log.1"},
		"from 1s to 3s disk zk1 error EIO n=1":                  {"EIO", "log.1"},
		"from 1s to 3s disk zk1 error EIO p=0/5":                {"", ""},
		"from 1s to 3s disk zk1 error EIO path=snapshot.*":      {"", ""},
		"from 1s to 3s disk zk1 error EIO path=log.*":           {"EIO", "EIO"},
		"from 1s to 3s disk zk1:epoch error EIO":                {"", ""},
		"from 1s to 3s disk zk2 error EIO":                      {"", ""},
		"from 1s to 3s disk zk1 hang":                           {"3s", "3s"},
		"from 1s to 3s disk zk1 hang ops=fsync":                 {"", "3s"},
		"from 1s to 3s disk zk1 latency 1s":                     {"2s", "3s"},
	} {
		st := play(2, idle)
		st.act(t, line)
		st.runTo(1100 * time.Millisecond)
		st.output(1, writes(create, sync))
		st.runTo(9 * time.Second)
		done := st.lives[1][0].of(node.EventDiskDone)
		require.Len(t, done, 2, line)
		for i, in := range done {
			var pathErr *fs.PathError
			switch {
			case want[i] == "":
				assert.NoError(t, in.Err, line)
				assert.Less(t, in.Now, 2*time.Second, line)
			case want[i] == "log.1": // the file is missing, because its creation failed
				require.ErrorIs(t, in.Err, fs.ErrNotExist, line)
			case want[i][0] == 'E':
				require.ErrorAs(t, in.Err, &pathErr, line)
				assert.Equal(t, want[i], pathErr.Err.Error(), line)
			default:
				assert.NoError(t, in.Err, line)
				assert.Equal(t, want[i], in.Now.Truncate(time.Second).String(), line)
			}
		}
	}
}

func TestDiskClearMendsWhatItNames(t *testing.T) {
	st := play(1, idle)
	st.act(t, "at 1s for 20s disk zk1:txnlog hang", "at 1s disk zk1:epoch hang", "at 5s disk zk1:txnlog clear", "at 8s disk zk1 clear")
	st.runTo(2 * time.Second)
	st.output(1, &node.Output{Writes: []node.Write{
		{ID: 1, Notify: true, Lane: node.LaneLog, Op: store.Op{Kind: store.OpCreate, Class: store.ClassTxnLog, Name: "log.1"}},
		{ID: 2, Notify: true, Lane: node.LaneMain, Op: store.Op{Kind: store.OpCreate, Class: store.ClassEpoch, Name: "epoch"}}}})
	st.runTo(10 * time.Second)
	done := st.lives[1][0].of(node.EventDiskDone)
	require.Len(t, done, 2)
	assert.Equal(t, []time.Duration{5 * time.Second, 8 * time.Second},
		[]time.Duration{done[0].Now.Truncate(time.Second), done[1].Now.Truncate(time.Second)})
}

// A process that cannot read its disk ends and is started again, after a longer
// while each time; one whose disk hangs waits.
func TestStartingFromAFailingDisk(t *testing.T) {
	st := play(1, idle)
	st.act(t, "at 0s for 30s disk zk1 error EIO ops=read")
	st.runTo(30 * time.Second)
	assert.Empty(t, st.lives[1])
	assert.True(t, st.counts.Exits >= 3 && st.counts.Exits <= 8, "%d", st.counts.Exits)
	st.runTo(60 * time.Second)
	assert.Len(t, st.lives[1], 1)

	st = play(1, idle)
	st.act(t, "at 0s for 10s disk zk1 hang")
	st.runTo(9 * time.Second)
	assert.Empty(t, st.lives[1])
	st.runTo(11 * time.Second)
	assert.Len(t, st.lives[1], 1)
	assert.Zero(t, st.counts.Exits)
}

// Statements that wait for an operation come exactly before or after it.
func TestCrashBeforeAndAfterAnOperation(t *testing.T) {
	for line, kept := range map[string]bool{
		"on zk1:txnlog.create#2 before kill zk1": false,
		"on zk1:txnlog.create#2 after kill zk1":  true,
	} {
		st := play(1, idle)
		st.act(t, line)
		st.runTo(time.Second)
		st.output(1, writes(store.Op{Kind: store.OpCreate, Name: "a"}, store.Op{Kind: store.OpCreate, Name: "b"},
			store.Op{Kind: store.OpCreate, Name: "c"}))
		st.runTo(2 * time.Second)
		_, err := st.servers[0].disk.ReadFile("b")
		assert.Equal(t, kept, err == nil, line)
		_, err = st.servers[0].disk.ReadFile("c")
		assert.Error(t, err, line)
		assert.Len(t, st.lives[1][0].of(node.EventDiskDone), 1, "nobody is told of the second: %s", line)
	}
}

// Messages are found in the stream, whatever pieces it comes in.
func TestFaultsAtAMessage(t *testing.T) {
	packet := func(p proto.PacketType, data string) []byte {
		return proto.AppendPacket(nil, &proto.Packet{Type: p, Data: []byte(data)})
	}
	snapshot := append([]byte("some bytes of a tree, among them \x00\x00\x00\x0a"), syncSignature...)
	stream := append(packet(proto.PktSnap, ""), snapshot...)
	stream = append(stream, packet(proto.PktNewLeader, "x")...)
	behind := packet(proto.PktUpToDate, "")
	for line, want := range map[string]int{
		"on zk2.NEWLEADER#1 before pause zk2": len(stream) - 1, // its last byte comes in a piece of its own
		"on zk2.NEWLEADER#1 after pause zk2":  len(stream),
		"on zk2.NEWLEADER after pause zk2":    len(stream),
		"on zk2.NEWLEADER#2 after pause zk2":  len(stream) + len(behind),
	} {
		st := play(2, idle)
		from, _ := talk(t, st)
		st.act(t, line)
		all := append(append([]byte(nil), stream...), behind...)
		for len(all) > 0 {
			n := min(7, len(all))
			st.output(1, &node.Output{Sends: []node.Send{{Conn: from, Data: all[:n]}}})
			all = all[n:]
			st.pass(st.clock.Now() + 50*time.Millisecond)
		}
		received := func() (n int) {
			for _, in := range st.lives[2][0].of(node.EventReceived) {
				n += len(in.Data)
			}
			return n
		}
		assert.Equal(t, want, received(), line)
		st.faults.resume(&effect{servers: st.servers})
		st.pass(st.clock.Now() + time.Second)
		assert.Equal(t, len(stream)+len(behind), received(), line)
	}
}

func TestFaultsOfClients(t *testing.T) {
	for line, check := range map[string]func(*Report){
		"at 10s client c1 expire":                       func(r *Report) { assert.Equal(t, uint64(1), r.Counts.SessionsExpired-calmExpiries(t)) },
		"on c1.setData#3 before client c1 drop-request": func(r *Report) { assert.Positive(t, r.Counts.Reconnects) },
		"at 10s client c1 drop-reply":                   func(r *Report) { assert.Positive(t, r.Counts.Reconnects) },
		"at 10s for 3s client c1 cut zk1,zk2,zk3":       func(r *Report) { assert.Nil(t, r.Violation) },
	} {
		r, err := Run(Config{Seed: 5, Servers: 3, Clients: 2, For: 30 * time.Second, Faults: []fault.Statement{statement(t, line)}})
		require.NoError(t, err)
		require.Nil(t, r.Violation, line)
		check(r)
	}
}

func calmExpiries(t *testing.T) uint64 {
	r, err := Run(Config{Seed: 5, Servers: 3, Clients: 2, For: 30 * time.Second})
	require.NoError(t, err)
	return r.Counts.SessionsExpired
}

// Cuts of one pair overlap: it is open when the last of them is undone.
func TestOverlappingCuts(t *testing.T) {
	st := play(3, idle)
	st.act(t, "at 1s for 5s partition {zk1} | {zk2 zk3}", "at 2s for 2s net zk1 -> zk2 blackhole", "at 10s net zk1 <-> zk2 clog",
		"at 11s for 9s flap zk3 1s 1s", "at 13s heal", "at 30s net zk1 -> zk2 netem delay 1s", "at 31s for 1s net zk1 -> zk2 netem delay 3s",
		"at 35s net zk1 -> zk2 clear")
	p := pair{0, 1}
	cut := func() bool { return st.faults.links.state(p).flags[linkCut].any() }
	st.runTo(5 * time.Second)
	assert.True(t, cut())
	st.runTo(7 * time.Second)
	assert.False(t, cut())
	st.runTo(12 * time.Second)
	assert.True(t, st.faults.links.state(p).flags[linkClog].any())
	st.runTo(25 * time.Second)
	assert.False(t, st.faults.links.state(p).flags[linkClog].any())
	assert.Empty(t, st.faults.effects, "a flap that was healed does not go on")
	st.runTo(31500 * time.Millisecond)
	n, _ := st.faults.links.state(p).netem.top()
	assert.Equal(t, 3*time.Second, n.Delay)
	st.runTo(33 * time.Second)
	n, _ = st.faults.links.state(p).netem.top()
	assert.Equal(t, time.Second, n.Delay)
	st.runTo(36 * time.Second)
	assert.False(t, st.faults.links.state(p).netem.any())
}

// A swizzle clogs all its nodes and leaves none clogged.
func TestSwizzle(t *testing.T) {
	st := play(3, idle)
	st.act(t, "at 1s swizzle all 6s")
	clogged := func() (n int) {
		for a := range netsim.HostID(3) {
			for b := range netsim.HostID(3) {
				if a != b && st.faults.links.state(pair{a, b}).flags[linkClog].any() {
					n++
				}
			}
		}
		return n
	}
	var seen []int
	for at := 1500 * time.Millisecond; at < 8*time.Second; at += time.Second {
		st.runTo(at)
		seen = append(seen, clogged())
	}
	assert.Equal(t, []int{4, 6, 6, 6, 4, 0, 0}, seen)
}

func TestEveryAndItsChance(t *testing.T) {
	st := play(1, idle)
	st.act(t, "every 2s clock zk1 step +1s", "every 1s p=1/3 clock zk1 step +1ms", "every 1s p=0% kill zk1")
	st.runTo(61 * time.Second)
	off := st.servers[0].clock.offset
	assert.Equal(t, 30*time.Second, off.Truncate(time.Second))
	assert.True(t, off%time.Second > 8*time.Millisecond && off%time.Second < 35*time.Millisecond, off)
	assert.Zero(t, st.counts.Kills)
}

// What changes by itself and takes effect again on the same nodes begins anew: it
// does not turn twice as often.
func TestWhatChangesByItselfBeginsAnew(t *testing.T) {
	for line, effects := range map[string]int{
		"every 100ms flap zk1 3ms 3ms": 1, "every 100ms clock zk1 strobe 1s 3ms": 1,
		"every 100ms flap one 3ms 3ms": 3, "every 100ms clock one strobe 1s 3ms": 3, // one on each
		"every 100ms flap majority 3ms 3ms": 3, // two of three, in any order
		"every 100ms swizzle zk1 5s":        1,
		"every 100ms clock zk1 step 1s":     29, // these add up
	} {
		st := play(3, idle)
		st.act(t, line)
		st.runTo(2950 * time.Millisecond)
		assert.Len(t, st.faults.effects, effects, line)
	}
}
