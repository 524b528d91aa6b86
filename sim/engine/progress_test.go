package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/vtime"
)

// waitLonger makes an hour of virtual time pass.
func waitLonger(c *cluster) {
	c.clock.Schedule(time.Hour, vtime.Event{})
	for c.clock.Now() < time.Hour {
		c.clock.Next()
	}
}

func TestEveryBoundIsJudged(t *testing.T) {
	for phase, place := range map[livenessPhase]string{
		awaitLeader: "no-leader", awaitServing: "not-serving", awaitProbes: "request", awaitSessions: "session-close", awaitSettled: "lag",
	} {
		c := newTeller()
		if phase > awaitServing {
			c.work()
		}
		c.progress.phase = phase
		c.progress.judge()
		require.Nil(t, c.violation, "%s: nothing has passed yet", place)
		waitLonger(c.cluster)
		c.progress.judge()
		require.NotNil(t, c.violation, place)
		assert.Equal(t, proto.Progress, c.violation.Property)
		assert.Equal(t, place, c.violation.Place)
	}
}

// work has zk1 lead the first epoch, and every server serve in it.
func (c *teller) work() {
	c.tell(1, node.Note{Kind: node.NoteRole, Role: node.RoleLeading})
	c.tell(1, node.Note{Kind: node.NoteEstablished, Epoch: 1})
	for s := 1; s <= 3; s++ {
		c.tell(s, node.Note{Kind: node.NoteServing, Epoch: 1})
	}
}

// A server that stops serving is what is judged again, however far the ensemble
// had come.
func TestAServerThatFallsBackIsJudged(t *testing.T) {
	c := newTeller()
	c.work()
	c.progress.phase = awaitProbes
	c.tell(2, node.Note{Kind: node.NoteRole, Role: node.RoleLooking})
	c.progress.look()
	require.Nil(t, c.violation)
	waitLonger(c.cluster)
	c.progress.look()
	require.NotNil(t, c.violation)
	assert.Equal(t, "not-serving", c.violation.Place)
}

func TestServersOfDifferentHistoriesAreNotSettled(t *testing.T) {
	c := newTeller()
	for s := 1; s <= 3; s++ {
		c.tell(s, node.Note{Kind: node.NoteServing})
		c.apply(s, z(1, 1), "a")
	}
	assert.True(t, c.settled())
	c.apply(2, z(1, 2), "b")
	assert.False(t, c.settled())
	c.apply(1, z(1, 2), "b")
	c.apply(3, z(1, 2), "b")
	assert.True(t, c.settled())
	c.tell(3, node.Note{Kind: node.NoteRole, Role: node.RoleLooking})
	assert.False(t, c.settled())
	assert.Equal(t, []string{"zk3"}, c.progress.notServing())
}

func TestProbesJudgeWhatTheyRead(t *testing.T) {
	ok := func(data string) *client.Outcome {
		return &client.Outcome{Kind: client.OK, Result: proto.Result{Data: []byte(data)}}
	}
	for name, c := range map[string]struct {
		read *client.Outcome
		want proto.Property
	}{
		"the value written": {ok("v"), ""},
		"another value":     {ok("w"), proto.ClientOrder},
		"no node":           {&client.Outcome{Kind: client.OK, Err: proto.NoNode}, proto.ClientOrder},
	} {
		tell := newTeller()
		pr := &probe{st: &station{c: tell.cluster}, server: tell.servers[0], path: "/p", value: []byte("v"), waiting: true}
		pr.Completed(probeRead, c.read)
		assert.True(t, pr.done, name)
		if c.want == "" {
			assert.Nil(t, tell.violation, name)
			continue
		}
		require.NotNil(t, tell.violation, name)
		assert.Equal(t, c.want, tell.violation.Property)
		assert.EqualValues(t, 1, tell.violation.Server)
	}
}

func TestALostProbeIsRepeated(t *testing.T) {
	c := newTeller()
	c.progress.beginProbes()
	pr := c.progress.probes[0]
	pr.st.core.Die()
	assert.False(t, pr.waiting)
	assert.False(t, c.progress.probesDone())
	assert.True(t, pr.waiting, "asked again")
	assert.Equal(t, []string{"zk1", "zk2", "zk3"}, c.progress.unanswered())
}

func TestHistoriesAreJudged(t *testing.T) {
	c := newTeller()
	read := proto.Op{Type: proto.OpGetData, Path: "/a"}
	for i, zxid := range []proto.Zxid{z(1, 5), z(1, 4)} {
		call := c.history.Call(1, &read, uint64(2*i+1))
		c.history.Return(call, uint64(2*i+2), &linearizability.Reply{Session: 9, Xid: int32(i + 1), Zxid: zxid})
	}
	c.checkHistory()
	require.NotNil(t, c.violation)
	assert.Equal(t, proto.SingleSystemImage, c.violation.Property)
}

// A leader loses power while it brings a server up to date without which there is
// no quorum: that one waits for initLimit, so there is no successor in time, and
// nothing is wrong.
func TestFailoverOfALeaderThatWasNotDone(t *testing.T) {
	cfg := Config{Seed: 0x98, Servers: 3, Clients: NoClients, For: 45 * time.Second,
		Faults: []fault.Statement{statement(t, "on zk3.FOLLOWERINFO#2 crash zk3 keep-all")}}
	rep, err := Run(cfg)
	require.NoError(t, err)
	require.Nil(t, rep.Violation)
	at := slices.IndexFunc(rep.Story, func(f Fact) bool { return f.Kind == FactFault })
	next := slices.IndexFunc(rep.Story[max(at, 0):], func(f Fact) bool { return f.Kind == FactLeader })
	require.Positive(t, at)
	require.Positive(t, next, "there is a successor at last")
	assert.Greater(t, rep.Story[at+next].At-rep.Story[at].At, failoverTicks*2*time.Second, "so the bound would have been passed")
}

// A leader dies and the others never elect another one.
func TestFailoverIsJudged(t *testing.T) {
	silent := func(id proto.ServerID, in node.Input, out *node.Output) {
		if id == 3 && in.Kind == node.EventStart {
			out.Notes = append(out.Notes, node.Note{Kind: node.NoteRole, Role: node.RoleLeading},
				node.Note{Kind: node.NoteEstablished, Epoch: 1})
		}
	}
	for line, judged := range map[string]bool{"at 40s kill leader": true, "at 40s kill zk1": false} {
		st := play(3, silent)
		st.faults.begin([]fault.Statement{statement(t, line)})
		st.runTo(55 * time.Second)
		require.Nil(t, st.violation)
		st.runTo(57 * time.Second)
		require.Equal(t, judged, st.violation != nil, line)
		if judged {
			assert.Equal(t, proto.Progress, st.violation.Property)
			assert.Equal(t, "failover", st.violation.Place)
		}
	}
}

// A client has written to zk1 while the network flapped. When all clients are dead,
// its host still waits to send that again, and zk1 hears of the session once more.
func TestSilenceBeginsWhenWhatDeadClientsHaveSentHasArrived(t *testing.T) {
	cfg := Config{Seed: 0x979966bfaa017db6, Servers: 3, Clients: 3, For: 40 * time.Second,
		Faults: []fault.Statement{statement(t, "at 1.711s for 50s flap one 22ms 246ms"), statement(t, "at 6.414s for 53s flap all 4ms 4ms")}}
	c := newCluster(cfg.withDefaults())
	c.run()
	assert.Nil(t, c.violation)
	assert.Greater(t, c.progress.unheard, 5*time.Second)
}

// What a disk had begun when its fault was undone takes as long as was drawn: two
// logs stand still for 40 s, whoever looks. Seed 1 has the fault begin and end
// between two looks of the watchdog.
func TestAnOperationThatAFaultHasDelayedTakesItsTime(t *testing.T) {
	for seed := range uint64(4) {
		cfg := Config{Seed: seed, Servers: 3, Clients: 2, For: 20 * time.Second,
			Faults: []fault.Statement{statement(t, "at 19s disk majority:txnlog latency 40s")}}
		c := newCluster(cfg.withDefaults())
		c.run()
		assert.Nil(t, c.violation, "seed %d", seed)
		assert.Greater(t, c.progress.backoff, 30*time.Second)
		assert.Greater(t, c.clock.Now(), 59*time.Second)
	}
}
