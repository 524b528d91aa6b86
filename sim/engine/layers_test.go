package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLayersNest(t *testing.T) {
	var l layers[string]
	_, ok := l.top()
	assert.False(t, ok)
	l.put(1, "first")
	l.put(2, "second")
	l.put(3, "third")
	v, _ := l.top()
	assert.Equal(t, "third", v)
	assert.True(t, l.drop(2))
	assert.False(t, l.drop(2))
	assert.False(t, l.has(2))
	assert.True(t, l.drop(3))
	v, ok = l.top()
	assert.True(t, ok)
	assert.Equal(t, "first", v)
	l.clear()
	assert.False(t, l.any())
}
