package sim_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim"
	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/engine"
)

// mustRun runs one seed.
func mustRun(t *testing.T, seed uint64, property func(c *sim.Cluster)) *sim.Outcome {
	t.Helper()
	o, err := sim.Run(property, sim.Input{Seed: seed})
	require.NoError(t, err)
	return o
}

// only declares one client, and a short run.
func only(code func(c *sim.Cluster, conn client.API)) func(c *sim.Cluster) {
	return func(c *sim.Cluster) {
		c.For(20 * time.Second)
		c.Client("a", func(conn client.API) { code(c, conn) })
	}
}

func violated(t *testing.T, o *sim.Outcome, property proto.Property, detail string) {
	t.Helper()
	require.NotNil(t, o.Violation, "nothing was violated")
	assert.Equal(t, property, o.Violation.Property)
	assert.Regexp(t, detail, o.Violation.Detail)
}

// Code on coroutines changes nothing of the contract: a seed is one run, on any
// number of processors, and so is what is left of it.
func TestASeedIsOneRun(t *testing.T) {
	for seed := range uint64(3) {
		want := mustRun(t, seed, naiveElection)
		for _, procs := range []int{1, 4, 8} {
			was := runtime.GOMAXPROCS(procs)
			got := mustRun(t, seed, naiveElection)
			runtime.GOMAXPROCS(was)
			assert.Equal(t, want.Checkpoints, got.Checkpoints)
			assert.Equal(t, want.Hash, got.Hash)
			assert.Equal(t, want.Violation, got.Violation)
			assert.Equal(t, want.History.Ops, got.History.Ops)
		}
	}
}

// Another seed is another run, also where no faults are drawn.
func TestSeedsDiffer(t *testing.T) {
	quiet := only(func(_ *sim.Cluster, conn client.API) { client.Sleep(conn, time.Second) })
	assert.NotEqual(t, mustRun(t, 1, quiet).Hash, mustRun(t, 2, quiet).Hash)
}

// A run leaves no coroutine behind, however it ends: code waits in every way that
// there is, and its deferred functions run.
func TestNothingIsLeftBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	unwound := 0
	for seed := range uint64(5) {
		mustRun(t, seed, func(c *sim.Cluster) {
			c.For(5 * time.Second)
			for id, wait := range map[string]func(conn client.API){
				"a": func(conn client.API) { client.Sleep(conn, time.Hour) },
				"b": func(conn client.API) { client.Await(conn, nil) },
				"c": func(conn client.API) {
					client.Go(conn, func() { client.Await(conn, client.Events(conn)); client.Await(conn, nil) })
				},
			} {
				c.Client(id, func(conn client.API) {
					defer func() { unwound++ }()
					defer conn.Close() // the run is over: it does not come back
					wait(conn)
				})
			}
		})
	}
	assert.Equal(t, 15, unwound)
	for range 500 { // the goroutine of the last run may still be about to end
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, there were %d", runtime.NumGoroutine(), before)
}

func TestPanicsAreResults(t *testing.T) {
	o := mustRun(t, 1, only(func(_ *sim.Cluster, conn client.API) {
		client.Sleep(conn, 2*time.Second)
		none := []int{}
		none[client.Now(conn)/time.Hour]++
	}))
	violated(t, o, proto.Panic, `^the code of a panicked at run_test\.go:\d+ \(sim_test\.TestPanicsAreResults\.func1\): runtime error: index out of range \[0\] with length 0$`)
	assert.Equal(t, "client a", o.Violation.Place)
	assert.GreaterOrEqual(t, o.Violation.At, 2*time.Second)
}

// Failing inside of code is a result with its seed: through the cluster, and
// through a test that ends its goroutine.
func TestFailuresOfCodeAreResults(t *testing.T) {
	o := mustRun(t, 1, only(func(c *sim.Cluster, conn client.API) {
		require.NoError(c, errors.New("too bad"), "it is %s", "late")
	}))
	violated(t, o, engine.Assertion, `^Received unexpected error: too bad it is late \(run_test\.go:\d+\)$`)
	o = mustRun(t, 1, only(func(c *sim.Cluster, conn client.API) { assert.Equal(c, 1, 2) }))
	violated(t, o, engine.Assertion, `^Not equal: expected: 1 actual *: 2 \(run_test\.go:\d+\)$`)
	o = mustRun(t, 1, only(func(c *sim.Cluster, conn client.API) { c.Fatalf("no %s", "way"); panic("not reached") }))
	violated(t, o, engine.Assertion, `^no way$`)
	o = mustRun(t, 1, only(func(*sim.Cluster, client.API) { runtime.Goexit() }))
	violated(t, o, engine.Assertion, `^the code of a has ended its test by a FailNow or Fatal`)
	assert.NotZero(t, o.Hash)
}

// Code that swallows the panic of its end is ended all the same.
func TestCodeCannotOutliveItsRun(t *testing.T) {
	o := mustRun(t, 1, only(func(_ *sim.Cluster, conn client.API) {
		for {
			func() {
				defer func() { _ = recover() }()
				client.Sleep(conn, time.Second)
			}()
		}
	}))
	violated(t, o, engine.Assertion, `swallowed the panics`)
}

// Code that waits outside of the simulation is told where, and does not hang the
// test.
func TestWaitingOutsideIsExplained(t *testing.T) {
	_, err := sim.Run(only(func(*sim.Cluster, client.API) { <-make(chan int) }), sim.Input{})
	require.ErrorContains(t, err, "the code of client a waits outside of the simulation (chan receive)")
	assert.ErrorContains(t, err, "run_test.go:")
	assert.ErrorContains(t, err, "Wait with client.Await")
	_, err = sim.Run(only(func(*sim.Cluster, client.API) { time.Sleep(time.Minute) }), sim.Input{})
	require.ErrorContains(t, err, "the code of client a waits outside of the simulation (sleep)")
}

// What is called from where it cannot wait says so.
func TestCallbacksCannotWait(t *testing.T) {
	o := mustRun(t, 1, only(func(_ *sim.Cluster, conn client.API) {
		client.OnSession(conn, func(zk.Event) { _, _, _ = conn.Get("/") })
		client.Sleep(conn, time.Minute)
	}))
	violated(t, o, proto.Panic, `getData was called outside of the code of this client: from a callback`)
}

// A loop that tries again without a pause does not stop the time of the run.
func TestHotLoopsEnd(t *testing.T) {
	calls := 0
	o := mustRun(t, 1, only(func(_ *sim.Cluster, conn client.API) {
		conn.Close()
		for {
			_, _, err := conn.Get("/")
			calls++
			if err != zk.ErrConnectionClosed {
				panic(err)
			}
		}
	}))
	assert.False(t, o.Failed())
	assert.Less(t, calls, 60_000)
	looks := 0
	mustRun(t, 1, func(c *sim.Cluster) {
		c.For(100 * time.Millisecond)
		c.Client("a", func(conn client.API) {
			for ; ; looks++ {
				client.AwaitAny(conn, 0, client.Events(conn))
			}
		})
	})
	assert.Positive(t, looks)
}

// Own properties: always and at last, by name.
func TestOwnProperties(t *testing.T) {
	sum := 0
	count := func(_ *sim.Cluster, conn client.API) {
		for {
			client.Sleep(conn, time.Second)
			sum++
		}
	}
	o := mustRun(t, 1, func(c *sim.Cluster) {
		sum = 0
		only(count)(c)
		c.Always(sim.That("Small", func() error {
			if sum > 4 {
				return errors.New("it has grown to five")
			}
			return nil
		}))
	})
	violated(t, o, "Small", `^it has grown to five$`)
	assert.Less(t, o.Violation.At, 7*time.Second)

	o = mustRun(t, 1, func(c *sim.Cluster) {
		only(count)(c)
		c.EventuallyWithin(5*time.Second, sim.That("Never", func() error { return errors.New("nothing has come") }))
	})
	violated(t, o, "Never", `^nothing has come, 5s after the ensemble works again$`)

	o = mustRun(t, 1, func(c *sim.Cluster) {
		sum = 0
		only(count)(c)
		c.Eventually(sim.That("Late", func() error {
			if c.Now() < 24*time.Second {
				return errors.New("not yet")
			}
			return nil
		}))
	})
	assert.False(t, o.Failed())
	assert.GreaterOrEqual(t, o.Virtual, 24*time.Second)
}

// A property of the simulator can be switched off, a panic cannot.
func TestIgnoring(t *testing.T) {
	broken := func(c *sim.Cluster) {
		c.Workload(5)
		c.Servers(5)
		c.Profile("swarm")
		c.Bug("diff-without-trunc")
	}
	var failing *sim.Outcome
	for seed := uint64(1); failing == nil && seed < 20; seed++ {
		if o := mustRun(t, seed, broken); o.Failed() {
			failing = o
		}
	}
	require.NotNil(t, failing)
	was := failing.Violation.Property
	o := mustRun(t, failing.Config.Seed, func(c *sim.Cluster) { broken(c); c.Ignore(was) })
	if o.Failed() {
		assert.NotEqual(t, was, o.Violation.Property)
	}
	_, err := sim.Run(func(c *sim.Cluster) { broken(c); c.Ignore(proto.Panic) }, sim.Input{})
	assert.EqualError(t, err, "a panic cannot be ignored")
}

func TestMistakesOfDeclarations(t *testing.T) {
	code := func(client.API) {}
	holds := func() error { return nil }
	for want, property := range map[string]func(c *sim.Cluster){
		"nothing happens in this run":         func(*sim.Cluster) {},
		"an ensemble of 12 servers":           func(c *sim.Cluster) { c.Servers(12) },
		"a run cannot last 0s":                func(c *sim.Cluster) { c.For(0) },
		"there is no profile":                 func(c *sim.Cluster) { c.Client("a", code); c.Profile("wan") },
		"a workload of 0 clients":             func(c *sim.Cluster) { c.Workload(0) },
		"a session timeout of 1s":             func(c *sim.Cluster) { c.SessionTimeout(time.Second) },
		`there is no bug "typo" to plant`:     func(c *sim.Cluster) { c.Bug("typo") },
		`"kil"`:                               func(c *sim.Cluster) { c.Schedule("at 5s kil leader") },
		"names c2":                            func(c *sim.Cluster) { c.Client("a", code); c.Schedule("at 5s client c2 expire") },
		`there are two clients "a"`:           func(c *sim.Cluster) { c.Client("a", code); c.Client("a", code) },
		"a client needs a name and code":      func(c *sim.Cluster) { c.Client("a", nil) },
		"needs a name of letters and digits":  func(c *sim.Cluster) { c.Client("a", code); c.Always(sim.That("no good", holds)) },
		"Progress is a property of the simul": func(c *sim.Cluster) { c.Client("a", code); c.Always(sim.That("Progress", holds)) },
		`the property "X" has no function`:    func(c *sim.Cluster) { c.Client("a", code); c.Always(sim.Property{Name: "X"}) },
		`faults of the class "repair"`:        func(c *sim.Cluster) { c.Client("a", code); c.Faults(0) },
		"the declaration says so":             func(c *sim.Cluster) { c.Fatalf("the declaration says so") },
	} {
		_, err := sim.Run(property, sim.Input{})
		assert.ErrorContains(t, err, want)
	}
}

// What is declared while the run goes on is a mistake of the code.
func TestLateDeclarations(t *testing.T) {
	o := mustRun(t, 1, only(func(c *sim.Cluster, _ client.API) { c.Servers(5) }))
	violated(t, o, proto.Panic, `Servers is declared before the run begins`)
}

// Swarms know the clients of a program, and Everything draws all classes.
func TestEverything(t *testing.T) {
	classes := map[sim.Class]bool{}
	for seed := range uint64(20) {
		o := mustRun(t, seed, func(c *sim.Cluster) {
			only(func(_ *sim.Cluster, conn client.API) { client.Sleep(conn, time.Hour) })(c)
			c.Faults(sim.Everything()...)
		})
		require.False(t, o.Failed(), "%v", o.Violation)
		for _, st := range o.Schedule {
			classes[st.Class()] = true
		}
	}
	assert.Greater(t, len(classes), 15)
}
