package linearizability

import (
	"math"

	"github.com/anishathalye/porcupine"
)

// This file alone touches porcupine, which starts a goroutine for each history.
// The specification runs in that goroutine only, and porcupine has ended when it
// answers, so nothing here runs beside anything else. It is used without its
// time-out, which goes by the wall clock: histories are small, and the
// specification refuses everything once its steps are spent.

// interval is a call with the steps between which it took effect, both included.
type interval struct {
	judged
	call, end uint64 // end 0: it may take effect at any later time
}

// linearizable asks porcupine whether the calls can be put in an order that
// respects their intervals and the specification. decided is false when the
// steps of the specification were spent before there was an answer.
func linearizable(s *specification, calls []interval) (ok, decided bool) {
	nm := porcupine.NondeterministicModel{
		Init: func() []interface{} { return []interface{}{s.start} },
		Step: func(state, input, _ interface{}) []interface{} {
			var out []interface{}
			for _, next := range s.step(state.(specState), input.(*judged)) {
				out = append(out, next)
			}
			return out
		},
		Equal: func(a, b interface{}) bool { return s.equal(a.(specState), b.(specState)) },
		Hash:  func(a interface{}) uint64 { return s.hash(a.(specState)) },
	}
	ops := make([]porcupine.Operation, 0, len(calls))
	for i := range calls {
		c := &calls[i]
		op := porcupine.Operation{ClientId: int(c.session), Input: &c.judged, Call: int64(c.call), Return: math.MaxInt64}
		if c.end != 0 {
			op.Return = int64(c.end)
		}
		ops = append(ops, op)
	}
	ok = porcupine.CheckOperations(nm.ToModel(), ops)
	return ok, ok || !s.spent()
}
