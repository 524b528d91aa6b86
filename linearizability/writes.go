package linearizability

import (
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// Options say how a history is judged. The zero value judges by the history alone.
type Options struct {
	// Committed is every transaction that a server was seen to apply, in any order;
	// nil if nobody knows. It settles what unknown outcomes came to. Those may be
	// missing that no server applied one by one: the last ones of an epoch, which
	// the next leader had in its history when it began. The history need not have
	// all sessions then: what others did is told here.
	Committed []proto.Txn
	// Steps bounds the search over unknown outcomes: so many moments of the history
	// may be looked at beyond the first time. 0 means DefaultSteps, or four times
	// the calls if that is more; below 0 none.
	Steps int
	// Windows is how many parts of a long history Judge lets porcupine judge as
	// well, each of some hundred calls. Each takes a few milliseconds.
	Windows int
}

// DefaultSteps is enough for thousands of unknown outcomes that later replies
// mention, and takes a few seconds at most.
const DefaultSteps = 1_000_000

func (o *Options) steps(calls int) int {
	if o.Steps == 0 {
		return max(DefaultSteps, 4*calls)
	}
	return max(o.Steps, 0)
}

// windows is none where what the servers delete of their own accord would be
// missing in a part.
func (o *Options) windows(h *History) int {
	if anyCall(h, mortal) {
		return 0
	}
	return o.Windows
}

// CheckWrites checks that the writes are linearizable in the order of their
// zxids (LinearizableWrites: G1, G2, G9), and whatever else a replay of that
// order on the model shows: each read is an evaluation of the state at the zxid
// of its reply (PrefixRead, G4), what was answered or shown stays (Durability,
// G6), a multi happens whole (AtomicMulti, G8), ephemerals end with their
// session (Ephemeral, G13), nothing happens after that (SessionClosed, G15),
// sequential names are not given twice (SequentialName, G17), and counts are
// right (StatShape, G18).
//
// The history must begin with a service that was never used, and hold the calls
// of all sessions, unless Committed has the others. Calls with unknown outcome
// are in W or not, at most once, after what had been seen when they were called
// and in the order of their session: with Committed this is known; else it is
// searched for (see [Options]), and the verdict may be unknown.
//
// It takes time O(n log n) for n calls, and the search on top of that.
func CheckWrites(h *History, opt *Options) Result {
	_, res := replayed(h, opt)
	return opt.qualified(h, res)
}

// qualified is a result, unless what the servers did decides it and is not known.
func (o *Options) qualified(h *History, res Result) Result {
	if o.Committed != nil {
		return res
	}
	return withoutServers(h, res)
}

// replayed judges and returns the replay, nil if it did not come to one.
func replayed(h *History, opt *Options) (*replay, Result) {
	table := newZxidTable(len(h.Ops))
	if v := checkShapes(h, table); v != nil {
		return nil, violated(v)
	}
	if z := beyondCommitted(opt.Committed); z != 0 {
		return nil, undecided("write linearizability: %v sets permissions that mean somebody, and nobody knows who is who", z)
	}
	if o := beyondModel(h); o != nil {
		return nil, undecided("write linearizability: the model does not know c%d's %v %s of step %d", o.Client, o.Op.Type, o.Op.Path, o.Call)
	}
	r := answered(h)
	if v := checkRealTime(h, &r); v != nil {
		return nil, violated(v)
	}
	if opt.Committed != nil {
		return replayCommitted(h, opt, &r, table)
	}
	return replayAnswered(h, opt, &r, table)
}

// replayAnswered goes by what the replies tell.
func replayAnswered(h *History, opt *Options, past *replies, table *zxidTable) (*replay, Result) {
	t, v := timelineOf(h, table)
	if v != nil {
		return nil, violated(v)
	}
	s := &search{replay: newReplay(h, t), budget: opt.steps(len(h.Ops))}
	s.openSessions(nil)
	s.draw(opt.windows(h))
	s.unknown = unknowns(h, past, nil)
	return s.replay, s.solve()
}

// replayCommitted goes by what the servers have committed.
func replayCommitted(h *History, opt *Options, past *replies, table *zxidTable) (*replay, Result) {
	w := newWitness(h, opt.Committed)
	for _, check := range []func() *proto.Violation{w.match, w.answers, func() *proto.Violation { return w.order(past) }} {
		if v := check(); v != nil {
			return nil, violated(v)
		}
	}
	s := &search{replay: newReplay(h, w.timeline(table)), budget: opt.steps(len(h.Ops))}
	s.committed = w.txns
	s.openSessions(w.opened)
	s.draw(opt.windows(h))
	s.unknown = slices.DeleteFunc(unknowns(h, past, w.at), func(u unknown) bool {
		return u.call < 0 && w.ended[u.session] || !s.t.hasRoom(u.low, u.high)
	})
	return s.replay, s.solve()
}
