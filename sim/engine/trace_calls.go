package engine

import (
	"strconv"
	"time"

	"github.com/zksim/zksim/linearizability"
)

// calls finds out from the history which calls have begun and ended. A client
// has few calls open at a time.
type calls struct {
	known int        // calls of the history that have been told
	open  []openCall // in the order of the calls
}

type openCall struct {
	number int
	since  time.Duration
}

// look tells what has been called, and what has ended, since it looked last.
func (k *calls) look(t *tracing) {
	ops := t.c.history.Ops
	for ; k.known < len(ops); k.known++ {
		k.open = append(k.open, openCall{k.known, t.c.clock.Now()})
		t.call(TraceCall, &ops[k.known], k.open[len(k.open)-1])
	}
	left := k.open[:0]
	for _, c := range k.open {
		if ops[c.number].Return == 0 {
			left = append(left, c)
			continue
		}
		t.call(TraceReturn, &ops[c.number], c)
	}
	k.open = left
}

func (t *tracing) call(k TraceKind, op *linearizability.Op, c openCall) {
	e := t.event(k, "c"+strconv.Itoa(int(op.Client)))
	e.Op, e.Flow, e.Since = op, uint64(c.number), c.since
	t.tell()
}
