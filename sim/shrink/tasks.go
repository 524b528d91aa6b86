package shrink

import (
	"slices"

	"github.com/zksim/zksim/sim/engine"
)

// rowsMax bounds how finely tasks are left out: the rows are a part in so many of
// all.
const rowsMax = 32

// task is one task of a client.
type task struct {
	client int
	number uint64
}

// fewerTasks leaves out rows of tasks of the clients at work.
func (s *search) fewerTasks() {
	if s.opts.KeepSize {
		return
	}
	s.idleClients()
	all := s.seen.Tasks
	kept := s.tasksKept(all)
	drop(len(kept), max(1, len(kept)/rowsMax), func(from, to int) bool {
		without := slices.Delete(slices.Clone(kept), from, to)
		cfg := s.best
		cfg.Skip = spansWithout(without, all)
		if s.adopt(same(cfg)) < 0 {
			return false
		}
		kept = without
		return true
	}, s.over)
}

// tasksKept lists the tasks of the best run, by client and number.
func (s *search) tasksKept(all []uint64) []task {
	var kept []task
	for i, n := range all {
		for number := uint64(1); number <= n; number++ {
			left := slices.ContainsFunc(s.best.Skip, func(t engine.TaskSpan) bool {
				return t.Client == i+1 && t.From <= number && (t.To == 0 || number <= t.To)
			})
			if !left {
				kept = append(kept, task{i + 1, number})
			}
		}
	}
	return kept
}

// spansWithout gives the rows of tasks that are left out if these are kept, of so
// many tasks of each client. What a client would do after its last task is left
// out with it.
func spansWithout(kept []task, all []uint64) []engine.TaskSpan {
	var spans []engine.TaskSpan
	for i, n := range all {
		next := uint64(1) // that may be left out
		for _, t := range kept {
			if t.client != i+1 {
				continue
			}
			if t.number > next {
				spans = append(spans, engine.TaskSpan{Client: i + 1, From: next, To: t.number - 1})
			}
			next = t.number + 1
		}
		if next <= n || n == 0 {
			spans = append(spans, engine.TaskSpan{Client: i + 1, From: next})
		}
	}
	return spans
}
