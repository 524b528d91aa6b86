package report

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTurningPointIsPrinted(t *testing.T) {
	r := failed(3)
	assert.NotContains(t, r.Text(Options{}), "turning point")
	assert.Nil(t, r.Document().Turning)
	r.Turning = &Turning{Step: 8131, Event: "zk3: NEWLEADER arrives", Before: Rate{1, 50}, After: Rate{47, 50}}
	assert.Contains(t, r.Text(Options{}), "\nturning point  step 8131: P(fail) 0.02 -> 0.94\n  zk3: NEWLEADER arrives\n")
	assert.Equal(t, r.Turning, r.Document().Turning)
}

func TestRateIsRounded(t *testing.T) {
	for want, r := range map[string]Rate{"0.00": {0, 7}, "1.00": {50, 50}, "0.33": {1, 3}, "0.67": {2, 3}, "0.01": {1, 200}, "?": {}} {
		assert.Equal(t, want, r.String())
	}
}
