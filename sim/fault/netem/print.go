package netem

import (
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// String gives the canonical form, which Parse reads back to an equal value; ""
// for the zero value.
func (n Netem) String() string {
	var words []string
	if n.Delay != 0 || n.Jitter != 0 {
		words = append(words, "delay", formatTime(n.Delay))
	}
	if n.Jitter != 0 {
		words = append(words, formatTime(n.Jitter))
	}
	if n.Loss != 0 {
		words = append(words, "loss", n.Loss.String())
	}
	return strings.Join(words, " ")
}

// formatTime uses the largest unit that leaves a whole number.
func formatTime(d time.Duration) string {
	for _, u := range []struct {
		of   time.Duration
		word string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "us"}} {
		if d%u.of == 0 {
			return strconv.FormatInt(int64(d/u.of), 10) + u.word
		}
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}

// chanceDigits digits after the point of a percentage tell all chances apart.
const chanceDigits = 8

// String gives the shortest percentage that rounds to the chance: "35%".
func (c Chance) String() string {
	scale := uint64(1)
	for range chanceDigits {
		n := scaled(uint64(c), 100*scale, uint64(Certain))
		if scaled(n, uint64(Certain), 100*scale) == uint64(c) {
			return percentage(n, scale)
		}
		scale *= 10
	}
	return percentage(scaled(uint64(c), 100*scale, uint64(Certain)), scale)
}

// scaled gives a·b/c, rounded, halves up.
func scaled(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	lo, carry := bits.Add64(lo, c/2, 0)
	q, _ := bits.Div64(hi+carry, lo, c)
	return q
}

// percentage prints n/scale, where scale is a power of ten.
func percentage(n, scale uint64) string {
	text := strconv.FormatUint(n/scale, 10)
	if n%scale == 0 {
		return text + "%"
	}
	fraction := strconv.FormatUint(scale+n%scale, 10)[1:]
	return text + "." + fraction + "%"
}
