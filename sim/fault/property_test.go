package fault_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/fault/faultgen"
)

func TestPrintedStatementsParseBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		servers, clients := rapid.IntRange(1, 9).Draw(t, "servers"), rapid.IntRange(0, 12).Draw(t, "clients")
		want := faultgen.Generator(servers, clients, time.Hour).Draw(t, "statement")
		got, err := fault.Parse(want.String())
		require.NoError(t, err, want.String())
		require.True(t, want.Equal(got), want.String())
		require.NoError(t, got.Validate(servers, clients))
		require.Less(t, want.At, time.Hour)
	})
}

func TestPrintedSchedulesParseBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := faultgen.Schedule(5, 3, time.Minute, 8).Draw(t, "schedule")
		require.NotNil(t, want, "a schedule of nothing is one, too")
		text := "# a schedule\n\n"
		for _, s := range want {
			text += s.String() + " # said\r\n"
		}
		got, err := fault.ParseFile(text)
		require.NoError(t, err)
		require.Len(t, got, len(want))
		for i := range got {
			require.True(t, want[i].Equal(got[i]))
		}
		require.NoError(t, fault.ValidateAll(got, 5, 3))
	})
}

// What repeats itself leaves time between its effects: they add up, and a run with
// thousands of them takes minutes.
func TestRepetitionsAreFew(t *testing.T) {
	for _, horizon := range []time.Duration{time.Millisecond, time.Minute, time.Hour} {
		rapid.Check(t, func(t *rapid.T) {
			s := faultgen.Generator(5, 3, horizon).Draw(t, "statement")
			if s.When == fault.WhenEvery {
				require.LessOrEqual(t, horizon/s.Every, 60*time.Nanosecond, s.String())
			}
		})
	}
}

// The generator leaves no class and no action out.
func TestGeneratorReachesEverything(t *testing.T) {
	classes, actions := map[fault.Class]int{}, map[fault.Action]int{}
	g := faultgen.Generator(5, 3, time.Minute)
	for seed := range 2000 {
		s := g.Example(seed)
		classes[s.Class()]++
		actions[s.Action]++
	}
	for _, c := range fault.Classes() {
		assert.Positive(t, classes[c], c)
	}
	for a := fault.ActionCrash; a <= fault.ActionClient; a++ {
		assert.Positive(t, actions[a], a)
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"at 10s kill leader", "from 20s to 35s crash one subset # x", "every 5s p=1/3 stop zk1,zk2", "at 1h0m0s kill é",
		"on zk2:txnlog.fsync#6 before crash zk2", "on c1.create#1 client c1 drop-reply", "at 0s net leader <-> one netem delay 5ms 1 loss 35%",
		"at 0s net c1 -> all tc qdisc del dev eth0 root", "at 1s partition {zk1}|{zk2 zk3}", "at 1s clock all drift -5 ppm",
		"at 1s disk zk1:epoch latency 1e2ms .5ms ops=write,fsync p=5% n=3 path=log.*", "at 1s pause zk1:sender/zk2", "at 1s flap all 1s 2s",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s, notes, err := fault.ParseNoted(line)
		var syntax *fault.SyntaxError
		if err != nil {
			require.True(t, errors.As(err, &syntax))
			require.NotEmpty(t, syntax.Reason)
			require.Contains(t, line, syntax.Word)
			return
		}
		for _, n := range notes {
			require.Contains(t, line, n.Word)
		}
		again, err := fault.Parse(s.String())
		require.NoError(t, err)
		require.Equal(t, s, again)
		if s.Disk.Path == "" {
			require.NotContains(t, s.String(), "?", "an unknown word was printed")
		}
		list, err := fault.ParseFile(strings.ReplaceAll(line, "\n", " "))
		require.NoError(t, err)
		require.Len(t, list, 1)
		_ = s.Validate(3, 1)
		_ = fault.ValidateAll([]fault.Statement{s, again}, 3, 1)
	})
}
