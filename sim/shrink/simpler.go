package shrink

import (
	"slices"
	"time"

	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/fault/netem"
)

// simpler lists statements that say less than one does, or say it with rounder or
// smaller numbers; the greatest steps first. Not all of them can be carried out.
func simpler(st fault.Statement) []fault.Statement {
	v := &variants{of: st}
	for _, at := range coarser(st.At) {
		v.with(func(c *fault.Statement) { c.At = at })
	}
	v.durations()
	v.counts()
	v.network()
	v.filters()
	v.fewerNames()
	return v.list
}

// variants collects statements that differ from one.
type variants struct {
	of   fault.Statement
	list []fault.Statement
}

// with adds the statement with a change, if it is one.
func (v *variants) with(change func(*fault.Statement)) {
	c := v.of
	if change(&c); !c.Equal(v.of) {
		v.list = append(v.list, c)
	}
}

// durations shortens every span of the statement.
func (v *variants) durations() {
	for _, field := range [...]func(*fault.Statement) *time.Duration{
		func(c *fault.Statement) *time.Duration { return &c.For },
		func(c *fault.Statement) *time.Duration { return &c.Down },
		func(c *fault.Statement) *time.Duration { return &c.Up },
		func(c *fault.Statement) *time.Duration { return &c.Span },
		func(c *fault.Statement) *time.Duration { return &c.Clock.Period },
		func(c *fault.Statement) *time.Duration { return &c.Disk.Delay },
		func(c *fault.Statement) *time.Duration { return &c.Net.Netem.Delay },
	} {
		for _, d := range shorter(*field(&v.of)) {
			v.with(func(c *fault.Statement) { *field(c) = d })
		}
	}
	v.with(func(c *fault.Statement) { c.Disk.Jitter = 0 })
	v.with(func(c *fault.Statement) { c.Net.Netem.Jitter = 0 })
	by := v.of.Clock.By
	for _, d := range shorter(max(by, -by)) {
		v.with(func(c *fault.Statement) { c.Clock.By = d * sign(by) })
	}
}

func sign(d time.Duration) time.Duration {
	if d < 0 {
		return -1
	}
	return 1
}

// counts makes numbers of things smaller.
func (v *variants) counts() {
	for _, field := range [...]func(*fault.Statement) *int64{
		func(c *fault.Statement) *int64 { return &c.On.N },
		func(c *fault.Statement) *int64 { return &c.Limit },
		func(c *fault.Statement) *int64 { return &c.Disk.N },
	} {
		n := *field(&v.of)
		for _, less := range [...]int64{1, n / 4, n / 2, n / 100 * 100, n / 10 * 10} {
			if less > 0 && less < n {
				v.with(func(c *fault.Statement) { *field(c) = less })
			}
		}
	}
	const ppm = 10_000
	v.with(func(c *fault.Statement) { c.Clock.PPM = c.Clock.PPM / 2 / ppm * ppm })
	v.with(func(c *fault.Statement) { c.Clock.PPM = c.Clock.PPM / ppm * ppm })
}

// network makes what happens on links less.
func (v *variants) network() {
	v.with(func(c *fault.Statement) { c.Net.Both = false })
	loss := v.of.Net.Netem.Loss
	if loss == 0 {
		return
	}
	v.with(func(c *fault.Statement) { c.Net.Netem.Loss = 0 })
	for _, p := range [...]netem.Chance{loss / 4, loss / 2, loss} {
		for _, percent := range [...]uint64{10, 1} {
			v.with(func(c *fault.Statement) { c.Net.Netem.Loss = wholePercents(p, percent) })
		}
	}
}

// wholePercents rounds a chance down to a multiple of so many percent, as the
// words of netem read it.
func wholePercents(p netem.Chance, grain uint64) netem.Chance {
	percent := uint64(p) * 100 / uint64(netem.Certain) / grain * grain
	return netem.Chance((percent*uint64(netem.Certain) + 50) / 100)
}

// filters leaves out what narrows the operations of a disk, and halves chances.
func (v *variants) filters() {
	v.with(func(c *fault.Statement) { c.P = fault.Ratio{} })
	v.with(func(c *fault.Statement) { c.Disk.P = fault.Ratio{} })
	v.with(func(c *fault.Statement) { c.P = half(c.P) })
	v.with(func(c *fault.Statement) { c.Disk.P = half(c.Disk.P) })
	v.with(func(c *fault.Statement) { c.Disk.Ops = 0 })
	v.with(func(c *fault.Statement) { c.Disk.Path = "" })
	v.with(func(c *fault.Statement) { c.Disk.Class = fault.FilesAll })
}

// half gives half of a chance, down to one in a thousand.
func half(r fault.Ratio) fault.Ratio {
	if r.Num == 0 || r.Den/r.Num > 500 {
		return r
	}
	return fault.Ratio{Num: 1, Den: 2 * r.Den / r.Num}
}

// fewerNames leaves single nodes out, and lists them in order.
func (v *variants) fewerNames() {
	v.with(func(c *fault.Statement) { c.Nodes = slices.Sorted(slices.Values(c.Nodes)) })
	v.with(func(c *fault.Statement) { c.Peers = slices.Sorted(slices.Values(c.Peers)) })
	for i := range v.of.Nodes {
		v.with(func(c *fault.Statement) { c.Nodes = slices.Delete(slices.Clone(c.Nodes), i, i+1) })
	}
	for i := range v.of.Peers {
		v.with(func(c *fault.Statement) { c.Peers = slices.Delete(slices.Clone(c.Peers), i, i+1) })
	}
}
