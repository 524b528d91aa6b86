package disksim

import (
	"fmt"
	"slices"

	"github.com/zksim/zksim/sim/rng"
)

// Power says what a loss of power leaves of that which was not synced.
type Power uint8

// What a crash leaves. After each of them, what is left is durable.
const (
	LoseUnsynced Power = iota // nothing
	KeepAll                   // everything: the cache was written back just before

	// Subset leaves a drawn part. Of the directory operations it is a prefix,
	// for a journal keeps their order. Of each file's writes and changes of size
	// since its last Sync it is any subset, each of them whole and in the old
	// order, for a cache is written back in no order; holes read as zeros. Files
	// and directory are drawn independently: a name may survive without the
	// content, while content whose name is lost is gone.
	Subset
)

var powerNames = [...]string{"lose-unsynced", "keep-all", "subset"}

// String gives the word of fault statements.
func (p Power) String() string { return powerNames[p] }

// subsetParts is the denominator of the share of a file's changes that survives.
const subsetParts = 4

// Crash is a loss of power: the cached state becomes what was durable and what
// power leaves of the rest. Only Subset draws, and draw may be nil otherwise:
// first the number of directory operations, then for each file left that has
// unsynced changes, by name, the share that survives in quarters (so that none
// and all are likely for long lists, too), then once for each change.
func (d *Disk) Crash(power Power, draw *rng.Stream) {
	switch power {
	case LoseUnsynced:
		d.crash(0, (*file).lose)
	case KeepAll:
		d.crash(len(d.ops), (*file).sync)
	case Subset:
		d.crash(int(draw.Between(0, int64(len(d.ops)))), func(f *file) { f.drawSome(draw) })
	default:
		panic(fmt.Sprintf("disksim: power %d", power))
	}
}

// crash leaves so many of the directory operations, and of every file that then
// has a name what settle leaves.
func (d *Disk) crash(ops int, settle func(*file)) {
	names := d.durable
	for _, op := range d.ops[:ops] {
		names = names.with(op)
	}
	d.settleNames(names)
	for i := range d.files {
		settle(&d.files[i])
	}
}

func (f *file) drawSome(draw *rng.Stream) {
	if len(f.changes) == 0 {
		return
	}
	parts := draw.Between(0, subsetParts)
	f.keepSome(func() bool { return draw.Chance(parts, subsetParts) })
}

// Clone gives an independent disk in the same state, cached and durable. It
// costs a few words a file: content is shared until one of the two overwrites it.
func (d *Disk) Clone() *Disk {
	c := &Disk{
		files:   make([]file, len(d.files)),
		names:   d.names.clone(),
		durable: d.durable.clone(),
		ops:     slices.Clone(d.ops),
	}
	for i := range d.files {
		c.files[i] = d.files[i].fork()
	}
	return c
}

// Durable gives an independent disk that holds what a crash now would leave with
// LoseUnsynced. The disk itself is not changed.
func (d *Disk) Durable() *Disk {
	c := d.Clone()
	c.Crash(LoseUnsynced, nil)
	return c
}
