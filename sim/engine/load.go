package engine

import (
	"strconv"
	"time"

	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/workload"
)

// expectedCalls is the room of a history: about what the clients will call in a
// run of ordinary length; a history that needs more grows.
func expectedCalls(cfg Config) int {
	const perSecond, most = 10, 1 << 14
	return int(min(int64(cfg.For/time.Second)*int64(max(cfg.Clients, 0))*perSecond, most))
}

// load is the user of one of the clients c1 to cN: it lets the workload work.
type load struct {
	st  *station
	gen *workload.Generator
}

// addClients makes the clients of the run, and the workload that they share.
func (c *cluster) addClients(n int) {
	work := workload.New(workload.Config{Clients: n}, c.src, c.history)
	for i := 1; i <= n; i++ {
		l := &load{}
		l.gen = work.Client(i, l)
		l.st = c.addStation("c"+strconv.Itoa(i), anyServer, client.Config{
			SessionTimeout: sessionTimeout, RequestDeadline: 2 * sessionTimeout, Watcher: l.gen})
		l.st.user = l
		l.gen.Attach(requests{l.st.core, l.st})
		c.loads = append(c.loads, l)
	}
	for _, t := range c.cfg.Skip {
		c.loads[t.Client-1].gen.LeaveOut(t.From, t.To)
	}
}

func (l *load) wake() { l.gen.Tick() }

// Step is part of workload.Env.
func (l *load) Step() uint64 { return l.st.c.kernel.step }

// After is part of workload.Env.
func (l *load) After(span time.Duration) { l.st.wakeAfter(span) }

// startLoad and stopLoad frame the safety phase.
func (c *cluster) startLoad() {
	for _, l := range c.loads {
		l.gen.Start()
	}
}

func (c *cluster) stopLoad() {
	for _, l := range c.loads {
		l.gen.Stop()
	}
}

// tasks counts the tasks of each client.
func (c *cluster) tasks() []uint64 {
	counts := make([]uint64, len(c.loads))
	for i, l := range c.loads {
		counts[i] = l.gen.Tasks()
	}
	return counts
}
