package model

import (
	"strconv"
	"strings"
)

// parseNetwork reads "address" or "address/bits" of either version of IP. The
// address comes as its 32 or 128 bits, each as a byte '0' or '1'.
func parseNetwork(s string) (address string, bits int, ok bool) {
	text, length, hasLength := strings.Cut(s, "/")
	address, ok = parseAddress(text)
	if !ok || !hasLength {
		return address, len(address), ok
	}
	bits, err := strconv.Atoi(length)
	return address, bits, err == nil && bits >= 0 && bits <= len(address)
}

func inNetwork(address, network string) bool {
	a, ok := parseAddress(address)
	n, bits, ok2 := parseNetwork(network)
	return ok && ok2 && len(a) == len(n) && a[:bits] == n[:bits]
}

func parseAddress(s string) (bits string, ok bool) {
	if strings.Contains(s, ":") {
		return parseIPv6(s)
	}
	return parseIPv4(s)
}

func parseIPv4(s string) (bits string, ok bool) {
	parts := strings.Split(s, ".")
	for _, p := range parts {
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return "", false
		}
		bits += binary(n, 8)
	}
	return bits, len(parts) == 4
}

// parseIPv6 reads eight groups of up to four hexadecimal digits; once "::" may
// stand for one or more groups of zeros.
func parseIPv6(s string) (bits string, ok bool) {
	before, after, short := strings.Cut(s, "::")
	left, ok := parseGroups(before)
	if !short {
		return left, ok && len(left) == 128
	}
	right, ok2 := parseGroups(after)
	missing := 128 - len(left) - len(right)
	if !ok || !ok2 || missing < 16 {
		return "", false
	}
	return left + strings.Repeat("0", missing) + right, true
}

func parseGroups(s string) (bits string, ok bool) {
	if s == "" {
		return "", true
	}
	for g := range strings.SplitSeq(s, ":") {
		n, err := strconv.ParseUint(g, 16, 16)
		if err != nil || len(g) > 4 {
			return "", false
		}
		bits += binary(n, 16)
	}
	return bits, true
}

func binary(n uint64, width int) string {
	s := strconv.FormatUint(n, 2)
	return strings.Repeat("0", width-len(s)) + s
}
