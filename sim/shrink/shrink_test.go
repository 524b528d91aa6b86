package shrink

import (
	"fmt"
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

var target = Target{Property: proto.PrefixConsistency, Place: "here"}

func statements(t require.TestingT, texts ...string) []fault.Statement {
	list := []fault.Statement{}
	for _, text := range texts {
		s, err := fault.Parse(text)
		require.NoError(t, err)
		list = append(list, s)
	}
	return list
}

func texts(list []fault.Statement) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.String())
	}
	return out
}

// world stands in for the simulator: what fails is said by a function of the
// configuration.
type world struct {
	fails func(engine.Config) (proto.Property, string)
	asked []engine.Config
	all   bool // runs whole generations, the last candidate first
}

func (w *world) outcome(cfg engine.Config) Outcome {
	w.asked = append(w.asked, cfg)
	o := Outcome{Config: cfg, Schedule: cfg.Schedule, Virtual: cfg.For, At: cfg.For}
	o.Property, o.Place = w.fails(cfg)
	for range max(0, cfg.Clients) {
		o.Tasks = append(o.Tasks, 20)
	}
	return o
}

func (w *world) try(list []engine.Config) []Outcome {
	outcomes := make([]Outcome, len(list))
	if w.all {
		for i, cfg := range slices.Backward(list) {
			outcomes[i] = w.outcome(cfg)
		}
		return outcomes
	}
	for i, cfg := range list {
		if outcomes[i] = w.outcome(cfg); target.Hit(&outcomes[i]) {
			return outcomes[:i+1]
		}
	}
	return outcomes
}

// failsWith fails as the target says if all of these statements are there.
func failsWith(needed []string) func(engine.Config) (proto.Property, string) {
	return func(cfg engine.Config) (proto.Property, string) {
		have := texts(cfg.Schedule)
		for _, text := range needed {
			if !slices.Contains(have, text) {
				return "", ""
			}
		}
		return target.Property, target.Place
	}
}

func config(schedule []fault.Statement) engine.Config {
	return engine.Config{Seed: 99, Servers: 5, Clients: 3, For: time.Minute, Profile: engine.ProfileSwarm, Schedule: schedule}
}

// drawn draws a schedule of different statements, and some of them.
func drawn(t *rapid.T) (schedule []fault.Statement, some []string) {
	n := rapid.IntRange(1, 24).Draw(t, "statements")
	for i := range n {
		schedule = append(schedule, statements(t, fmt.Sprintf("at %d037ms kill zk%d", i, i%5+1))...)
	}
	for i := range schedule {
		if rapid.IntRange(0, 5).Draw(t, "needed") == 0 {
			some = append(some, schedule[i].String())
		}
	}
	return schedule, some
}

// A failure that needs some statements as they are is left with exactly these.
func TestExactlyWhatIsNeededIsLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schedule, needed := drawn(t)
		w := &world{fails: failsWith(needed)}
		r := Shrink(config(schedule), target, Options{Runs: 100_000}, w.try)
		require.Equal(t, EndDone, r.Ending)
		require.Equal(t, needed, texts(r.Config.Schedule))
		require.Equal(t, len(schedule), r.From.Statements)
		require.Equal(t, len(needed), r.To.Statements)
		require.Equal(t, len(w.asked), r.Runs)
		o := w.outcome(r.Config)
		require.True(t, target.Hit(&o))
	})
}

// It makes no difference how many runs are made at a time, and which ends first.
func TestJobsMakeNoDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schedule, needed := drawn(t)
		fails := func(cfg engine.Config) (proto.Property, string) {
			p, place := failsWith(needed)(cfg)
			if p != "" && (len(cfg.Schedule)+int(cfg.Seed))%3 == 0 {
				place = "elsewhere"
			}
			return p, place
		}
		runs := rapid.IntRange(1, 300).Draw(t, "runs")
		one, many := &world{fails: fails}, &world{fails: fails, all: true}
		a := Shrink(config(schedule), target, Options{Runs: runs}, one.try)
		b := Shrink(config(schedule), target, Options{Runs: runs}, many.try)
		require.Equal(t, a, b)
		require.LessOrEqual(t, a.Runs, runs)
		require.LessOrEqual(t, len(one.asked), runs)
	})
}

// otherProperty fails otherwise, and more easily, than it should.
func otherProperty(needed []string) func(engine.Config) (proto.Property, string) {
	fails := failsWith(needed)
	return func(cfg engine.Config) (proto.Property, string) {
		if p, place := fails(cfg); p != "" {
			return p, place
		}
		return proto.Progress, target.Place
	}
}

// Another property is another failure. That the test sees it if one is taken for
// the other is shown by a search that does.
func TestAnotherPropertyDoesNotCount(t *testing.T) {
	schedule := statements(t, "at 1037ms kill zk1", "at 2037ms kill zk2", "at 3037ms kill zk3", "at 4037ms kill zk4")
	needed := []string{"at 2.037s kill zk2", "at 4.037s kill zk4"}
	kept := func(r Result) bool {
		return r.Outcome.Property == target.Property && slices.Equal(texts(r.Config.Schedule), needed)
	}

	w := &world{fails: otherProperty(needed)}
	require.True(t, kept(Shrink(config(schedule), target, Options{}, w.try)))

	anything := func(o *Outcome) bool { return o.Property != "" }
	careless := &search{opts: Options{Runs: RunsDefault}, try: w.try, met: anything, hit: anything, tried: map[string]bool{}}
	require.False(t, kept(careless.shrink(config(schedule))))
}

// The place is a preference: a failure elsewhere counts where none is here.
func TestPlaceIsAPreference(t *testing.T) {
	schedule := statements(t, "at 1037ms kill zk1", "at 2037ms kill zk2", "at 3037ms kill zk3")
	fails := func(cfg engine.Config) (proto.Property, string) {
		switch have := texts(cfg.Schedule); {
		case cfg.Servers < 5:
			return "", ""
		case len(have) == 0:
			return target.Property, "elsewhere"
		case slices.Equal(have, []string{"at 3.037s kill zk3"}):
			return target.Property, "here"
		case len(have) == 3:
			return target.Property, "here"
		}
		return "", ""
	}
	r := Shrink(config(schedule), target, Options{}, (&world{fails: fails}).try)
	assert.Equal(t, "elsewhere", r.Outcome.Place)
	assert.Empty(t, r.Config.Schedule)
	only := func(cfg engine.Config) (proto.Property, string) {
		if p, place := fails(cfg); place == "here" {
			return p, place
		}
		return "", ""
	}
	r = Shrink(config(schedule), target, Options{}, (&world{fails: only}).try)
	assert.Equal(t, "here", r.Outcome.Place)
	assert.Len(t, r.Config.Schedule, 3, "none can be left out alone")
}

// No candidate is run twice, and none that contradicts itself.
func TestCandidatesAreSound(t *testing.T) {
	schedule := statements(t, "at 2s crash zk1", "at 5s start zk1", "at 7s for 2s pause one", "at 9s for 5s crash minority subset",
		"at 20s for 1500ms net zk5 <-> all netem delay 20ms 10ms loss 35%", "at 25s partition {zk1 zk4} | {zk2 zk3 zk5}",
		"at 31s for 900ms disk zk3:txnlog latency 150ms 50ms ops=fsync p=1/3 n=3", "at 33s client c3 cut zk1,zk2", "on zk4:txnlog.fsync#700 kill zk4")
	w := &world{fails: func(cfg engine.Config) (proto.Property, string) {
		if len(cfg.Schedule) < 4 || cfg.Servers < 3 || clientsAtWork(&cfg) < 1 {
			return "", ""
		}
		return target.Property, target.Place
	}}
	r := Shrink(config(schedule), target, Options{Runs: 5000}, w.try)
	assert.Len(t, r.Config.Schedule, 4)
	assert.Equal(t, 3, r.Config.Servers)
	assert.Equal(t, 1, r.To.Clients)
	assert.Equal(t, 2*time.Second, r.Config.For, "%v", texts(r.Config.Schedule))
	seen := map[string]bool{}
	for i, cfg := range w.asked {
		require.NoError(t, fault.ValidateAll(cfg.Schedule, cfg.Servers, max(0, cfg.Clients)))
		for _, st := range cfg.Schedule {
			require.Less(t, st.At, cfg.For)
		}
		require.False(t, seen[key(&cfg)], "run %d, again: %s", i, key(&cfg))
		seen[key(&cfg)] = true
	}
}

func TestWhatDoesNotFailIsLeftAlone(t *testing.T) {
	w := &world{fails: func(engine.Config) (proto.Property, string) { return proto.Progress, "here" }}
	cfg := config(statements(t, "at 1s kill zk1"))
	r := Shrink(cfg, target, Options{}, w.try)
	assert.Equal(t, EndNoFault, r.Ending)
	assert.Equal(t, cfg, r.Config)
	assert.Equal(t, 1, r.Runs)
}

// Whoever has had enough gets the best so far.
func TestStoppedSearchKeepsTheBest(t *testing.T) {
	schedule, needed := statements(t, "at 1037ms kill zk1", "at 2037ms kill zk2", "at 3037ms kill zk3", "at 4037ms kill zk4"), []string{"at 1.037s kill zk1"}
	w := &world{fails: failsWith(needed)}
	enough := func(p Progress) bool { return p.To.Statements > 2 }
	r := Shrink(config(schedule), target, Options{Progress: enough}, w.try)
	assert.Equal(t, EndStopped, r.Ending)
	assert.Len(t, r.Config.Schedule, 2)
	o := w.outcome(r.Config)
	assert.True(t, target.Hit(&o))
}

func TestSizeAndSeedAreKept(t *testing.T) {
	w := &world{fails: failsWith(nil)}
	r := Shrink(config(statements(t, "at 1s kill zk1")), target, Options{KeepSize: true, KeepSeed: true}, w.try)
	assert.Equal(t, 5, r.Config.Servers)
	assert.Equal(t, 3, r.Config.Clients)
	assert.Empty(t, r.Config.Skip)
	assert.Equal(t, uint64(99), r.Config.Seed)
	assert.Equal(t, engine.ProfileSwarm, r.Config.Profile)
	assert.Empty(t, r.Config.Schedule)
}

// Leaving out rows leaves what a predicate needs, each of which is needed.
func TestDrop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "n")
		list := make([]int, n)
		needed := map[int]bool{}
		for i := range list {
			list[i] = i
			if rapid.IntRange(0, 9).Draw(t, "needed") == 0 {
				needed[i] = true
			}
		}
		left := drop(n, 1, func(from, to int) bool {
			require.True(t, 0 <= from && from < to && to <= len(list))
			if slices.ContainsFunc(list[from:to], func(i int) bool { return needed[i] }) {
				return false
			}
			list = slices.Delete(list, from, to)
			return true
		}, func() bool { return false })
		require.Equal(t, len(needed), left)
		require.Len(t, list, left)
	})
}

// Rows of tasks that are left out and tasks that are kept say the same.
func TestTasksKeptAndLeftOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Uint64Range(0, 12), 1, 4).Draw(t, "tasks")
		var kept []task
		for i, n := range all {
			for number := uint64(1); number <= n; number++ {
				if rapid.Bool().Draw(t, "kept") {
					kept = append(kept, task{i + 1, number})
				}
			}
		}
		s := &search{best: engine.Config{Clients: len(all), Skip: spansWithout(kept, all)}}
		require.Equal(t, kept, s.tasksKept(all))
		for _, span := range s.best.Skip {
			back, err := engine.ParseTaskSpan(span.String())
			require.NoError(t, err)
			require.Equal(t, span, back)
		}
	})
}

// What was drawn is put into words, and what was not stays.
func TestNamesOfDrawnWords(t *testing.T) {
	schedule := statements(t, "at 2s crash one", "at 4s for 1s net one -> leader clog", "at 6s for 1s partition bridge", "every 9s kill one", "at 8s kill leader")
	effects := []engine.Effect{
		{Statement: 0, Fault: statements(t, "at 2s crash zk3 subset")[0]},
		{Statement: 1, Fault: statements(t, "at 4s for 1s net zk2 -> zk5 clog")[0]},
		{Statement: 2, Fault: statements(t, "at 6s for 1s partition {zk1 zk2} | {zk2 zk3}")[0]},
		{Statement: 3, Fault: statements(t, "at 9s kill zk1")[0]},
		{Statement: 3, Fault: statements(t, "at 18s kill zk4")[0]},
		{Statement: 4, Fault: statements(t, "at 8s kill zk5")[0]},
	}
	w := &world{fails: failsWith(nil)}
	s := &search{best: config(schedule), opts: Options{Runs: 9}, try: w.try, met: target.Met, hit: target.Hit, tried: map[string]bool{}}
	s.seen.Effects = effects
	s.names()
	assert.Equal(t, []string{"at 2s crash zk3 subset", "at 4s for 1s net zk2 -> leader clog", "at 6s for 1s partition {zk1 zk2} | {zk2 zk3}",
		"at 9s kill zk1", "at 18s kill zk4", "at 8s kill leader"}, texts(s.best.Schedule))
}

// A planted bug becomes a story that a person can read.
func TestPlantedBugIsShrunk(t *testing.T) {
	cfg := engine.Config{Seed: 1, Clients: 5, For: 15 * time.Second, Bugs: node.Bugs{EpochBeforeLog: true}, Faults: statements(t,
		"at 2s for 1s pause zk5:log", "at 4s for 1s clock zk3 offset +2s", "at 10s for 1s kill zk2", "at 10500ms for 5s kill leader", "at 14s kill all")}
	want := Target{Property: proto.AckOrder}
	r := Shrink(cfg, want, Options{Runs: 40}, InOrder(want, engine.Run))
	require.NotEqual(t, EndNoFault, r.Ending)
	assert.LessOrEqual(t, r.To.Statements, 2)
	assert.Equal(t, 5, r.From.Statements)
	assert.Equal(t, 3, r.To.Servers)
	again, err := engine.Run(r.Config)
	require.NoError(t, err)
	require.NotNil(t, again.Violation)
	assert.Equal(t, proto.AckOrder, again.Violation.Property)
}
