package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/zksim/zksim/sim/bisect"
	"github.com/zksim/zksim/sim/bundle"
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
