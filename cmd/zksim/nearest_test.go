package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMisspeltPropertyIsGuessed(t *testing.T) {
	for name, want := range map[string]string{
		"PrefixConsistancy": "did you mean PrefixConsistency?", "progress": "did you mean Progress?", "Acorder": "did you mean AckOrder?",
		"LinearisableWrites": "did you mean LinearizableWrites?", "Watchonce": "did you mean WatchOnce?",
	} {
		assert.Contains(t, noProperty(name), want)
	}
	for _, name := range []string{"", "X", "Xyzzy", "AtMostOneLeader"} {
		assert.NotContains(t, noProperty(name), "did you mean", name)
		assert.Contains(t, noProperty(name), "there are EpochMonotonic, Leadership, ")
	}
	assert.Equal(t, 3, edits("kitten", "sitting"))
	assert.Equal(t, 4, edits("", "four"))
	assert.Equal(t, 4, edits("four", ""))
}
