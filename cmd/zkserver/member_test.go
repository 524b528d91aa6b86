package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// 255 in the top byte of an ephemeral's owner means something else.
func TestNumbersOfServers(t *testing.T) {
	for s, want := range map[string]bool{"1": true, "254": true, "255": false, "0": false, "-1": false, "": false} {
		_, err := parseID(s)
		assert.Equal(t, want, err == nil, s)
	}
}
