package engine

import (
	"io/fs"
	"path"
	"time"

	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/rng"
)

// diskFault is a fault of a server's disk that is in effect.
type diskFault struct {
	what  *fault.Disk
	left  int64 // how many operations it still hits, when what.N bounds them
	draws *rng.Stream
}

// trouble is what the faults of a disk do to one operation.
type trouble struct {
	delay time.Duration // on top of its latency
	hangs bool          // it does not complete until the disk is better
	err   error         // it fails, and does nothing
}

// diskError is an error as the operating system numbers them.
type diskError fault.Errno

// Error gives the usual name.
func (e diskError) Error() string { return fault.Errno(e).String() }

// disturbDisk makes disks fail, or mends them.
func (f *faults) disturbDisk(e *effect) {
	for _, s := range e.servers {
		if e.st.Disk.Kind == fault.DiskClear {
			s.mendDisk(func(d *diskFault) bool { return e.st.Disk.Class == fault.FilesAll || d.what.Class == e.st.Disk.Class })
			continue
		}
		s.diskFaults.put(e.id, &diskFault{what: &e.st.Disk, left: e.st.Disk.N, draws: e.draws})
	}
}

func (f *faults) undoDisk(e *effect) {
	for _, s := range e.servers {
		if s.diskFaults.drop(e.id) {
			s.diskBetter()
		}
	}
}

// mendDisk undoes the faults that are meant.
func (s *server) mendDisk(meant func(*diskFault) bool) {
	kept := s.diskFaults.list[:0]
	for _, l := range s.diskFaults.list {
		if !meant(l.value) {
			kept = append(kept, l)
		}
	}
	s.diskFaults.list = kept
	s.diskBetter()
}

// diskBetter lets operations that hang try again.
func (s *server) diskBetter() {
	for i := range s.lanes {
		if s.lanes[i].hangs {
			s.lanes[i].hangs = false
			s.beginDisk(laneID(i))
		}
	}
	if s.bootHangs {
		s.bootHangs = false
		s.after(0, serverBoot, bootFresh, 0)
	}
}

// diskTrouble finds what the faults in effect do to an operation.
func (s *server) diskTrouble(op *store.Op) trouble {
	var t trouble
	for i := range s.diskFaults.list {
		d := s.diskFaults.list[i].value
		if !d.hits(s, op) {
			continue
		}
		switch d.what.Kind {
		case fault.DiskLatency:
			t.delay += d.delay()
		case fault.DiskHang:
			t.hangs = true
		case fault.DiskError:
			if d.what.Errno == fault.ENOSPC || d.what.Errno == fault.EDQUOT {
				s.c.counts.DiskFull++
			}
			if t.err == nil {
				t.err = &fs.PathError{Op: op.Kind.String(), Path: op.Name, Err: diskError(d.what.Errno)}
			}
		}
	}
	return t
}

func (d *diskFault) delay() time.Duration {
	delay := d.what.Delay
	if j := d.what.Jitter; j > 0 {
		delay += d.draws.Duration(-j, j-1)
	}
	return max(delay, 0)
}

// hits reports whether a fault concerns an operation, and counts it.
func (d *diskFault) hits(s *server, op *store.Op) bool {
	if !d.concerns(s, op) || d.what.N > 0 && d.left == 0 ||
		d.what.P.Said() && !d.draws.Chance(d.what.P.Num, d.what.P.Den) {
		return false
	}
	d.left--
	return true
}

// concerns reports whether the filters of a fault let an operation through. An
// operation that reads the whole directory concerns files of every class.
func (d *diskFault) concerns(s *server, op *store.Op) bool {
	whole := op.Kind == store.OpRecover || op.Kind == store.OpCutLog
	if !whole && d.what.Class != fault.FilesAll && d.what.Class != fileClass(op.Class) {
		return false
	}
	if d.what.Class == fault.FilesConfig || !namesOp(d.what.Ops, op.Kind) {
		return false
	}
	return d.what.Path == "" || (whole && s.anyFile(d.what.Path)) || matches(d.what.Path, op.Name)
}

func fileClass(c store.Class) fault.FileClass {
	return [...]fault.FileClass{
		store.ClassTxnLog: fault.FilesTxnLog, store.ClassSnapshot: fault.FilesSnapshot, store.ClassEpoch: fault.FilesEpoch}[c]
}

// namesOp reports whether a set of operations names one that this one consists of.
func namesOp(set fault.DiskOps, k store.OpKind) bool {
	for _, op := range diskOps(k) {
		if set.Has(op) {
			return true
		}
	}
	return false
}

// diskOps gives the words for an operation; reading a directory back is several.
func diskOps(k store.OpKind) []fault.DiskOp {
	switch k {
	case store.OpCreate:
		return []fault.DiskOp{fault.OpCreate}
	case store.OpWrite:
		return []fault.DiskOp{fault.OpWrite}
	case store.OpTruncate:
		return []fault.DiskOp{fault.OpTruncate}
	case store.OpFsync, store.OpSyncDir:
		return []fault.DiskOp{fault.OpFsync}
	case store.OpRename:
		return []fault.DiskOp{fault.OpRename}
	case store.OpRemove:
		return []fault.DiskOp{fault.OpRemove}
	case store.OpCutLog:
		return []fault.DiskOp{fault.OpTruncate, fault.OpList, fault.OpOpen, fault.OpRead}
	}
	return []fault.DiskOp{fault.OpRead, fault.OpList, fault.OpOpen}
}

func (s *server) anyFile(pattern string) bool {
	names, _ := s.disk.List()
	for _, name := range names {
		if matches(pattern, name) {
			return true
		}
	}
	return false
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}
