package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Minute:             "1m",
		10 * time.Minute:        "10m",
		time.Hour:               "1h",
		90 * time.Second:        "1m30s",
		time.Hour + time.Second: "1h0m1s",
		30 * time.Second:        "30s",
		1500 * time.Millisecond: "1.5s",
		100 * time.Hour:         "100h",
		1500 * time.Nanosecond:  "1.5us",
		0:                       "0s",
	} {
		assert.Equal(t, want, Span(d))
		back, err := time.ParseDuration(Span(d))
		assert.NoError(t, err)
		assert.Equal(t, d, back)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 123456: "123,456"} {
		assert.Equal(t, want, Number(n))
	}
}

func TestClock(t *testing.T) {
	assert.Equal(t, "00:39.204", Clock(39204*time.Millisecond))
	assert.Equal(t, "61:02.000", Clock(time.Hour+62*time.Second))
}
