package linearizability

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// repeatMin is the length from which a repeated byte is written as such.
const repeatMin = 32

// formatData writes a znode's data: "n" for null, "t:TEXT" for printable text,
// "r:HH*N" for N times a byte, "x:HEX" for anything else.
func formatData(b []byte) string {
	switch {
	case b == nil:
		return "n"
	case len(b) >= repeatMin && isRepeat(b):
		return fmt.Sprintf("r:%02x*%d", b[0], len(b))
	case isPrintable(b):
		return "t:" + string(b)
	}
	return "x:" + hex.EncodeToString(b)
}

func isRepeat(b []byte) bool {
	for _, x := range b {
		if x != b[0] {
			return false
		}
	}
	return true
}

func isPrintable(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return false
		}
		b = b[n:]
	}
	return true
}

// maxData bounds what a short notation may stand for.
const maxData = 16 << 20

// parseData reads what formatData wrote. The empty string is null.
func parseData(s string) ([]byte, error) {
	form, rest, _ := strings.Cut(s, ":")
	switch form {
	case "", "n":
		if rest == "" {
			return nil, nil
		}
	case "t":
		return []byte(rest), nil
	case "x":
		b, err := hex.DecodeString(rest)
		if err == nil {
			return b, nil
		}
	case "r":
		if b, ok := parseRepeat(rest); ok {
			return b, nil
		}
	}
	return nil, fmt.Errorf("%w: field \"data\" is %.40q, must be n, t:TEXT, x:HEX or r:HH*COUNT", ErrHistory, s)
}

func parseRepeat(s string) ([]byte, bool) {
	unit, count, _ := strings.Cut(s, "*")
	x, err := strconv.ParseUint(unit, 16, 8)
	n, err2 := strconv.ParseInt(count, 10, 32)
	if err != nil || err2 != nil || n < 0 || n > maxData {
		return nil, false
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(x)
	}
	return b, true
}

// formatClient writes a client's number as its name: c1.
func formatClient(n int32) string { return "c" + strconv.FormatInt(int64(n), 10) }

func parseClient(s string) (int32, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(s, "c"), 10, 32)
	if err != nil || !strings.HasPrefix(s, "c") || n < 1 {
		return 0, fmt.Errorf("%w: field \"client\" is %.40q, must be c and a number from 1", ErrHistory, s)
	}
	return int32(n), nil
}

// parseSession reads a session id, "0x" and hexadecimal digits, as
// proto.SessionID prints it; the empty string is no session.
func parseSession(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "0x"), 16, 64)
	if err != nil || !strings.HasPrefix(s, "0x") {
		return 0, fmt.Errorf("%w: field \"session\" is %.40q, must be 0x and up to 16 hexadecimal digits", ErrHistory, s)
	}
	return int64(n), nil
}
