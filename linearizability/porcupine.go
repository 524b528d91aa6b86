package linearizability

import (
	"io"
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
	ok = porcupine.CheckOperations(modelOf(s), operations(calls))
	return ok, ok || !s.spent()
}

// modelOf wraps a specification.
func modelOf(s *specification) porcupine.Model {
	nm := porcupine.NondeterministicModel{
		Init: func() []interface{} { return []interface{}{s.start} },
		Step: func(state, input, _ interface{}) []interface{} {
			var out []interface{}
			for _, next := range s.step(state.(specState), input.(*judged)) {
				out = append(out, next)
			}
			return out
		},
		Equal:             func(a, b interface{}) bool { return s.equal(a.(specState), b.(specState)) },
		Hash:              func(a interface{}) uint64 { return s.hash(a.(specState)) },
		DescribeOperation: func(input, _ interface{}) string { return input.(*judged).String() },
		DescribeState:     func(a interface{}) string { return s.describe(a.(specState)) },
	}
	return nm.ToModel()
}

func operations(calls []interval) []porcupine.Operation {
	ops := make([]porcupine.Operation, 0, len(calls))
	for i := range calls {
		c := &calls[i]
		op := porcupine.Operation{ClientId: int(c.session), Input: &c.judged, Call: int64(c.call), Return: math.MaxInt64}
		if c.end != 0 {
			op.Return = int64(c.end)
		}
		ops = append(ops, op)
	}
	return ops
}

// draw writes porcupine's page about some calls. decided is false when the steps
// of the specification were spent before there was an answer.
func draw(w io.Writer, s *specification, calls []interval) (ok, decided bool, err error) {
	m := modelOf(s)
	result, info := porcupine.CheckOperationsVerbose(m, operations(calls), 0)
	ok, decided = result == porcupine.Ok, result == porcupine.Ok || !s.spent()
	s.left = math.MaxInt // the page takes the steps of the answer again, and no others
	return ok, decided, porcupine.Visualize(m, info, w)
}
