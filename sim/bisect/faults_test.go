package bisect

import (
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// faultWorld stands in for the simulator: statement i of a schedule kills zk1 at second
// i+1, and fails says what comes of those that are there, and of a draw; draw 0 is
// the exact run.
type faultWorld struct {
	fails func(there []int, draw uint64) bool
	runs  int
	most  int // runs after which the runner has had enough; 0: never

	otherwise func(there []int, draw uint64) bool // ends in another way; nil: none does
}

func (w *faultWorld) try(list []engine.Config) (ends []End) {
	for _, cfg := range list {
		var there []int
		for _, st := range cfg.Schedule {
			there = append(there, int(st.At/time.Second)-1)
		}
		if w.runs++; w.most > 0 && w.runs > w.most {
			return ends
		}
		end := ended(w.fails(there, cfg.Redraw.Draw))
		if w.otherwise != nil && w.otherwise(there, cfg.Redraw.Draw) {
			end = EndOther
		}
		ends = append(ends, end)
	}
	return ends
}

func ended(failed bool) End {
	if failed {
		return EndFailed
	}
	return EndOK
}

// search searches a run of n statements, all of which but idle took effect.
func (w *faultWorld) search(n int, runs int, idle ...int) *FaultsAnswer {
	r := &engine.Report{Config: engine.Config{Servers: 3, For: time.Minute}, Violation: &proto.Violation{At: 50 * time.Second}}
	for i := range n {
		at := time.Duration(i+1) * time.Second
		r.Schedule = append(r.Schedule, fault.Statement{At: at, Action: fault.ActionKill, Nodes: []string{"zk1"}})
		if !slices.Contains(idle, i) {
			r.Effects = append(r.Effects, engine.Effect{Statement: i, At: at, Step: uint64(100 * (i + 1))})
		}
	}
	return Faults{Report: r, Tries: 20, Runs: runs, Try: w.try}.Find()
}

func needs(a *FaultsAnswer) []Need {
	var list []Need
	for _, n := range a.Statements {
		list = append(list, n.Need)
	}
	return list
}

// What a failure needs is found, and nothing else, also where it comes in two
// continuations of three only.
func TestNeededStatementsAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "statements")
		var needed []int
		for i := range n {
			if rapid.IntRange(0, 3).Draw(t, "needed") == 0 {
				needed = append(needed, i)
			}
		}
		sometimes := rapid.Bool().Draw(t, "sometimes")
		w := &faultWorld{fails: func(there []int, draw uint64) bool {
			for _, i := range needed {
				if !slices.Contains(there, i) {
					return false
				}
			}
			return !sometimes || draw%3 != 1
		}}
		a := w.search(n, 100_000)
		require.True(t, a.Found())
		require.Equal(t, w.runs, a.Runs)
		for _, s := range a.Statements {
			if slices.Contains(needed, s.Statement) {
				require.Equal(t, NeedNeeded, s.Need)
				require.Equal(t, Rate{0, 20}, s.Without.Rate)
				require.False(t, s.Exact)
			} else {
				require.Equal(t, NeedNoise, s.Need)
				require.True(t, s.Exact)
			}
		}
	})
}

// Of two statements of which either will do, each is noise by itself. Both
// together are not, and one of them is told.
func TestStatementsThatMatterTogether(t *testing.T) {
	w := &faultWorld{fails: func(there []int, _ uint64) bool {
		return slices.Contains(there, 4) && (slices.Contains(there, 1) || slices.Contains(there, 6))
	}}
	a := w.search(8, 5000, 7)
	assert.True(t, a.Found())
	assert.Equal(t, Rate{0, 20}, a.None.Rate)
	assert.Equal(t, Rate{20, 20}, a.Control.Rate)
	assert.Equal(t, []Need{NeedNoise, NeedTogether, NeedNoise, NeedNoise, NeedNeeded, NeedNoise, NeedNoise, NeedIdle}, needs(a))
}

func TestNoFaultIsNeeded(t *testing.T) {
	a := (&faultWorld{fails: func([]int, uint64) bool { return true }}).search(3, 5000)
	assert.True(t, a.Found())
	assert.Equal(t, []Need{NeedNoise, NeedNoise, NeedNoise}, needs(a))
	assert.Equal(t, Rate{20, 20}, a.None.Rate)
	assert.True(t, (&faultWorld{}).search(0, 5000).Found())
}

// A failure that does not come again when the rest is drawn anew says nothing of
// any statement.
func TestFailureOfChanceIsUnclear(t *testing.T) {
	w := &faultWorld{fails: func(there []int, draw uint64) bool { return len(there) == 3 && draw == 7 }}
	a := w.search(3, 5000)
	assert.False(t, a.Found())
	assert.Equal(t, []Need{NeedUnclear, NeedUnclear, NeedUnclear}, needs(a))
	assert.Equal(t, Rate{1, 60}, a.Statements[0].With.Rate)
	rare := &faultWorld{fails: func(there []int, draw uint64) bool { return slices.Contains(there, 1) && draw%4 == 0 }}
	a = rare.search(2, 5000)
	assert.Equal(t, NeedNeeded, a.Statements[1].Need, "with more runs it shows")
	assert.Greater(t, a.Statements[1].With.Runs, 20)
}

func TestFaultRunsAreBounded(t *testing.T) {
	w := &faultWorld{fails: func([]int, uint64) bool { return true }}
	a := w.search(9, 100)
	assert.True(t, a.Spent)
	assert.False(t, a.Found())
	assert.LessOrEqual(t, w.runs, 100)
	assert.Equal(t, []Need{0, 0, 0, 0, 0, 0, 0, NeedNoise, NeedNoise}, needs(a), "the last ones come first")
	w = &faultWorld{fails: w.fails, most: 60}
	a = w.search(9, 1000)
	assert.True(t, a.Stopped)
	assert.False(t, a.Found())
	assert.Equal(t, NeedNoise, a.Statements[8].Need)
	assert.Equal(t, NeedUnjudged, a.Statements[0].Need)
}

// A run that ends otherwise has neither failed nor gone well.
func TestOtherEndsAreCountedApart(t *testing.T) {
	w := &faultWorld{fails: func(there []int, _ uint64) bool { return slices.Contains(there, 1) },
		otherwise: func(there []int, draw uint64) bool { return !slices.Contains(there, 1) && draw%4 == 1 }}
	a := w.search(2, 1000)
	assert.Equal(t, []Need{NeedNoise, NeedNeeded}, needs(a))
	without := a.Statements[1].Without
	assert.Equal(t, Ends{Rate{0, 20}, 5}, without)
	assert.Equal(t, 15, without.OK())
	assert.Equal(t, Ends{Rate{20, 20}, 0}, a.Statements[1].With)

	broken := &proto.Violation{Property: proto.AckOrder}
	assert.Equal(t, EndFailed, EndOf(&engine.Report{Verdict: engine.VerdictViolated, Violation: broken}, proto.AckOrder))
	assert.Equal(t, EndOther, EndOf(&engine.Report{Verdict: engine.VerdictViolated, Violation: broken}, proto.Progress))
	assert.Equal(t, EndOther, EndOf(&engine.Report{Verdict: engine.VerdictUnknown}, proto.AckOrder))
	assert.Equal(t, EndOther, EndOf(nil, proto.AckOrder))
	assert.Equal(t, EndOK, EndOf(&engine.Report{Verdict: engine.VerdictOK}, proto.AckOrder))
}

// With many runs a small difference is certain; it is no need.
func TestManyRunsMakeNoNeed(t *testing.T) {
	assert.True(t, rarer(Rate{500, 500}, Rate{450, 500}, 1000))
	assert.Equal(t, NeedNoise, judged(Rate{500, 500}, Rate{450, 500}, false))
	assert.Equal(t, NeedNoise, judged(Rate{20, 20}, Rate{11, 20}, false))
	assert.Equal(t, NeedNeeded, judged(Rate{20, 20}, Rate{9, 20}, false))
	assert.Equal(t, NeedUnclear, judged(Rate{20, 20}, Rate{0, 2}, false))
	assert.Equal(t, NeedUnclear, judged(Rate{0, 20}, Rate{0, 20}, true))
}

// A statement that was due and hit nobody took a step: without it, the step right
// before another one's effect would be another. One that comes after the failure
// did not.
func TestIdleStatementsKeepTheirSteps(t *testing.T) {
	r := &engine.Report{Config: engine.Config{Servers: 3, For: time.Minute}, Violation: &proto.Violation{At: 20 * time.Second}}
	for _, text := range []string{"every 5s p=1/50 kill one", "at 3s for 1s kill zk1", "at 10s kill leader", "at 30s kill all", "on zk1:txnlog.fsync#900 kill zk1"} {
		st, err := fault.Parse(text)
		require.NoError(t, err)
		r.Schedule = append(r.Schedule, st)
	}
	r.Effects = []engine.Effect{{Statement: 2, At: 10 * time.Second, Step: 700}}
	a := Faults{Report: r, Tries: 20, Runs: 1000, Try: func(list []engine.Config) (ends []End) {
		for _, cfg := range list {
			texts := []string{}
			for _, st := range cfg.Schedule {
				texts = append(texts, st.String())
			}
			require.Equal(t, []string{r.Schedule[0].String(), r.Schedule[1].String()}, texts[:2])
			require.NotContains(t, texts, "at 30s kill all")
			require.NotContains(t, texts, r.Schedule[4].String())
			if cfg.Redraw.Draw != 0 {
				require.Equal(t, uint64(699), cfg.Redraw.Step)
			}
			ends = append(ends, ended(len(texts) == 3))
		}
		return ends
	}}.Find()
	assert.Equal(t, []Need{NeedIdle, NeedIdle, NeedNeeded, NeedIdle, NeedIdle}, needs(a))
}

// The test in whole numbers is that in fractions.
func TestRarer(t *testing.T) {
	assert.True(t, rarer(Rate{20, 20}, Rate{0, 20}, 1000))
	assert.True(t, rarer(Rate{7, 21}, Rate{0, 21}, 100))
	assert.False(t, rarer(Rate{6, 21}, Rate{0, 21}, 100))
	assert.False(t, rarer(Rate{0, 20}, Rate{0, 20}, 2))
	assert.False(t, rarer(Rate{0, 20}, Rate{20, 20}, 2))
	rapid.Check(t, func(t *rapid.T) {
		a := Rate{Runs: rapid.IntRange(1, 8).Draw(t, "a")}
		b := Rate{Runs: rapid.IntRange(1, 8).Draw(t, "b")}
		a.Failed = rapid.IntRange(0, a.Runs).Draw(t, "a failed")
		b.Failed = rapid.IntRange(0, b.Runs).Draw(t, "b failed")
		once := rapid.Int64Range(1, 300).Draw(t, "once")
		require.Equal(t, spreads(a, b).Cmp(big.NewRat(1, once)) <= 0, rarer(a, b, once))
	})
}

// spreads counts one by one how many ways there are to spread the failures over
// all runs, and of how many of them the second group has no more than it had.
func spreads(a, b Rate) *big.Rat {
	all, few := int64(0), int64(0)
	for bits := range 1 << (a.Runs + b.Runs) {
		failed, second := 0, 0
		for i := range a.Runs + b.Runs {
			if bits>>i&1 != 0 {
				failed++
				if i >= a.Runs {
					second++
				}
			}
		}
		if failed == a.Failed+b.Failed {
			all++
			if second <= b.Failed {
				few++
			}
		}
	}
	return big.NewRat(few, all)
}

// In the story of a planted bug the follower and the leader must die; what else
// happens is noise.
func TestFaultsOfAPlantedBug(t *testing.T) {
	cfg := engine.Config{Seed: 1, Servers: 3, Clients: 3, For: 13 * time.Second, Bugs: node.Bugs{EpochBeforeLog: true}}
	for _, text := range []string{"at 9s for 1s clock zk3 offset +2s", "at 10s for 1s kill zk2", "at 10500ms for 5s kill leader", "at 12900ms kill all"} {
		st, err := fault.Parse(text)
		require.NoError(t, err)
		cfg.Faults = append(cfg.Faults, st)
	}
	r, err := engine.Run(cfg)
	require.NoError(t, err)
	require.True(t, FailedWith(r, proto.AckOrder), "%v", r.Violation)
	a := Faults{Report: r, Tries: 8, Runs: 200, Try: func(list []engine.Config) (ends []End) {
		for _, cfg := range list {
			r, err := engine.Run(cfg)
			require.NoError(t, err)
			ends = append(ends, EndOf(r, proto.AckOrder))
		}
		return ends
	}}.Find()
	assert.Equal(t, []Need{NeedNoise, NeedNeeded, NeedNeeded, NeedIdle}, needs(a), fmt.Sprintf("%+v", a))
}
