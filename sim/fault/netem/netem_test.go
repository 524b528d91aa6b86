package netem

import (
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestHits(t *testing.T) {
	assert.False(t, Chance(0).Hits(0))
	assert.True(t, Chance(1).Hits(0))
	assert.True(t, Chance(1).Hits(1))
	assert.False(t, Chance(1).Hits(2))
	assert.True(t, Certain.Hits(1<<32-1))
}

func TestParse(t *testing.T) {
	percent := func(s string) Chance { return nearest(t, s) }
	for line, want := range map[string]Netem{
		"":                                     {},
		"delay 500ms 100ms loss 35%":           {500 * time.Millisecond, 100 * time.Millisecond, percent("35")},
		"delay .5ms":                           {Delay: 500 * time.Microsecond},
		"delay 1e2ms":                          {Delay: 100 * time.Millisecond},
		"delay 1.5E-1sec":                      {Delay: 150 * time.Millisecond},
		"delay 100MS":                          {Delay: 100 * time.Millisecond},
		"delay 2ms 5ms":                        {Delay: 2 * time.Millisecond, Jitter: 5 * time.Millisecond},
		"delay 100ms delay 200ms":              {Delay: 200 * time.Millisecond},
		"delay 100ms 10ms delay 200ms":         {Delay: 200 * time.Millisecond},
		"delay 5.":                             {Delay: 5 * time.Microsecond},
		"delay 1.9999ns":                       {Delay: 1},
		"latency 1secs":                        {Delay: time.Second},
		"delay 0e999999999999s":                {},
		"delay 0.0000000000000000000000001e9s": {},
		"delay 9223372036.854775807s":          {Delay: 1<<63 - 1},
		"delay 1ms 3s":                         {Delay: time.Millisecond, Jitter: JitterMax},
		"loss 35":                              {Loss: percent("35")},
		"loss random .5%":                      {Loss: percent("0.5")},
		"loss 0% loss 6%":                      {Loss: percent("6")},
		"drop 100%":                            {Loss: Certain},
		"loss 1e1":                             {Loss: percent("10")},
		"loss 100.000":                         {Loss: Certain},
		"lo 30% de 1ms":                        {Delay: time.Millisecond, Loss: percent("30")},
		"sudo loss 1%":                         {Loss: percent("1")},
		"tc qdisc add dev eth0 root netem delay 500ms 100ms loss 35%":            {500 * time.Millisecond, 100 * time.Millisecond, percent("35")},
		"sudo tc qdisc replace dev eth0 parent 1:2 handle 10: netem delay 100ms": {Delay: 100 * time.Millisecond},
		"tc qdisc change root netem":                                             {},
	} {
		got, err := Parse(strings.Fields(line))
		require.NoError(t, err, line)
		assert.Equal(t, want, got, line)
	}
}

// nearest computes a chance with fractions.
func nearest(t require.TestingT, percent string) Chance {
	x, ok := new(big.Rat).SetString(percent)
	require.True(t, ok, percent)
	x.Mul(x, big.NewRat(1<<32-1, 100)).Add(x, big.NewRat(1, 2))
	return Chance(new(big.Int).Quo(x.Num(), x.Denom()).Uint64())
}

func TestParseRefuses(t *testing.T) {
	const later = " is not part of this version, which has delay, jitter and loss"
	for line, want := range map[string]Error{
		"delay":                                 {1, "", "delay needs a time, as in delay 100ms"},
		"delay 500ms100":                        {1, "500ms100", errTime.Error()},
		"delay 100ms,10ms":                      {1, "100ms,10ms", errTime.Error()},
		"delay 1 ms":                            {2, "ms", "this is no option of netem; say delay TIME [JITTER] or loss PERCENT"},
		"delay 1m":                              {1, "1m", errTime.Error()},
		"delay 1min":                            {1, "1min", errTime.Error()},
		"delay -5ms":                            {1, "-5ms", errTime.Error()},
		"delay +5ms":                            {1, "+5ms", errTime.Error()},
		"delay nan":                             {1, "nan", errTime.Error()},
		"delay inf":                             {1, "inf", errTime.Error()},
		"delay .ms":                             {1, ".ms", errTime.Error()},
		"delay 0x10ms":                          {1, "0x10ms", errTime.Error()},
		"delay 1ems":                            {1, "1ems", errTime.Error()},
		"delay 9e99s":                           {1, "9e99s", errLong.Error()},
		"delay 1e10s":                           {1, "1e10s", errLong.Error()},
		"delay 1s .5s":                          {2, ".5s", "this is no option of netem; say delay TIME [JITTER] or loss PERCENT"},
		"DELAY 10ms":                            {0, "DELAY", "this is no option of netem; say delay TIME [JITTER] or loss PERCENT"},
		"delay 1ms 1ms 101%":                    {3, "101%", errBeyond.Error()},
		"delay 1ms 1ms 25%":                     {3, "25%", "correlation is not part of this version; leave the second percentage out"},
		"delay 1ms 1q":                          {2, "1q", errTime.Error()},
		"loss":                                  {1, "", "loss needs a percentage that begins with a digit, as in loss 5%"},
		"loss .5%":                              {1, ".5%", "loss needs a percentage that begins with a digit, as in loss 5%"},
		"loss 135%":                             {1, "135%", errBeyond.Error()},
		"loss 100.001%":                         {1, "100.001%", errBeyond.Error()},
		"loss 1e300%":                           {1, "1e300%", errBeyond.Error()},
		"loss -1%":                              {1, "-1%", "loss needs a percentage that begins with a digit, as in loss 5%"},
		"loss 5%%":                              {1, "5%%", errPercent.Error()},
		"loss random":                           {2, "", "random needs a percentage, as in loss random 5%"},
		"drop random x":                         {2, "x", errPercent.Error()},
		"loss ecn":                              {1, "ecn", "loss needs a percentage that begins with a digit, as in loss 5%"},
		"loss 5% drop 6%":                       {2, "drop", "loss is said twice"},
		"loss 35% 25%":                          {2, "25%", "correlation is not part of this version; leave the second percentage out"},
		"loss state 5%":                         {1, "state", "the loss model state is not part of this version; say loss PERCENT"},
		"loss gemodel 5%":                       {1, "gemodel", "the loss model gemodel is not part of this version; say loss PERCENT"},
		"limit 1k":                              {0, "limit", "limit" + later},
		"l 5%":                                  {0, "l", "limit" + later},
		"seed 1":                                {0, "seed", "seed" + later},
		"ecn loss 5%":                           {0, "ecn", "ecn" + later},
		"reorder 25%":                           {0, "reorder", "reorder" + later},
		"corrupt 1%":                            {0, "corrupt", "corrupt" + later},
		"gap 5":                                 {0, "gap", "gap" + later},
		"dup 1%":                                {0, "dup", "duplicate" + later},
		"delay 1ms 1ms distribution normal":     {3, "distribution", "distribution" + later},
		"rate 5kbit":                            {0, "rate", "rate" + later},
		"slot 800us":                            {0, "slot", "slot" + later},
		"se 1":                                  {0, "se", "this means seed or slot, depending on the release of tc; write the word out"},
		"s 1":                                   {0, "s", "this means seed or slot, depending on the release of tc; write the word out"},
		"tc":                                    {1, "", "tc is followed by qdisc here"},
		"tc filter add":                         {1, "filter", "tc is followed by qdisc here"},
		"tc qdisc":                              {2, "", "tc qdisc is followed by add, change, replace, link or del here"},
		"tc qdisc show":                         {2, "show", "tc qdisc is followed by add, change, replace, link or del here"},
		"tc qdisc add dev":                      {4, "", "dev needs a name after it"},
		"tc qdisc add dev eth0 root tbf rate 1": {6, "tbf", "the discipline is netem here; before it come dev NAME, root, parent ID and handle ID only"},
		"tc qdisc add root":                     {4, "", "the discipline is netem here; before it come dev NAME, root, parent ID and handle ID only"},
		"tc qdisc del dev eth0 root netem loss": {7, "loss", "nothing may follow when a discipline is deleted"},
		"sudo tc qdisc del dev eth0 root":       {3, "del", "this takes impairments away; say which there are to be"},
	} {
		_, err := Parse(strings.Fields(line))
		var got *Error
		require.ErrorAs(t, err, &got, line)
		assert.Equal(t, want, *got, line)
		assert.Contains(t, err.Error(), want.Reason)
	}
}

func TestDelClears(t *testing.T) {
	for _, line := range []string{"tc qdisc del dev eth0 root netem", "sudo tc qdisc del root"} {
		got, err := ParseLine(strings.Fields(line))
		require.NoError(t, err)
		assert.Equal(t, Line{Clear: true}, got)
	}
}

func TestNotes(t *testing.T) {
	got, err := ParseLine(strings.Fields("de 500 3s loss 1%"))
	require.NoError(t, err)
	assert.Equal(t, Line{Netem{500 * time.Microsecond, JitterMax, nearest(t, "1")}, false, []Note{
		{0, "de is read as delay"},
		{1, "a time without unit counts µs; releases of tc from 6.9 on read ns"},
		{2, "jitter is cut to 2.147483647s, as in the kernel"},
	}}, got)
}

func TestParseSize(t *testing.T) {
	for word, want := range map[string]int64{
		"0": 0, "4096": 4096, "1k": 1024, "1.5": 1, "64K": 65536, "1mB": 1 << 20, "2kbit": 256, "1Mbit": 131072, "1gbit": 134217728,
		"1gb": 1 << 30, "1.9999999999g": 2147483647, "7b": 7, "1e3": 1000, ".5kb": 512,
	} {
		got, err := ParseSize(word)
		require.NoError(t, err, word)
		assert.Equal(t, want, got, word)
	}
	for word, want := range map[string]error{"-1": errSize, "": errSize, "k": errSize, "1kib": errSize, "1 k": errSize, "2g": errLarge, "1e40": errLarge} {
		_, err := ParseSize(word)
		assert.Equal(t, want, err, word)
	}
}

func TestPrints(t *testing.T) {
	for line, want := range map[string]string{
		"loss 35 latency 500ms 100000us": "delay 500ms 100ms loss 35%",
		"delay 1500ms":                   "delay 1500ms",
		"delay 0 2":                      "delay 0s 2us",
		"delay 1ns":                      "delay 1ns",
		"loss 0.10%":                     "loss 0.1%",
		"loss 12.5%":                     "loss 12.5%",
		"loss 33.3333333%":               "loss 33.3333333%",
		"loss 100%":                      "loss 100%",
		"delay 0 loss 0":                 "",
	} {
		n, err := Parse(strings.Fields(line))
		require.NoError(t, err, line)
		assert.Equal(t, want, n.String(), line)
	}
}

// The integer of a percentage is the nearest one, however many digits it has.
func TestChancesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([0-9]|[1-9][0-9])\.[0-9]{1,30}`).Draw(t, "percent")
		got, err := ParseChance(text)
		require.NoError(t, err)
		require.Equal(t, nearest(t, text), got)
	})
	for p := range 101 {
		text := big.NewInt(int64(p)).String()
		got, err := ParseChance(text + "%")
		require.NoError(t, err)
		require.Equal(t, nearest(t, text), got)
		require.Equal(t, text+"%", got.String())
	}
}

func TestPrintedChancesParseBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Chance(rapid.Uint32().Draw(t, "chance"))
		text := want.String()
		require.LessOrEqual(t, len(text), len("12.12345678%"))
		got, err := ParseChance(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{"delay 500ms 100ms loss 35%", "loss random .5%", "sudo tc qdisc add dev eth0 root netem delay 1e-2ms 3",
		"tc qdisc del root", "loss 99.99999999%", "delay 9223372036.854775807s"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Fields(line)
		got, err := ParseLine(words)
		if err != nil {
			var e *Error
			require.True(t, errors.As(err, &e))
			require.NotEmpty(t, e.Reason)
			require.LessOrEqual(t, e.Index, len(words))
			return
		}
		require.GreaterOrEqual(t, got.Netem.Delay, time.Duration(0))
		again, err := ParseLine(strings.Fields(got.Netem.String()))
		require.NoError(t, err)
		require.Equal(t, got.Netem, again.Netem)
		require.Empty(t, again.Notes)
	})
}
