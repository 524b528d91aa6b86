package workload

import "slices"

// span is the tasks from the number from to the number to, or all that come if
// to is 0.
type span struct{ from, to uint64 }

func (s span) has(n uint64) bool { return s.from <= n && (s.to == 0 || n <= s.to) }

// LeaveOut has the generator leave tasks out: those from the number from, at
// least 1, to the number to, or all that come if to is 0. Tasks are numbered by
// their Ticks; to begin a session and to make the client's groups are tasks that
// are never left out, unless all are: then the client does nothing at all. The times
// of the others stay, and so does all that other clients draw; what the tasks
// behind do is drawn from the numbers that were not taken.
func (g *Generator) LeaveOut(from, to uint64) { g.left = append(g.left, span{from, to}) }

// Tasks counts the tasks up to now, those included that were left out.
func (g *Generator) Tasks() uint64 { return g.ticks }

// idle reports whether every task is left out.
func (g *Generator) idle() bool {
	return slices.ContainsFunc(g.left, func(s span) bool { return s.from <= 1 && s.to == 0 })
}

func (g *Generator) leftOut() bool {
	for _, s := range g.left {
		if s.has(g.ticks) {
			return true
		}
	}
	return false
}
