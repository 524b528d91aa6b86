package store

import (
	"fmt"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// CutLog makes z the last transaction of the history and reads the directory
// back, as TRUNC demands (protocol.md §8.4, §5.5).
//
// z must be logged, or the zxid of a snapshot that can be read, or the zxid 0
// of an epoch whose first transaction is logged (the history then ends before
// that one). Otherwise the error wraps ErrNoSuchRecord, or ErrDamagedLog when
// the log cannot be read up to z, and nothing has changed.
//
// Snapshots named above z go first, and with them any that was begun before z
// but may hold effects of later transactions; a reload must not bring back what
// was cut. Then logs above z go from the newest down, then the end of the file
// that holds z. After a crash in the middle, recovery finds z and a part of what
// came after it. No snapshot and no log write may be under way, and a
// [LogWriter] must be rolled.
func CutLog(fs FS, z proto.Zxid, keep int) (*Recovered, error) {
	return cutLog(fs, z, keep, false)
}

// CutLogUpTo cuts like [CutLog] after the largest transaction that is not above
// z, whether or not z itself is there: a learner drops what it logged beyond the
// snapshot that it was sent. A log that cannot be read up to z or its end is
// refused with ErrDamagedLog.
func CutLogUpTo(fs FS, z proto.Zxid, keep int) (*Recovered, error) {
	return cutLog(fs, z, keep, true)
}

func cutLog(fs FS, z proto.Zxid, keep int, upTo bool) (*Recovered, error) {
	d, err := list(fs)
	if err != nil {
		return nil, err
	}
	h, err := read(fs, d, z)
	if err != nil {
		return nil, fmt.Errorf("cut after %v (%s): %w", z, z.Hex(), err)
	}
	if !h.reached && h.torn != nil {
		return nil, fmt.Errorf("cut after %v (%s): %w", z, z.Hex(), h.torn)
	}
	if !h.reached && !upTo {
		return nil, fmt.Errorf("%w: cut after %v (%s): the history up to there ends at %v (%s)",
			ErrNoSuchRecord, z, z.Hex(), h.last, h.last.Hex())
	}
	ops := removeSnapshots(nil, d.above(z, h.inexact))
	ops = h.settle(h.cutBehind(ops))
	if err := doAll(fs, ops); err != nil {
		return nil, err
	}
	return h.recovered(keep), nil
}

// above returns the snapshots named above z, and those given, rising.
func (d *directory) above(z proto.Zxid, given []proto.Zxid) []proto.Zxid {
	all := slices.Clone(given)
	for _, s := range d.snapshots {
		if s > z {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return all
}
