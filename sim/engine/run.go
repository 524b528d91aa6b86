package engine

import (
	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/rng"
)

// Run runs an ensemble as cfg says and judges it. The error says that cfg cannot
// be run, and how to mend it; everything that goes wrong in a run, a panic of the
// core included, is a verdict.
func Run(cfg Config) (*Report, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	c := newCluster(cfg)
	c.run()
	return c.report(), nil
}

// run goes on until the liveness phase is over or a check has found something.
func (c *cluster) run() {
	defer c.exited()
	defer c.recovered()
	c.begin()
	for c.violation == nil && c.progress.phase != livenessOver {
		if c.cfg.Until.Reached(c.kernel.step, c.clock.Now()) {
			c.stopped = true
			return
		}
		if !c.kernel.turn() {
			c.violate(proto.Progress, 0, "no-leader", "nothing is left to happen")
		}
		if c.kernel.step == c.cfg.Redraw.Step {
			c.redraw()
		}
		if c.trace != nil {
			c.trace.turned()
		}
	}
	if c.violation == nil {
		c.checkHistory()
	}
}

// begin starts everything.
func (c *cluster) begin() {
	c.digest = hashStart
	c.faults.begin(c.scheduleOf())
	c.progress.schedule()
	for _, s := range c.servers {
		s.start(0)
	}
	c.counts.Starts = 0 // restarts are counted
	c.startLoad()
	c.startPrograms()
}

// checkHistory judges what the clients saw, beside what the servers committed.
func (c *cluster) checkHistory() {
	committed, err := c.committedTxns()
	if err != nil {
		c.violate(proto.Integrity, 0, "applied", "a transaction that was committed cannot be read: %v", err)
		return
	}
	r := linearizability.Judge(c.history, &linearizability.Options{Committed: committed, Windows: c.windows()})
	if r.Violation != nil {
		c.blame(r.Violation)
	} else if r.Verdict == linearizability.VerdictUnknown {
		c.doubts = append(c.doubts, r.Notes...)
	}
}

// windows draws how many parts of the history porcupine judges too: a part costs
// as much as judging a whole run in the order of zxids, so only one run in eight
// has one.
func (c *cluster) windows() int {
	s := c.src.Stream(rng.Key{Host: -1, Purpose: rng.PurposeConfig, Kind: drawWindows})
	if s.Chance(1, 8) {
		return 1
	}
	return 0
}

// committedTxns lists what was committed, by zxid: applied by a server, or part of
// the history with which a leader began.
func (c *cluster) committedTxns() ([]proto.Txn, error) {
	list := make([]proto.Txn, 0, c.counts.Txns)
	for i := range c.checks.ledger.epochs {
		ch := &c.checks.ledger.epochs[i]
		for counter := range ch.entries {
			e := &ch.entries[counter]
			if e.payload == nil || e.appliedBy == 0 && !c.replication.committed.holds(proto.MakeZxid(ch.epoch, uint32(counter))) {
				continue
			}
			txn, err := proto.DecodeTxn(e.payload)
			if err != nil {
				return nil, err
			}
			list = append(list, txn)
		}
	}
	return list, nil
}

func (c *cluster) report() *Report {
	c.sumUp()
	c.tellConcerned()
	r := &Report{
		Config: c.cfg, Drawn: c.drawn.words(), Verdict: VerdictOK, Violation: c.violation,
		Step: c.kernel.step, Hash: uint64(c.kernel.hash), Checkpoints: c.kernel.finish(), Events: c.kernel.events,
		Virtual: c.clock.Now(), Counts: c.counts, Schedule: c.faults.schedule,
		Choices: c.chosen.Choices(), Matched: c.chosen.Matched(), Redrawn: c.redrawn,
		Stopped: c.stopped, Story: c.story.told(), Servers: c.states(), History: c.history,
	}
	r.Doubts, r.Tasks, r.Effects = c.doubts, c.tasks(), c.faults.happened
	if c.trace != nil {
		c.trace.over()
		r.Inside = c.inspect()
	}
	if n := c.kernel.narrator; n != nil {
		n.close()
		r.Config.Trace, r.Narration = n.next, n.list
	}
	switch {
	case c.violation != nil:
		r.Verdict = VerdictViolated
	case len(c.doubts) > 0:
		r.Verdict = VerdictUnknown
	}
	return r
}

// sumUp adds what the clients have counted.
func (c *cluster) sumUp() {
	c.counts.Events = c.kernel.step
	for _, st := range c.stations {
		c.counts.Reconnects += uint64(st.core.Reconnects())
	}
	for i := range c.history.Ops {
		c.counts.Operations++
		switch c.history.Ops[i].Outcome {
		case linearizability.OK:
			c.counts.OperationsOK++
		case linearizability.Failed:
			c.counts.OperationsFailed++
		default:
			c.counts.OperationsUnknown++
		}
	}
	for i := range c.history.Events {
		if c.history.Events[i].Kind == linearizability.WatchFired {
			c.counts.Watches++
		}
	}
}
