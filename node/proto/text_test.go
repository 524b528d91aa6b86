package proto

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// A character outside the basic plane leaves as two surrogates, and comes back.
func TestReplyText(t *testing.T) {
	b := AppendReplyString(nil, "/a😀")
	assert.Equal(t, "\x00\x00\x00\x08/a\xed\xa0\xbd\xed\xb8\x80", string(b))
	d := NewDecoder(b)
	assert.Equal(t, "/a😀", d.replyText())
	assert.Equal(t, AppendString(nil, "/größe/日本"), AppendReplyString(nil, "/größe/日本"))
	assert.Equal(t, AppendString(nil, "/a\uFFFD"), AppendReplyString(nil, "/a\xff"), "what is no UTF-8 cannot leave as it is")
}

func FuzzReplyText(f *testing.F) {
	for _, s := range []string{"", "/a", "😀x😀", "\xed\xa0\xbd", "\xed\xa0\xbd\xed\xb8\x80", "\xff", "\xed"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		joinSurrogates(s)
		d := NewDecoder(AppendReplyString(nil, s))
		got := d.replyText()
		assert.NoError(t, d.Err())
		if utf8.ValidString(s) {
			assert.Equal(t, s, got)
		} else {
			assert.True(t, utf8.ValidString(got) || strings.Contains(s, "\xed"))
		}
	})
}
