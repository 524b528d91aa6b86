package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/rng"
	"github.com/zksim/zksim/sim/vtime"
)

// onlooker keeps what it is told, in words that outlive the event.
type onlooker struct {
	kinds    map[TraceKind]int
	sent     map[uint64]string
	received map[uint64]string
	calls    map[uint64]bool // open
	returned int
	faults   map[uint64]bool // that last
	messages map[string]int
	last     time.Duration
	problems []string
}

func newOnlooker() *onlooker {
	return &onlooker{kinds: map[TraceKind]int{}, sent: map[uint64]string{}, received: map[uint64]string{},
		calls: map[uint64]bool{}, faults: map[uint64]bool{}, messages: map[string]int{}}
}

func (r *onlooker) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

func (r *onlooker) Trace(e *TraceEvent) {
	r.kinds[e.Kind]++
	if e.At < r.last || e.Since > e.At {
		r.problem("%v after %v, since %v", e.At, r.last, e.Since)
	}
	r.last = e.At
	text := fmt.Sprint(e.Name, e.Zxid, e.Xid, e.Text)
	switch e.Kind {
	case TraceSent:
		r.sent[e.Flow] = e.Host + e.Peer + text
		r.messages[e.Name]++
	case TraceReceived:
		if was := r.sent[e.Flow]; was != e.Peer+e.Host+text {
			r.problem("flow %d was %s, arrives as %s at %s", e.Flow, was, text, e.Host)
		}
		if _, twice := r.received[e.Flow]; twice {
			r.problem("flow %d arrives twice", e.Flow)
		}
		r.received[e.Flow] = text
	case TraceCall:
		r.calls[e.Flow] = true
	case TraceReturn:
		if !r.calls[e.Flow] {
			r.problem("call %d returns and was not called", e.Flow)
		}
		delete(r.calls, e.Flow)
		r.returned++
	case TraceFault:
		if e.Flow > 0 {
			r.faults[e.Flow] = true
		}
	case TraceUndone:
		if !r.faults[e.Flow] {
			r.problem("undone: %s", e.Fact.Text)
		}
	}
}

// A run is the same whether somebody looks on or not; and what is told is whole.
func TestTraceOfARun(t *testing.T) {
	cfg := Config{Seed: 5, Servers: 3, Clients: 3, For: 25 * time.Second, Profile: ProfileSwarm}
	plain, err := Run(cfg)
	require.NoError(t, err)
	r := newOnlooker()
	cfg.Trace, cfg.Inspect = r, true
	traced, err := Run(cfg)
	require.NoError(t, err)
	assert.Equal(t, plain.Hash, traced.Hash)
	assert.Equal(t, plain.Checkpoints, traced.Checkpoints)
	assert.Empty(t, r.problems)
	for k := TraceProcess; k < TraceViolation; k++ {
		if k != TraceDiskLost {
			assert.Positive(t, r.kinds[k], "kind %d", k)
		}
	}
	assert.Len(t, traced.History.Ops, r.returned+len(r.calls))
	assert.Greater(t, 10*len(r.received), 9*len(r.sent), "nearly all messages arrive")
	for _, name := range []string{"hello", "Notification", "FOLLOWERINFO", "LEADERINFO", "ACKEPOCH", "DIFF", "NEWLEADER", "ACK",
		"UPTODATE", "PROPOSAL", "COMMIT", "PING", "REQUEST", "ConnectRequest", "ConnectResponse", "create", "reply"} {
		assert.Positive(t, r.messages[name], name)
	}
}

// endings keeps why processes ended.
type endings map[string]int

func (w endings) Trace(e *TraceEvent) {
	if e.Kind == TraceProcess && e.Text != "" {
		w[e.Text]++
	}
}

// A server that is stopped was not killed, whether its disk is at work or idle.
func TestTraceKnowsWhyAProcessEnded(t *testing.T) {
	why := endings{}
	_, err := Run(Config{Seed: 5, Servers: 3, Clients: NoClients, For: 20 * time.Second, Trace: why, Faults: []fault.Statement{
		statement(t, "at 8s for 1s stop followers"), statement(t, "at 15s for 1s kill zk1")}})
	require.NoError(t, err)
	assert.Equal(t, endings{"stopped": 2, "killed": 1}, why)
}

// A snapshot on a stream is no message, and what comes behind it is one again.
func TestTraceKnowsSnapshots(t *testing.T) {
	r := newOnlooker()
	rep, err := Run(Config{Seed: 3, Servers: 3, Clients: 10, For: 30 * time.Second, Trace: r, Faults: []fault.Statement{
		statement(t, "at 3s for 20s crash zk2")}})
	require.NoError(t, err)
	require.Positive(t, rep.Counts.Snap)
	assert.EqualValues(t, rep.Counts.Snap, r.messages["snapshot"])
	assert.Positive(t, r.messages["NEWLEADER"])
	assert.Empty(t, r.problems)
}

// The tracer finds the reader of what is written by the ids of ends.
func TestOtherEnd(t *testing.T) {
	var clock vtime.Clock
	ends := &endsSeen{}
	n := netsim.New(&clock, rng.New(1), ends)
	a, b := n.AddHost(), n.AddHost()
	n.Listen(b, netsim.Port(node.PortQuorum))
	for range 3 {
		dialled := n.Dial(a, b, netsim.Port(node.PortQuorum))
		for ev, ok := clock.Next(); ok; ev, ok = clock.Next() {
			n.Handle(ev)
		}
		assert.Equal(t, ends.accepted, otherEnd(dialled))
		assert.Equal(t, dialled, otherEnd(ends.accepted))
	}
}

type endsSeen struct{ accepted netsim.EndID }

func (s *endsSeen) Accepted(_ netsim.HostID, _ netsim.Port, end netsim.EndID, _ netsim.HostID) {
	s.accepted = end
}
func (s *endsSeen) Connected(netsim.HostID, netsim.EndID)     {}
func (s *endsSeen) ConnectFailed(netsim.HostID, netsim.EndID) {}
func (s *endsSeen) Readable(netsim.HostID, netsim.EndID)      {}
func (s *endsSeen) Writable(netsim.HostID, netsim.EndID)      {}
func (s *endsSeen) Closed(netsim.HostID, netsim.EndID, bool)  {}
