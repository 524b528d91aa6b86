package report

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

func set(ids ...proto.ServerID) (s engine.ServerSet) {
	for _, id := range ids {
		s.Add(id)
	}
	return s
}

// outage is the facts of a leader's death, in their order.
func outage() []engine.Fact {
	at := func(ms int, f engine.Fact) engine.Fact {
		f.At, f.Step = time.Duration(ms)*time.Millisecond, uint64(ms)
		return f
	}
	z := proto.MakeZxid(5, 12)
	return []engine.Fact{
		at(31000, engine.Fact{Kind: engine.FactFault, Text: "at 31s for 9s partition {zk1} | {zk2 zk3}"}),
		at(38600, engine.Fact{Kind: engine.FactFault, Text: "at 38.6s crash leader lose-unsynced", Servers: set(3)}),
		at(38700, engine.Fact{Kind: engine.FactGaveUp, Server: 2, Role: node.RoleFollowing, Text: "the leader is silent"}),
		at(38700, engine.Fact{Kind: engine.FactGaveUp, Server: 1, Role: node.RoleFollowing, Text: "the leader is silent"}),
		at(38800, engine.Fact{Kind: engine.FactAccepted, Server: 1, Epoch: 6}),
		at(38810, engine.Fact{Kind: engine.FactSync, Server: 1, Peer: 2, Sync: node.SyncTrunc, Zxid: z}),
		at(38820, engine.Fact{Kind: engine.FactAccepted, Server: 2, Epoch: 6}),
		at(38900, engine.Fact{Kind: engine.FactLeader, Server: 1, Epoch: 6, Zxid: z}),
		at(38950, engine.Fact{Kind: engine.FactServing, Server: 1, Epoch: 6}),
		at(39100, engine.Fact{Kind: engine.FactExpired, Server: 1, Session: 7}),
		at(39200, engine.Fact{Kind: engine.FactExpired, Server: 1, Session: 8}),
		at(40000, engine.Fact{Kind: engine.FactUndone, Text: "at 31s for 9s partition {zk1} | {zk2 zk3}"}),
	}
}

func TestStory(t *testing.T) {
	assert.Equal(t, []string{
		"00:31.000  partition {zk1} | {zk2 zk3}",
		"00:38.600  crash leader lose-unsynced (zk3)",
		"00:38.700  zk1, zk2 stop FOLLOWING: the leader is silent",
		"00:38.800  zk1, zk2 have acceptedEpoch 6 on disk",
		"00:38.810  zk1 brings zk2 up to date: TRUNC, 5.12 (0x50000000c)",
		"00:38.900  zk1 leads epoch 6, from 5.12 (0x50000000c)",
		"00:38.950  zk1 serves in epoch 6",
		"00:39.100  zk1 expires 2 sessions",
		"00:40.000  undone: partition {zk1} | {zk2 zk3}",
	}, Story(outage(), StoryMax))
	assert.Equal(t, []string{
		"00:31.000  partition {zk1} | {zk2 zk3}",
		"00:38.600  crash leader lose-unsynced (zk3)",
		"00:38.900  zk1 leads epoch 6, from 5.12 (0x50000000c)",
		"00:39.100  zk1 expires 2 sessions",
		"00:40.000  undone: partition {zk1} | {zk2 zk3}",
	}, Story(outage(), 5), "the last ones, and of the others those that matter")
	assert.Empty(t, Story(nil, StoryMax))
}

// Every kind of fact has a sentence of its own.
func TestEveryFactIsTold(t *testing.T) {
	seen := map[string]bool{}
	for k := engine.FactFault; k <= engine.FactCommitted; k++ {
		s := scene{{Kind: k, Server: 1, Peer: 2, Text: "at 1s crash zk1", Zxid: 1, Client: "c1"}}.sentence()
		assert.NotContains(t, s, "something happens")
		assert.False(t, seen[s], s)
		seen[s] = true
	}
}

func TestStoryKeepsToItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var facts []engine.Fact
		at := time.Duration(0)
		for i := range rapid.IntRange(0, 60).Draw(t, "facts") {
			at += time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "gap"))
			facts = append(facts, engine.Fact{Kind: engine.FactKind(rapid.IntRange(0, int(engine.FactCommitted)).Draw(t, "kind")), At: at, Step: uint64(i),
				Server: proto.ServerID(rapid.IntRange(1, 5).Draw(t, "server")), Peer: 1, Text: strings.Repeat("é", rapid.IntRange(0, 90).Draw(t, "text"))})
		}
		most := rapid.IntRange(1, StoryMax).Draw(t, "lines")
		told := Story(facts, most)
		require.LessOrEqual(t, len(told), most)
		require.Equal(t, len(facts) > 0, len(told) > 0)
		last := ""
		for _, line := range told {
			require.LessOrEqual(t, utf8.RuneCountInString(line), Columns-5)
			require.LessOrEqual(t, last, line[:9], "in the order of time")
			last = line[:9]
		}
	})
}

func failed(statements int) *Run {
	rep := &engine.Report{
		Config: engine.Config{Seed: 0x51d07c0e9a3344b1, Servers: 3, Clients: 10, Profile: "swarm"}, Verdict: engine.VerdictViolated,
		Violation: &proto.Violation{Property: proto.PrefixConsistency, Server: 3, Place: "applied", At: 39204 * time.Millisecond,
			Detail: "zk3 applied 5.12 (0x50000000c) after 5.11 (0x50000000b); zk2 had applied it after 6.1 (0x600000001)"},
		Step: 8410, Hash: 0x8c41d7a2e90b3f56, Virtual: 39204 * time.Millisecond,
		Drawn: []string{"links 1ms-2ms", "fsync 1ms-5ms"}, Story: outage(),
	}
	for range statements {
		rep.Schedule = append(rep.Schedule, fault.Statement{At: time.Second, Action: fault.ActionKill, Nodes: []string{"leader"}})
	}
	return &Run{Report: rep, Build: Build{Version: "devel", Commit: "a1b2c3d4e5"}, Wall: 310 * time.Millisecond,
		Repro: []string{"zksim replay runs/5f0c9e1d77aa.simrun --verify", "zksim run --seed 0x51d07c0e9a3344b1 --profile swarm"}}
}

// A failure is on one screen, in the order in which a person asks.
func TestFailureIsOnOneScreen(t *testing.T) {
	for _, statements := range []int{0, 1, 3, 12, 400} {
		text := failed(statements).Text(Options{})
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		assert.LessOrEqual(t, len(lines), screen, text)
		for _, line := range lines {
			assert.LessOrEqual(t, utf8.RuneCountInString(line), Columns, line)
		}
		at := -1
		for _, part := range []string{"VIOLATED  PrefixConsistency", "seed 0x51d07c0e9a3344b1", "hash 8c41d7a2e90b3f56", "(applied)",
			"zk3 applied 5.12 (0x50000000c)", "\nstory\n", "\nschedule (", "\ndrawn ", "\nrepro\n"} {
			i := strings.Index(text, part)
			if statements == 0 && part == "\nschedule (" {
				continue
			}
			require.Greater(t, i, at, "%s in\n%s", part, text)
			at = i
		}
	}
	assert.Contains(t, failed(12).Text(Options{Verbose: true}), strings.Repeat("  at 1s kill leader\n", 12))
}

// Of a long schedule those statements are shown that came last before the end.
func TestLatestStatements(t *testing.T) {
	r := failed(0)
	for i := range 60 {
		r.Schedule = append(r.Schedule, fault.Statement{At: time.Duration(60-i) * time.Second, Action: fault.ActionKill, Nodes: []string{"leader"}})
	}
	assert.Equal(t, []string{"… 58 others (-v shows all)", "at 38s kill leader", "at 39s kill leader"}, r.latest(3))
	assert.Len(t, r.latest(60), 60)
}

func TestDocumentHasEveryKey(t *testing.T) {
	for _, r := range []*Run{failed(2), {Report: &engine.Report{Verdict: engine.VerdictOK, Story: outage()}}} {
		text, err := json.Marshal(r.Document())
		require.NoError(t, err)
		var doc map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(text, &doc))
		for _, key := range strings.Fields(`schema verdict property server at_ns step detail story seed scenario schedule hash
			version commit go virtual_ns wall_ns counts coverage artifacts repro config drawn`) {
			assert.Contains(t, doc, key)
			assert.NotEqual(t, "null", string(doc[key]), key)
		}
	}
	assert.Len(t, failed(2).Document().Story, 9)
	assert.Equal(t, []string{"at 1s kill leader", "at 1s kill leader"}, failed(2).Document().Schedule)
}

func TestCoverage(t *testing.T) {
	var c engine.Counts
	c.Snap, c.Faults[fault.ClassOneWayCut] = 3, 2
	assert.Equal(t, map[string]uint64{"SNAP": 3, "fault_one-way_cut": 2}, coverage(c))
	assert.Contains(t, StateNames(), "crash during sync")
	assert.NotContains(t, ClassNames(), "no checksum", "this version refuses it")
}

func TestServerStates(t *testing.T) {
	r := failed(0)
	r.Servers = []engine.ServerState{
		{ID: 1, Process: "up", Role: node.RoleLeading, Serving: true, AcceptedEpoch: 6, CurrentEpoch: 6, History: proto.MakeZxid(6, 1), Digest: -1},
		{ID: 2, Process: "down", AcceptedEpoch: 5, CurrentEpoch: 4},
	}
	assert.Equal(t, []string{"state at 00:39.204, step 8410",
		"  zk1  LEADING  serving  epochs 6/6  6.1 (0x600000001)  tree ffffffffffffffff", "  zk2  down  epochs 5/4"}, r.ServerStates())
}

// What could not be decided is told, in text and in JSON.
func TestDoubtsAreTold(t *testing.T) {
	r := &Run{Report: &engine.Report{Verdict: engine.VerdictUnknown, Doubts: []string{"the search ran out of steps"}}}
	assert.Contains(t, r.Text(Options{}), "\n  the search ran out of steps\n")
	assert.Equal(t, "the search ran out of steps", r.Document().Detail)
}
