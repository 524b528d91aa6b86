package bisect

import "github.com/zksim/zksim/sim/engine"

// Mode says which continuations a search tries. One that narrows what may differ
// asks a narrower question, and may have an answer where a wider one has none: a
// failure that takes a fault at the right place and, later, an unlucky delay has no
// event that turns it as long as both are left to chance.
type Mode struct {
	Calm bool         // no fault begins after the boundary
	Only engine.Draws // what alone is drawn anew
}

// modes are all of them, the widest question first.
var modes = [...]Mode{
	{},
	{Calm: true},
	{Only: engine.DrawsDelays},
	{Calm: true, Only: engine.DrawsDelays},
	{Only: engine.DrawsChoices},
	{Calm: true, Only: engine.DrawsChoices},
}

// Rise is an event at which the chance of the failure rises.
type Rise struct {
	Step          uint64 // the event; 0: none
	Before, After Rate   // of continuations that leave the run right before the event, and right after it
}

// Turn is the event at which the chance of the failure rises most. Its rates are of
// continuations that had no part in the search for it.
type Turn struct {
	Rise
	Mode

	Others []Rise  // where it does not decide: further events with a part in the rise, by step
	Curve  []Point // every boundary that was tried, in order, the end of the run among them
	From   uint64  // where no event was found: it lies behind From …
	To     uint64  // … and not behind To
	Why    Why     // and why; empty where an event is named
	Runs   int     // continuations that were carried out
}

// Why is why a search names no event.
type Why string

// The reasons.
const (
	UsedUp  Why = "runs"    // the runs are used up, or the search was ended
	Alike   Why = "alike"   // so little is drawn anew beside the event that the runs repeat one another
	Gradual Why = "gradual" // the run fails from its beginning on, or the chance rises bit by bit
)

// Bounds of what decides. A rate is a ratio of these.
const (
	rarelyNum, rarelyDen = 3, 10 // before the event the run fails at most so often
	mostlyNum, mostlyDen = 4, 5  // after it at least so often
)

// Decisive reports whether the failure was unlikely before the event and can
// hardly be avoided after it.
func (r *Rise) Decisive() bool {
	return r.Step > 0 && r.Before.AtMost(rarelyNum, rarelyDen) && r.After.AtLeast(mostlyNum, mostlyDen)
}

// clear reports whether the event decides by so much that further draws will
// hardly contradict it.
func (r *Rise) clear() bool { return r.Step > 0 && r.Before.AtMost(1, 5) && r.After.AtLeast(9, 10) }

func (r *Rise) height() rise { return riseBetween(&Point{Rate: r.Before}, &Point{Rate: r.After}) }

// better reports whether the event says more than that of another search; where
// neither has one, whether it is known more narrowly.
func (t *Turn) better(than *Turn) bool {
	switch {
	case than == nil || (t.Step == 0) != (than.Step == 0):
		return than == nil || t.Step != 0
	case t.Step == 0:
		return t.To-t.From <= than.To-than.From
	case t.Decisive() != than.Decisive():
		return t.Decisive()
	}
	return t.height().compare(than.height()) > 0
}

// matters reports whether the chance rises by a fifth or more.
func (r *Rise) matters() bool { return r.height().compare(rise{1, 5}) >= 0 }

// JoinUp reports whether events, in their order, decide together: the failure was
// unlikely before the first and can hardly be avoided after the last, and no rise
// or fall that matters lies between one and the next.
func JoinUp(parts []Rise) bool {
	if len(parts) == 0 {
		return false
	}
	for i := range parts[1:] {
		up, down := Rise{Before: parts[i].After, After: parts[i+1].Before}, Rise{Before: parts[i+1].Before, After: parts[i].After}
		if up.matters() || down.matters() {
			return false
		}
	}
	whole := Rise{Step: parts[0].Step, Before: parts[0].Before, After: parts[len(parts)-1].After}
	return whole.Decisive()
}

// promising reports whether an event that decides may lie within a rise: rates that
// few runs have shown are trusted within an eighth. A rise that begins higher or ends
// lower is one of several, because chances hardly fall again on the way to the failure.
func (r *Rise) promising() bool {
	return r.Before.AtMost(17, 40) && r.After.AtLeast(27, 40)
}
