package disksim

import (
	"fmt"
	"time"

	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/rng"
)

// Span is a range of durations, both ends included, each as likely.
type Span struct{ Min, Max time.Duration }

// Latency says how long a disk takes. It is a value: the simulator draws one per
// run, or takes the default.
type Latency struct {
	Fsync Span  // of a file or of the directory
	Write Span  // into the page cache
	Name  Span  // create, rename, remove, truncate
	Read  Span  // of the whole directory
	Rate  int64 // bytes a second that every operation takes on top; 0 is no limit
}

// DefaultLatency is that of a plain solid-state disk.
func DefaultLatency() Latency {
	return Latency{
		Fsync: Span{1 * time.Millisecond, 5 * time.Millisecond},
		Write: Span{20 * time.Microsecond, 60 * time.Microsecond},
		Name:  Span{50 * time.Microsecond, 200 * time.Microsecond},
		Read:  Span{100 * time.Microsecond, 100 * time.Microsecond},
		Rate:  500_000_000,
	}
}

// Draw gives the duration of an operation that moves so many bytes. It takes one
// number from s, whatever the kind.
func (l Latency) Draw(kind store.OpKind, bytes int, s *rng.Stream) time.Duration {
	span := l.span(kind)
	d := s.Duration(span.Min, span.Max)
	if l.Rate > 0 {
		d += time.Duration(int64(bytes) * int64(time.Second) / l.Rate)
	}
	return d
}

func (l Latency) span(kind store.OpKind) Span {
	switch kind {
	case store.OpFsync, store.OpSyncDir:
		return l.Fsync
	case store.OpWrite:
		return l.Write
	case store.OpCreate, store.OpRename, store.OpRemove, store.OpTruncate:
		return l.Name
	case store.OpRecover:
		return l.Read
	case store.OpCutLog: // reads to find the place, and syncs what is left
		return Span{l.Read.Min + l.Fsync.Min, l.Read.Max + l.Fsync.Max}
	}
	panic(fmt.Sprintf("disksim: latency of operation %d", kind))
}
