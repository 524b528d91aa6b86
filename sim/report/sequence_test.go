package report

import (
	"regexp"
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
)

// mermaid is every line that a diagram may consist of: a reader that knows no
// other characters in texts than those that mean nothing to Mermaid.
var mermaid = regexp.MustCompile(`^(sequenceDiagram|%% [ -~]*|participant zk\d+|Note over zk\d+(,zk\d+)?: ` + mermaidText +
	`|zk\d+(->>|-x)zk\d+: ` + mermaidText + `)$`)

const mermaidText = "([^#;<>&%{}`\"\\x00-\\x1f\\x7f]|#\\d+;)*"

func checkDiagram(t require.TestingT, text string) {
	require.LessOrEqual(t, utf8.RuneCountInString(text), SequenceMax)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	require.Equal(t, "sequenceDiagram", lines[0])
	last := ""
	clock := regexp.MustCompile(`: (\d\d:\d\d\.\d\d\d)`)
	for _, line := range lines {
		require.Regexp(t, mermaid, line)
		if at := clock.FindStringSubmatch(line); at != nil {
			require.LessOrEqual(t, last, at[1], "in the order of time")
			last = at[1]
		}
	}
}

func TestSequenceOfAPlantedBug(t *testing.T) {
	cfg := engine.Config{Seed: 1, Servers: 5, Clients: 10, For: 25 * time.Second}
	for _, text := range []string{"at 10s for 1s kill zk2", "at 10500ms for 5s kill leader"} {
		cfg.Faults = append(cfg.Faults, statement(t, text))
	}
	require.NoError(t, node.ParseBug("epoch-before-log", &cfg.Bugs))
	q := NewSequence(5)
	cfg.Trace = q
	rep, err := engine.Run(cfg)
	require.NoError(t, err)
	require.NotNil(t, rep.Violation)
	text := q.Diagram(&Run{Report: rep})
	checkDiagram(t, text)
	assert.Regexp(t, `(?m)^Note over zk\d: 00:11\.\d+ zk\d has currentEpoch 2 on disk, but of `, text)
	assert.Regexp(t, `(?m)^zk\d->>zk\d: 00:11\.\d+ (DIFF|NEWLEADER) `, text)
	assert.Regexp(t, `(?m)^Note over zk\d(,zk\d)?: 00:10\.500 kill leader \(zk\d\)$`, text)
	assert.Regexp(t, `(?m)^Note over zk\d: \S+ VIOLATED AckOrder`, text)
}

func TestSequenceOfAShortRunIsComplete(t *testing.T) {
	q := NewSequence(3)
	rep, err := engine.Run(engine.Config{Seed: 2, Servers: 3, Clients: 1, For: 2 * time.Second, Until: engine.Moment{At: time.Second}, Trace: q})
	require.NoError(t, err)
	text := q.Diagram(&Run{Report: rep})
	checkDiagram(t, text)
	assert.NotContains(t, text, "events are shown")
	for _, name := range []string{"FOLLOWERINFO", "LEADERINFO", "ACKEPOCH", "DIFF", "NEWLEADER", "ACK", "UPTODATE"} {
		assert.Contains(t, text, " "+name)
	}
}

func TestSequenceKeepsToItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := NewSequence(rapid.IntRange(1, 9).Draw(t, "servers"))
		at := time.Duration(0)
		server := func() proto.ServerID {
			return proto.ServerID(rapid.IntRange(1, q.servers).Draw(t, "server"))
		}
		words := rapid.StringOf(rapid.SampledFrom([]rune("ab é;#<>&%{}`\"\n\x00:end")))
		for i := range rapid.IntRange(0, 150).Draw(t, "events") {
			at += time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "gap"))
			e := engine.TraceEvent{At: at, Step: uint64(i + 1), Flow: uint64(i), Port: node.PortQuorum, Host: server().String(), Peer: server().String()}
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				e.Kind, e.Name, e.Zxid = engine.TraceSent, rapid.SampledFrom([]string{"ACK", "PROPOSAL", "NEWLEADER", "PING"}).Draw(t, "name"), 0x100000000
			case 1:
				e.Kind, e.Flow = engine.TraceReceived, uint64(rapid.IntRange(0, i).Draw(t, "flow"))
			default:
				kind := engine.FactKind(rapid.IntRange(0, int(engine.FactCommitted)).Draw(t, "fact"))
				e.Kind, e.Fact = engine.TraceFact, &engine.Fact{Kind: kind, At: at, Step: e.Step, Server: server(), Peer: server(),
					Text: words.Draw(t, "text"), Client: words.Draw(t, "client")}
			}
			q.Trace(&e)
		}
		rep := &engine.Report{}
		if rapid.Bool().Draw(t, "violated") {
			rep.Violation = &proto.Violation{Property: proto.AckOrder, Server: server(), At: at, Detail: words.Draw(t, "detail")}
		}
		checkDiagram(t, q.Diagram(&Run{Report: rep}))
	})
}
