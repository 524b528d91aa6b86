package ztree

import (
	"strconv"
	"strings"
)

// address is a parsed IPv4 or IPv6 address, 4 or 16 bytes.
type address struct {
	bytes [16]byte
	size  int
}

func parseAddress(s string) (address, bool) {
	if strings.Contains(s, ":") {
		return parseIPv6(s)
	}
	return parseIPv4(s)
}

func parseIPv4(s string) (a address, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return a, false
	}
	a.size = 4
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return a, false
		}
		a.bytes[i] = byte(n)
	}
	return a, true
}

// parseIPv6 reads groups of hexadecimal digits, with one "::" for a run of zeros.
func parseIPv6(s string) (a address, ok bool) {
	head, tail, short := strings.Cut(s, "::")
	front, ok1 := groups(head)
	back, ok2 := groups(tail)
	count := len(front) + len(back)
	if !ok1 || !ok2 || short && count > 7 || !short && count != 8 {
		return a, false
	}
	a.size = 16
	for i, g := range front {
		a.bytes[2*i], a.bytes[2*i+1] = byte(g>>8), byte(g)
	}
	for i, g := range back {
		at := 16 - 2*len(back) + 2*i
		a.bytes[at], a.bytes[at+1] = byte(g>>8), byte(g)
	}
	return a, true
}

func groups(s string) ([]uint16, bool) {
	if s == "" {
		return nil, true
	}
	var out []uint16
	for _, p := range strings.Split(s, ":") {
		n, err := strconv.ParseUint(p, 16, 16)
		if err != nil || len(out) == 8 {
			return nil, false
		}
		out = append(out, uint16(n))
	}
	return out, true
}

// parseNetwork reads "address" or "address/bits".
func parseNetwork(s string) (a address, bits int, ok bool) {
	addr, length, given := strings.Cut(s, "/")
	if a, ok = parseAddress(addr); !ok {
		return a, 0, false
	}
	bits = 8 * a.size
	if given {
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > bits {
			return a, 0, false
		}
		bits = n
	}
	return a, bits, true
}

// inNetwork reports whether an address lies in a network as ACLs name it.
func inNetwork(addr, network string) bool {
	n, bits, ok := parseNetwork(network)
	if !ok {
		return false
	}
	a, ok := parseAddress(addr)
	if !ok || a.size != n.size {
		return false
	}
	for i := range bits {
		if (a.bytes[i/8]^n.bytes[i/8])&(0x80>>(i%8)) != 0 {
			return false
		}
	}
	return true
}
