package netem

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// decimal is the number whose digits are whole and then, after the point,
// fraction. It has no leading zeros and is not negative.
type decimal struct{ whole, fraction string }

// farAway bounds exponents: beyond it a number is 0, or larger than any value
// may be.
const farAway = 400

// cutDecimal reads a number with optional fraction and exponent from the front
// of a word. It returns the rest of the word, and false if there is no number.
func cutDecimal(word string) (decimal, string, bool) {
	whole, rest := cutDigits(word)
	fraction := ""
	if strings.HasPrefix(rest, ".") {
		fraction, rest = cutDigits(rest[1:])
	}
	if whole+fraction == "" {
		return decimal{}, word, false
	}
	exponent, rest := cutExponent(rest)
	return shifted(whole, fraction, exponent), rest, true
}

func cutDigits(s string) (digits, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	return s[:len(s)-len(rest)], rest
}

// cutExponent reads "e2", "E-3" or nothing. An e without digits is no exponent.
func cutExponent(s string) (exponent int, rest string) {
	if s == "" || s[0] != 'e' && s[0] != 'E' {
		return 0, s
	}
	unsigned := strings.TrimPrefix(s[1:], "-")
	if unsigned == s[1:] {
		unsigned = strings.TrimPrefix(unsigned, "+")
	}
	digits, rest := cutDigits(unsigned)
	if digits == "" {
		return 0, s
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > farAway {
		n = farAway
	}
	if s[1] == '-' {
		n = -n
	}
	return n, rest
}

// shifted moves the point by the exponent.
func shifted(whole, fraction string, exponent int) decimal {
	if exponent > 0 {
		fraction += strings.Repeat("0", max(0, exponent-len(fraction)))
		whole, fraction = whole+fraction[:exponent], fraction[exponent:]
	}
	if exponent < 0 {
		whole = strings.Repeat("0", max(0, -exponent-len(whole))) + whole
		at := len(whole) + exponent
		whole, fraction = whole[:at], whole[at:]+fraction
	}
	return decimal{strings.TrimLeft(whole, "0"), fraction}
}

// times gives the whole part of d·unit, which is exact: of x/10 only the whole
// part matters, digit by digit from the last. It returns false when it needs
// more than 63 bits. The unit is less than 2³⁶.
func (d decimal) times(unit uint64) (uint64, bool) {
	part := uint64(0)
	for i := len(d.fraction) - 1; i >= 0; i-- {
		part = (part + uint64(d.fraction[i]-'0')*unit) / 10
	}
	whole := uint64(0)
	if d.whole != "" {
		n, err := strconv.ParseUint(d.whole, 10, 63)
		if err != nil {
			return 0, false
		}
		whole = n
	}
	hi, lo := bits.Mul64(whole, unit)
	sum, carry := bits.Add64(lo, part, 0)
	return sum, hi == 0 && carry == 0 && sum <= math.MaxInt64
}

// atMost reports whether d ≤ n.
func (d decimal) atMost(n uint64) bool {
	whole, ok := d.times(1)
	return ok && (whole < n || whole == n && strings.Trim(d.fraction, "0") == "")
}

// What is wrong with a value, and what it looks like.
var (
	errTime    = errors.New("this is no time; write it like 100ms, .5s or 20us, the unit joined to the number: s, ms, us or ns")
	errLong    = errors.New("this is too long; at most 292 years are")
	errPercent = errors.New("this is no percentage; write it like 5%, 35 or 0.1%")
	errBeyond  = errors.New("a percentage is at most 100%")
	errSize    = errors.New("this is no size; write it like 4096, 64k or 1mb")
	errLarge   = errors.New("this size is too large; at most 2147483647 bytes are")
)

// unit is the name of a multiple, in lower case.
type unit struct {
	word string
	of   uint64
}

var timeUnits = []unit{
	{"s", 1_000_000_000}, {"sec", 1_000_000_000}, {"secs", 1_000_000_000}, {"ms", 1_000_000}, {"msec", 1_000_000}, {"msecs", 1_000_000},
	{"us", 1_000}, {"usec", 1_000}, {"usecs", 1_000}, {"ns", 1}, {"nsec", 1}, {"nsecs", 1},
}

var sizeUnits = []unit{
	{"", 1}, {"b", 1}, {"k", 1 << 10}, {"kb", 1 << 10}, {"m", 1 << 20}, {"mb", 1 << 20}, {"g", 1 << 30}, {"gb", 1 << 30},
	{"kbit", 128}, {"mbit", 131072}, {"gbit", 134217728},
}

// multiple finds a unit by its name, in any case.
func multiple(units []unit, word string) (uint64, bool) {
	for _, u := range units {
		if strings.EqualFold(u.word, word) {
			return u.of, true
		}
	}
	return 0, false
}

// ParseTime reads a time: a decimal number with fraction and exponent, and a
// unit joined to it, in any case. Parts of a nanosecond are cut off. Bare
// reports that the unit was missing; the number then counts µs.
func ParseTime(word string) (d time.Duration, bare bool, err error) {
	number, name, ok := cutDecimal(word)
	if !ok {
		return 0, false, errTime
	}
	of, known := multiple(timeUnits, name)
	if name == "" {
		of, known = 1_000, true // µs
	}
	if !known {
		return 0, false, errTime
	}
	ns, ok := number.times(of)
	if !ok {
		return 0, false, errLong
	}
	return time.Duration(ns), name == "", nil
}

// ParseChance reads a percentage from 0 to 100, with or without the sign.
func ParseChance(word string) (Chance, error) {
	number, rest, ok := cutDecimal(word)
	if !ok || rest != "" && rest != "%" {
		return 0, errPercent
	}
	if !number.atMost(100) {
		return 0, errBeyond
	}
	hundredfold, _ := number.times(uint64(Certain))
	return Chance((hundredfold + 50) / 100), nil
}

// SizeMax is the largest size, so that it fits the integers of 32-bit machines.
const SizeMax = 1<<31 - 1

// ParseSize reads a number of bytes: decimal with fraction, with a unit joined
// to it, in any case. Parts of a byte are cut off.
func ParseSize(word string) (int64, error) {
	number, name, ok := cutDecimal(word)
	of, known := multiple(sizeUnits, name)
	if !ok || !known {
		return 0, errSize
	}
	n, ok := number.times(of)
	if !ok || n > SizeMax {
		return 0, errLarge
	}
	return int64(n), nil
}
