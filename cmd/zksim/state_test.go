package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/engine"
)

// A run that a violation ends in the step that comes first at the moment, or after
// it, has come to the moment; one that ended before has not.
func TestStateAtTheLastStep(t *testing.T) {
	rep := &engine.Report{Step: 700, Virtual: 3 * time.Second}
	for moment, ended := range map[engine.Moment]bool{
		{At: 3*time.Second - 1}: false, {At: 3 * time.Second}: false, {At: 3*time.Second + 1}: true,
		{Step: 700}: false, {Step: 701}: true, {Start: true}: false,
	} {
		var out, told bytes.Buffer
		f := &stateFlags{}
		f.at.moment = moment
		require.NoError(t, (&app{stdout: &out, stderr: &told}).printState(f, rep, nil, "x.simrun"))
		assert.Equal(t, ended, told.Len() > 0, "%+v: %s", moment, told.String())
	}
}
