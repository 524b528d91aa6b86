package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// puppet is a core that does as the test says, and keeps what it was told.
type puppet struct {
	told []node.Input
	do   func(in node.Input, out *node.Output)
}

func (p *puppet) Step(in *node.Input) *node.Output {
	was := *in
	was.Data = append([]byte(nil), in.Data...)
	p.told = append(p.told, was)
	out := &node.Output{}
	if p.do != nil {
		p.do(was, out)
	}
	return out
}

// of gives the inputs of a kind.
func (p *puppet) of(k node.EventKind) []node.Input {
	var list []node.Input
	for _, in := range p.told {
		if in.Kind == k {
			list = append(list, in)
		}
	}
	return list
}

// stage is a cluster of puppets: the core of a server's n-th life is lives[id][n].
type stage struct {
	*cluster
	lives map[proto.ServerID][]*puppet
}

// play makes an ensemble whose cores do as script says.
func play(servers int, script func(id proto.ServerID, in node.Input, out *node.Output)) *stage {
	st := &stage{newCluster(Config{Servers: servers, Clients: NoClients}.withDefaults()), map[proto.ServerID][]*puppet{}}
	st.newCore = func(cfg node.Config, _ *store.Recovered) stepper {
		p := &puppet{do: func(in node.Input, out *node.Output) { script(cfg.ID, in, out) }}
		st.lives[cfg.ID] = append(st.lives[cfg.ID], p)
		return p
	}
	st.digest = hashStart
	for _, s := range st.servers {
		s.start(0)
	}
	return st
}

// runTo carries out what happens until an instant.
func (st *stage) runTo(at time.Duration) {
	for {
		next, ok := st.clock.Peek()
		if !ok || next > at {
			return
		}
		st.kernel.turn()
	}
}

// output has a server carry out an output at this moment.
func (st *stage) output(id proto.ServerID, out *node.Output) { st.servers[id-1].carryOut(out) }

func idle(proto.ServerID, node.Input, *node.Output) {}

func TestDriverStartsEachProcessOnce(t *testing.T) {
	st := play(3, idle)
	st.runTo(time.Second)
	for id, lives := range st.lives {
		require.Len(t, lives, 1, "%v", id)
		require.Len(t, lives[0].told, 1)
		in := lives[0].told[0]
		assert.Equal(t, node.EventStart, in.Kind)
		assert.True(t, in.Now >= 50*time.Millisecond && in.Now <= 200*time.Millisecond, in.Now)
		assert.Equal(t, wallStart+in.Now.Milliseconds(), in.Wall)
	}
	assert.Len(t, st.lives, 3)
}

func TestDriverTimers(t *testing.T) {
	st := play(1, idle)
	st.runTo(time.Second)
	st.clock.Next()
	arm := func(id node.TimerID, lo, hi time.Duration) {
		st.output(1, &node.Output{Timers: []node.Timer{{ID: id, Min: lo, Max: hi}}})
	}
	a, b := node.TimerID{Kind: node.TimerRedial, Peer: 1}, node.TimerID{Kind: node.TimerRedial, Peer: 2}
	now := st.clock.Now()
	arm(a, 10*time.Millisecond, 20*time.Millisecond)
	arm(a, 30*time.Millisecond, 40*time.Millisecond) // replaces
	arm(b, 5*time.Millisecond, 5*time.Millisecond)
	arm(node.TimerID{Kind: node.TimerExpiry}, time.Millisecond, time.Millisecond)
	arm(node.TimerID{Kind: node.TimerExpiry}, 0, 0) // cancels
	st.runTo(2 * time.Second)
	fired := st.lives[1][0].of(node.EventTimer)
	require.Len(t, fired, 2)
	assert.Equal(t, b, fired[0].Timer)
	assert.Equal(t, 5*time.Millisecond, fired[0].Now-now)
	assert.Equal(t, a, fired[1].Timer)
	after := fired[1].Now - now
	assert.True(t, after >= 30*time.Millisecond && after <= 40*time.Millisecond, after)
}

func TestDriverCarriesDiskOperationsOutAtTheirEnd(t *testing.T) {
	st := play(1, idle)
	st.runTo(time.Second)
	began := st.clock.Now()
	st.output(1, &node.Output{Writes: []node.Write{
		{ID: 1, Lane: node.LaneLog, Op: store.Op{Kind: store.OpCreate, Name: "f"}},
		{ID: 2, Lane: node.LaneLog, Notify: true, Op: store.Op{Kind: store.OpFsync, Name: "f"}},
		{ID: 3, Lane: node.LaneLog, Notify: true, Op: store.Op{Kind: store.OpWrite, Name: "f", Data: []byte("x")}},
		{ID: 4, Lane: node.LaneMain, Op: store.Op{Kind: store.OpWrite, Name: "none", Data: []byte("x")}},
	}})
	_, err := st.servers[0].disk.ReadFile("f")
	require.Error(t, err, "nothing happens at once")
	st.runTo(2 * time.Second)
	done := st.lives[1][0].of(node.EventDiskDone)
	require.Len(t, done, 3)
	byID := map[node.WriteID]node.Input{}
	for _, in := range done {
		byID[in.Write] = in
	}
	assert.NotContains(t, byID, node.WriteID(1), "not asked for")
	assert.NoError(t, byID[2].Err)
	assert.Error(t, byID[4].Err, "an error is told unasked")
	assert.GreaterOrEqual(t, byID[2].Now-began, st.drawn.disk.Fsync.Min)
	assert.Greater(t, byID[3].Now, byID[2].Now, "one after the other within a lane")
	assert.Less(t, byID[4].Now, byID[2].Now, "lanes do not wait for each other")
	assert.EqualValues(t, 1, st.counts.Fsyncs)
}

// talk makes zk1 dial zk2 and gives the ids of both ends.
func talk(t *testing.T, st *stage) (dialler, acceptor node.ConnID) {
	st.runTo(time.Second)
	st.output(1, &node.Output{Dials: []node.Dial{{Conn: -1, Peer: 2, Port: node.PortQuorum}}})
	st.runTo(2 * time.Second)
	require.Len(t, st.lives[1][0].of(node.EventConnected), 1)
	accepted := st.lives[2][0].of(node.EventAccepted)
	require.Len(t, accepted, 1)
	assert.Equal(t, node.PortQuorum, accepted[0].Port)
	assert.Equal(t, "zk1", accepted[0].Addr)
	assert.Positive(t, accepted[0].Conn)
	return -1, accepted[0].Conn
}

func TestDriverStreams(t *testing.T) {
	st := play(2, idle)
	from, to := talk(t, st)
	st.output(1, &node.Output{Sends: []node.Send{{Conn: from, Data: []byte("hello ")}, {Conn: from, Data: []byte("you")}}})
	st.runTo(3 * time.Second)
	var got []byte
	for _, in := range st.lives[2][0].of(node.EventReceived) {
		assert.Equal(t, to, in.Conn)
		got = append(got, in.Data...)
	}
	assert.Equal(t, "hello you", string(got))

	st.output(2, &node.Output{Sends: []node.Send{{Conn: to, Data: []byte("bye")}}, Closes: []node.ConnID{to}})
	st.runTo(4 * time.Second)
	received, closed := st.lives[1][0].of(node.EventReceived), st.lives[1][0].of(node.EventClosed)
	require.Len(t, received, 1)
	require.Len(t, closed, 1)
	assert.Equal(t, "bye", string(received[0].Data))
	assert.Greater(t, closed[0].Now, received[0].Now, "sends before closes")
	assert.Nil(t, st.servers[0].conns.of(from))
	assert.Nil(t, st.servers[1].conns.of(to))
}

func TestDriverReadsNothingThroughAClosedGate(t *testing.T) {
	st := play(2, idle)
	from, to := talk(t, st)
	st.output(2, &node.Output{Gates: []node.ReadGate{{Conn: to, Open: false}}})
	st.output(1, &node.Output{Sends: []node.Send{{Conn: from, Data: []byte("wait")}}, Closes: []node.ConnID{from}})
	st.runTo(3 * time.Second)
	assert.Empty(t, st.lives[2][0].of(node.EventReceived))
	assert.Empty(t, st.lives[2][0].of(node.EventClosed))
	st.output(2, &node.Output{Gates: []node.ReadGate{{Conn: to, Open: true}}})
	st.runTo(4 * time.Second)
	require.Len(t, st.lives[2][0].of(node.EventReceived), 1)
	assert.Len(t, st.lives[2][0].of(node.EventClosed), 1)
}

func TestDriverGrantsASendersTurnOnlyWithRoom(t *testing.T) {
	st := play(2, idle)
	from, to := talk(t, st)
	ask := &node.Output{Turns: []node.Stage{{Kind: node.StageSender, Conn: from}}}
	st.output(1, ask)
	st.runTo(3 * time.Second)
	turns := st.lives[1][0].of(node.EventTurn)
	require.Len(t, turns, 1)
	room := turns[0].Room
	require.Positive(t, room)

	st.output(2, &node.Output{Gates: []node.ReadGate{{Conn: to, Open: false}}})
	st.output(1, &node.Output{Sends: []node.Send{{Conn: from, Data: make([]byte, room)}}})
	st.output(1, ask)
	st.runTo(4 * time.Second)
	require.Len(t, st.lives[1][0].of(node.EventTurn), 1, "the stream is full")
	st.output(2, &node.Output{Gates: []node.ReadGate{{Conn: to, Open: true}}})
	st.runTo(5 * time.Second)
	turns = st.lives[1][0].of(node.EventTurn)
	require.Len(t, turns, 2, "there is room again")
	assert.Positive(t, turns[1].Room)
	assert.Panics(t, func() {
		st.output(1, &node.Output{Sends: []node.Send{{Conn: from, Data: make([]byte, 2*room)}}})
	})
}

func TestDriverTurnsAndDraws(t *testing.T) {
	st := play(1, idle)
	st.runTo(time.Second)
	began := st.clock.Now()
	st.output(1, &node.Output{
		Turns: []node.Stage{{Kind: node.StagePrep}, {Kind: node.StageLog}},
		Draws: []node.Draw{{Kind: node.DrawSnapshot, Below: 10}},
	})
	st.runTo(2 * time.Second)
	turns, draws := st.lives[1][0].of(node.EventTurn), st.lives[1][0].of(node.EventDrawn)
	require.Len(t, turns, 2)
	require.Len(t, draws, 1)
	for _, in := range turns {
		assert.True(t, in.Now > began && in.Now <= began+20*time.Microsecond)
	}
	assert.Less(t, draws[0].Value, int64(10))
}

func TestDriverForgetsADeadProcess(t *testing.T) {
	for name, die := range map[string]func(*server){
		"kill":  func(s *server) { s.kill() },
		"crash": func(s *server) { s.crash(disksim.LoseUnsynced) },
	} {
		t.Run(name, func(t *testing.T) {
			st := play(2, idle)
			from, _ := talk(t, st)
			st.output(1, &node.Output{
				Turns:  []node.Stage{{Kind: node.StagePrep}},
				Timers: []node.Timer{{ID: node.TimerID{Kind: node.TimerPhase}, Min: 1, Max: 1}},
				Writes: []node.Write{{ID: 1, Notify: true, Op: store.Op{Kind: store.OpCreate, Name: "f"}}},
				Draws:  []node.Draw{{Kind: node.DrawSnapshot, Below: 10}},
				Sends:  []node.Send{{Conn: from, Data: []byte("last words")}},
			})
			die(st.servers[0])
			told := len(st.lives[1][0].told)
			st.runTo(3 * time.Second)
			st.servers[0].start(0)
			st.runTo(4 * time.Second)
			require.Len(t, st.lives[1], 2)
			assert.Len(t, st.lives[1][0].told, told, "a dead process hears nothing")
			assert.Len(t, st.lives[1][1].told, 1, "and its successor nothing of its affairs")
			_, err := st.servers[0].disk.ReadFile("f")
			assert.Error(t, err, "what was not carried out never will be")
			assert.Len(t, st.lives[2][0].of(node.EventReceived), 1, "what was on the wire arrives")
			assert.Equal(t, name == "kill", len(st.lives[2][0].of(node.EventClosed)) == 1, "only a killed process closes")
		})
	}
}

func TestDriverStartsAProcessAgainThatExits(t *testing.T) {
	st := play(1, func(_ proto.ServerID, in node.Input, out *node.Output) {
		if in.Kind == node.EventTurn {
			out.Exit = &node.Exit{Code: 12, Reason: "as the test wants"}
		}
	})
	st.runTo(time.Second)
	st.output(1, &node.Output{Turns: []node.Stage{{Kind: node.StageCommit}}})
	at := st.clock.Now()
	st.runTo(10 * time.Second)
	require.Len(t, st.lives[1], 2)
	again := st.lives[1][1].told[0].Now - at
	assert.True(t, again > time.Second && again < 3300*time.Millisecond, again)
	assert.EqualValues(t, 1, st.counts.Exits)
}

func TestPanicsAreVerdicts(t *testing.T) {
	c := newCluster(Config{Servers: 3, Clients: NoClients}.withDefaults())
	c.newCore = func(cfg node.Config, _ *store.Recovered) stepper {
		return &puppet{do: func(node.Input, *node.Output) {
			if cfg.ID == 2 {
				var none []int
				none[0]++
			}
		}}
	}
	c.run()
	r := c.report()
	require.Equal(t, VerdictViolated, r.Verdict)
	assert.Equal(t, proto.Panic, r.Violation.Property)
	assert.Equal(t, proto.ServerID(2), r.Violation.Server)
	assert.Contains(t, r.Violation.Place, "TestPanicsAreVerdicts")
	assert.Contains(t, r.Violation.Detail, "index out of range")
	assert.Positive(t, r.Violation.At)
}

func TestViolationsOfTheCoreAreVerdicts(t *testing.T) {
	c := newCluster(Config{Servers: 1, Clients: NoClients}.withDefaults())
	c.newCore = func(node.Config, *store.Recovered) stepper {
		return &puppet{do: func(node.Input, *node.Output) {
			panic(&proto.Violation{Property: proto.AckOrder, Place: "follower, log", Detail: "acked too early"})
		}}
	}
	c.run()
	assert.Equal(t, proto.AckOrder, c.violation.Property)
	assert.Equal(t, proto.ServerID(1), c.violation.Server)
}

func TestNoProgressIsAVerdict(t *testing.T) {
	c := newCluster(Config{Servers: 3, Clients: 2, For: 5 * time.Second}.withDefaults())
	c.newCore = func(node.Config, *store.Recovered) stepper { return &puppet{} }
	c.run()
	require.NotNil(t, c.violation)
	assert.Equal(t, proto.Progress, c.violation.Property)
	assert.Equal(t, "no-leader", c.violation.Place)
	assert.InDelta(t, int64(65*time.Second), int64(c.violation.At), float64(time.Second))
}

func TestADamagedDiskIsAVerdict(t *testing.T) {
	c := newCluster(Config{Servers: 1, Clients: NoClients}.withDefaults())
	c.newCore = func(node.Config, *store.Recovered) stepper { return &puppet{} }
	require.NoError(t, c.servers[0].disk.Create("log.1"))
	require.NoError(t, c.servers[0].disk.WriteAt("log.1", 0, []byte("no snapshot, no header")))
	c.run()
	require.NotNil(t, c.violation)
	assert.Equal(t, proto.Durability, c.violation.Property)
	assert.Equal(t, "recovery", c.violation.Place)
}
