package model

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestValidPath(t *testing.T) {
	for _, p := range []string{"/", "/a", "/a/b", "/...", "/a.b", "/.a", "/with space", "/日本", "/\u00a0", "/\uf900"} {
		assert.True(t, validPath(p), "%q", p)
	}
	for _, p := range []string{"", "a", "//", "/a/", "/a//b", "/.", "/a/..", "/a/./b", "/\x00", "/\x1f", "/\x7f",
		"/\u009f", "/\ue000", "/\ufff0", "/\uffff", "/\U0001f600", "/\xff"} {
		assert.False(t, validPath(p), "%q", p)
	}
}
