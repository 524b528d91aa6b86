package proto

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ZooKeeper reads plain UTF-8 and writes CESU-8: a character outside the basic
// plane leaves it as two surrogates of three bytes each. Replies and events do
// the same here, and their decoders put the pairs together again.

// AppendReplyString appends a string as it stands in replies and events.
func AppendReplyString(b []byte, v string) []byte {
	if plain(v) {
		return AppendString(b, v)
	}
	b, at := BeginFrame(b)
	for _, r := range v { // bytes that are no UTF-8 give U+FFFD, as in Java
		if r < 0x10000 {
			b = utf8.AppendRune(b, r)
			continue
		}
		high, low := utf16.EncodeRune(r)
		b = appendSurrogate(appendSurrogate(b, high), low)
	}
	return EndFrame(b, at)
}

// plain reports whether v is valid and lies in the basic plane.
func plain(v string) bool {
	for i := range len(v) {
		if v[i] >= utf8.RuneSelf {
			return utf8.ValidString(v) && strings.IndexFunc(v, func(r rune) bool { return r >= 0x10000 }) < 0
		}
	}
	return true
}

func appendSurrogate(b []byte, r rune) []byte {
	return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
}

// joinSurrogates undoes what AppendReplyString does with large characters.
// Anything else stays as it is.
func joinSurrogates(s string) string {
	i := strings.IndexByte(s, 0xED)
	if i < 0 {
		return s
	}
	b := []byte(s[:i])
	for i < len(s) {
		if r := surrogates(s[i:]); r != 0 {
			b = utf8.AppendRune(b, r)
			i += 6
			continue
		}
		b = append(b, s[i])
		i++
	}
	return string(b)
}

// surrogates decodes the pair at the start of s, 0 if there is none.
func surrogates(s string) rune {
	if len(s) < 6 || s[0] != 0xED || s[1]&0xF0 != 0xA0 || s[3] != 0xED || s[4]&0xF0 != 0xB0 ||
		s[2]&0xC0 != 0x80 || s[5]&0xC0 != 0x80 {
		return 0
	}
	unit := func(s string) rune { return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F) }
	return utf16.DecodeRune(unit(s), unit(s[3:]))
}

func (d *Decoder) replyText() string { return joinSurrogates(d.Text()) }

func appendReplyStrings(b []byte, v []string) []byte {
	b = AppendInt(b, int32(len(v)))
	for _, s := range v {
		b = AppendReplyString(b, s)
	}
	return b
}

func (d *Decoder) replyStrings() []string {
	v := d.Strings()
	for i := range v {
		v[i] = joinSurrogates(v[i])
	}
	return v
}

func appendReplyACLs(b []byte, acl []ACL) []byte {
	b = AppendInt(b, int32(len(acl)))
	for _, a := range acl {
		b = AppendReplyString(AppendReplyString(AppendInt(b, a.Perms), a.Scheme), a.ID)
	}
	return b
}

func (d *Decoder) replyACLs() []ACL {
	n := d.Count(12)
	out := make([]ACL, 0, n)
	for range n {
		out = append(out, ACL{d.Int(), d.replyText(), d.replyText()})
	}
	return out
}

func appendReplyIDs(b []byte, ids []ID) []byte {
	b = AppendInt(b, int32(len(ids)))
	for _, id := range ids {
		b = AppendReplyString(AppendReplyString(b, id.Scheme), id.ID)
	}
	return b
}

func (d *Decoder) replyIDs() []ID {
	n := d.Count(8)
	out := make([]ID, 0, n)
	for range n {
		out = append(out, ID{d.replyText(), d.replyText()})
	}
	return out
}
