package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatSteersATerminalIsSeen(t *testing.T) {
	assert.Equal(t, "plain ü\n\tline", visible("plain ü\n\tline"))
	assert.Equal(t, `\x1b[2J`, visible("\x1b[2J"))
	assert.Equal(t, `a\x0db\x7f`, visible("a\rb\x7f"))
	assert.Equal(t, `\x9b1m`, visible("\u009b1m"), "as a character")
	assert.Equal(t, `\x9b1m`, visible("\x9b1m"), "as a byte")
	assert.Equal(t, `\u202etxt`, visible("\u202etxt"))
	assert.Equal(t, "\ufffd", visible("\ufffd"), "what is only shown stays")
	assert.Equal(t, `one\x0atwo\x09`, visibleLine("one\ntwo\t"))
}
