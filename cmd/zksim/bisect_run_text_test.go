package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/zksim/zksim/sim/bisect"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// Where no event of a small run decides, the advice is the bundle behind it.
func TestSmallRunWithoutATurn(t *testing.T) {
	text := func(code int, shrunk *report.Shrunk) string {
		s := &momentSearch{a: &app{code: code, env: func(string) string { return "" }}, f: &momentFlags{}, file: "x.simrun", last: 9,
			bundle: &bundle.Bundle{Document: report.Document{Shrunk: shrunk}},
			turn:   &bisect.Turn{Curve: make([]bisect.Point, 2), To: 9}}
		return s.text()
	}
	const advice = "try the one that it was made from"
	assert.Contains(t, text(exitUnknown, &report.Shrunk{}), advice)
	assert.NotContains(t, text(exitUnknown, nil), advice)
	assert.NotContains(t, text(exitOK, &report.Shrunk{}), advice)
}

// A rise in two steps is told with both, their rates and the mode, and an answer to
// a narrow question with what it left alone.
func TestRiseInStepsIsListed(t *testing.T) {
	at := func(step uint64, failed, then int) bisect.Rise {
		return bisect.Rise{Step: step, Before: bisect.Rate{Failed: failed, Runs: 50}, After: bisect.Rate{Failed: then, Runs: 50}}
	}
	s := &momentSearch{a: &app{code: exitUnknown, env: func(string) string { return "" }}, f: &momentFlags{}, file: "x.simrun", last: 900, property: "AckOrder",
		bundle: &bundle.Bundle{}, events: map[uint64]*engine.Narrated{},
		turn: &bisect.Turn{Rise: at(777, 18, 50), Others: []bisect.Rise{at(319, 0, 18)}, Mode: bisect.Mode{Calm: true}, Curve: make([]bisect.Point, 2)}}
	text := s.text()
	assert.Contains(t, text, "no event alone decides, but 2 together do\n")
	assert.Contains(t, text, "\n  0.00 -> 0.36  step 319\n  0.36 -> 1.00  step 777\n")
	assert.Contains(t, text, "with all of them it fails too often or bit by bit\n  everything else is drawn anew; ")
	assert.Contains(t, text, "\n  zksim replay x.simrun --redraw 2001 --from 776 --calm --expect AckOrder\n")
	assert.Equal(t, 2, len(s.steps()))
	assert.False(t, s.document().Found)

	s.turn = &bisect.Turn{Rise: at(319, 0, 50), Mode: bisect.Mode{Only: engine.DrawsDelays}, Curve: s.turn.Curve}
	text = s.text()
	assert.Contains(t, text, "jump at step 319\n")
	assert.Contains(t, text, "all faults are kept; delays are drawn anew; whom faults hit, what they leave and what clients ask for is not")
	assert.Contains(t, text, "\n  zksim replay x.simrun --redraw 2001 --from 319 --only delays --expect AckOrder\n")
	assert.Equal(t, "delays", s.document().Only)
	assert.Empty(t, s.document().Parts)
}

// Rises that do not lead to the failure are not said to decide together, and an
// event that could not be judged is not told.
func TestRisesThatDoNotDecideAreOnlyTheLargest(t *testing.T) {
	at := func(step uint64, failed, then int) bisect.Rise {
		return bisect.Rise{Step: step, Before: bisect.Rate{Failed: failed, Runs: 50}, After: bisect.Rate{Failed: then, Runs: 50}}
	}
	s := &momentSearch{a: &app{code: exitUnknown, env: func(string) string { return "" }}, f: &momentFlags{}, file: "x.simrun", last: 900,
		bundle: &bundle.Bundle{}, events: map[uint64]*engine.Narrated{},
		turn: &bisect.Turn{Rise: at(777, 20, 31), Others: []bisect.Rise{at(319, 5, 15)}, Curve: make([]bisect.Point, 2)}}
	assert.Contains(t, s.text(), "   no event decides; the largest rises are at steps 319 and 777\n")
	assert.Contains(t, s.text(), "\n  0.10 -> 0.30  step 319\n  0.40 -> 0.62  step 777\n")

	s.turn = &bisect.Turn{Others: []bisect.Rise{at(60, 5, 15)}, From: 94, To: 95, Why: bisect.UsedUp, Curve: s.turn.Curve}
	assert.Contains(t, s.text(), "   not narrowed down: between steps 94 and 95; --runs may allow more than ")
	assert.NotContains(t, s.text(), "step 0")
	assert.Empty(t, s.document().Parts)
}

// That no event is named is told with the reason; more runs are offered only where
// they help.
func TestReasonsForNoEventAreTold(t *testing.T) {
	for why, said := range map[bisect.Why]string{
		bisect.Alike:   "not judged: too few of the runs that branch at steps 94 and 95 differ\n",
		bisect.UsedUp:  "not narrowed down: between steps 94 and 95; --runs may allow more than 2000\n",
		bisect.Gradual: "no event decides: the chance rises bit by bit, most between steps 94 and 95\n",
	} {
		f := &momentFlags{runs: countValue{n: momentRuns}}
		s := &momentSearch{a: &app{code: exitUnknown, env: func(string) string { return "" }}, f: f, file: "x.simrun", last: 900,
			bundle: &bundle.Bundle{}, turn: &bisect.Turn{From: 94, To: 95, Why: why, Curve: make([]bisect.Point, 2)}}
		assert.Contains(t, s.text(), "   "+said)
		assert.Equal(t, why, s.document().Why)
	}
}
