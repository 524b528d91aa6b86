package report

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// The story of each planted bug names the fact on which the failure turns, both
// where a person has planned the faults and where they are drawn.
func TestStoryNamesTheDecisiveFact(t *testing.T) {
	late := []string{"at 10s for 1s kill zk2", "at 10500ms for 5s kill leader"}
	alone := []string{"at 10s for 500ms net leader -> followers blackhole", "at 10400ms for 11500ms crash leader keep-all"}
	short := `(?m)zk\d has currentEpoch \d on disk, but of \d\.\d+ only \d\.\d+$`
	other := `(?m)zk\d sends zk\d DIFF, though zk\d's log has \d\.\d+( … \d\.\d+)? more$`
	for _, c := range []struct {
		slug, turns string
		faults      []string
	}{
		{"epoch-before-log", short, late},
		{"ack-newleader-before-fsync/a", short, late},
		{"ack-newleader-before-fsync/b", short, late},
		{"diff-without-trunc", other, alone},
	} {
		t.Run(c.slug, func(t *testing.T) {
			planned := engine.Config{Seed: 1, For: 25 * time.Second}
			for _, text := range c.faults {
				planned.Faults = append(planned.Faults, statement(t, text))
			}
			require.NoError(t, node.ParseBug(c.slug, &planned.Bugs))
			told := failing(t, planned)
			assert.Regexp(t, c.turns, told)
			assert.Contains(t, told, "leader")
			drawn := planned
			drawn.Profile, drawn.Faults, drawn.For = engine.ProfileSwarm, nil, time.Minute
			for seen := false; !seen; drawn.Seed++ {
				require.Less(t, drawn.Seed, uint64(40))
				if told := failing(t, drawn); told != "" {
					assert.Regexp(t, c.turns, told)
					seen = true
				}
			}
		})
	}
}

func statement(t testing.TB, text string) fault.Statement {
	s, err := fault.Parse(text)
	require.NoError(t, err)
	return s
}

// failing runs a configuration and tells the story on a screen, if it fails; the
// lines are ended.
func failing(t *testing.T, cfg engine.Config) string {
	rep, err := engine.Run(cfg)
	require.NoError(t, err)
	if rep.Violation == nil {
		return ""
	}
	return "\n" + strings.Join(StoryOf(rep, 7), "\n")
}

func TestConcernIsReadFromAViolation(t *testing.T) {
	k := concernOf(&proto.Violation{Server: 3, At: time.Second, Detail: "takes over epoch 2 of zk4, which began with " +
		"1.1279 (0x1000004ff); a call of step 812, and c3's (0x12) one of zkx in epoch five. Step 9 of (0x) (0x1."})
	assert.Equal(t, []proto.ServerID{3, 4}, k.servers)
	assert.Equal(t, []proto.Zxid{0x1000004ff, 0x12}, k.zxids)
	assert.Equal(t, []proto.Epoch{1, 0, 2}, k.epochs)
	assert.Equal(t, []uint64{812}, k.steps)
	assert.Equal(t, &concern{}, concernOf(nil))
}

func TestSentencesOfHistories(t *testing.T) {
	z := proto.MakeZxid
	for want, f := range map[string]engine.Fact{
		"zk1 has currentEpoch 2 on disk, with 1.5":                   {Kind: engine.FactCurrent, Server: 1, Peer: 3, Epoch: 2, Zxid: z(1, 5), Had: z(1, 5), Common: z(1, 5)},
		"zk1 has currentEpoch 2 on disk, but of 1.5 only 1.3":        {Kind: engine.FactCurrent, Server: 1, Peer: 3, Epoch: 2, Zxid: z(1, 3), Had: z(1, 5), Common: z(1, 3)},
		"zk1 has currentEpoch 2 on disk, and 1.6 … 1.8 more":         {Kind: engine.FactCurrent, Server: 1, Peer: 3, Epoch: 2, Zxid: z(1, 8), Had: z(1, 5), Common: z(1, 5)},
		"zk1 has currentEpoch 2 on disk, with 1.9":                   {Kind: engine.FactCurrent, Server: 1, Peer: 3, Epoch: 2, Zxid: z(1, 9), Had: z(1, 9), Common: z(1, 9)},
		"zk1 acknowledges NEWLEADER of epoch 2, but of 1.5 only 0.0": {Kind: engine.FactAcked, Server: 1, Peer: 3, Epoch: 2, Had: z(1, 5)},
		"zk1 brings zk2 up to date: DIFF, 1.5 (0x100000005)":         {Kind: engine.FactSync, Server: 1, Peer: 2, Sync: node.SyncDiff, Zxid: z(1, 5), Had: z(1, 3), Common: z(1, 3)},
		"zk1 sends zk2 DIFF, though zk2's log has 1.4 … 1.5 more":    {Kind: engine.FactSync, Server: 1, Peer: 2, Sync: node.SyncDiff, Zxid: z(2, 1), Had: z(1, 5), Common: z(1, 3)},
		"zk2 starts again with 1.3 (0x100000003)":                    {Kind: engine.FactStarted, Server: 2, Zxid: z(1, 3), Had: z(1, 3)},
		"zk2 starts again with 1.3; 1.4 did not survive":             {Kind: engine.FactStarted, Server: 2, Zxid: z(1, 3), Had: z(1, 4)},
		"zk2 starts again with 1.3; 2.1 … 2.4 did not survive":       {Kind: engine.FactStarted, Server: 2, Zxid: z(1, 3), Had: z(2, 4)},
		"zk4 commits 2.4 (0x200000004)":                              {Kind: engine.FactCommitted, Server: 4, Zxid: z(2, 4)},
	} {
		assert.Equal(t, want, scene{f}.sentence())
	}
}
