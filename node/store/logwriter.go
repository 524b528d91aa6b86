package store

import (
	"fmt"

	"github.com/zksim/zksim/node/proto"
)

// growMargin is how near the end of the preallocated space a write may come
// before the file grows.
const growMargin = 4096

// LogWriter plans the growth of the transaction log. At most one write may be
// unsynced at a time (see the tail rule): after each Append comes an Fsync.
type LogWriter struct {
	preAlloc  int64
	name      string // "": the next Append starts a file
	off, size int64
	last      proto.Zxid
	newFile   bool // its name is not durable yet
	unsynced  bool
}

// NewLogWriter returns a writer whose first Append starts a new file: a file
// that a previous process left is never appended to. Files grow in steps of
// preAlloc bytes of zeros; with 0 or less they grow with each write.
func NewLogWriter(preAlloc int64) *LogWriter { return &LogWriter{preAlloc: preAlloc} }

// Append plans one write of all records, which must follow one another within
// a file. For a new file the operations that make it come before, and the
// header is part of the write. No records plan nothing.
func (w *LogWriter) Append(ops []Op, recs []Record) []Op {
	if len(recs) == 0 {
		return ops
	}
	if w.unsynced {
		broken(proto.Durability, "append of %v while %v is not synced", recs[0].Zxid, w.last)
	}
	start := w.name == ""
	if start {
		ops = w.create(ops, recs[0].Zxid)
	}
	w.checkOrder(recs, start)
	data := batch(recs, start)
	ops = w.grow(ops, int64(len(data)))
	ops = append(ops, Op{Kind: OpWrite, Class: ClassTxnLog, Name: w.name, Off: w.off, Data: data})
	w.off += int64(len(data))
	w.unsynced = true
	return ops
}

func (w *LogWriter) create(ops []Op, first proto.Zxid) []Op {
	w.name, w.off, w.size, w.newFile = LogName(first), 0, 0, true
	return append(ops, Op{Kind: OpCreate, Class: ClassTxnLog, Name: w.name})
}

// grow preallocates space when the next n bytes come near the end of the file.
func (w *LogWriter) grow(ops []Op, n int64) []Op {
	if w.preAlloc <= 0 || w.off+n+growMargin <= w.size {
		return ops
	}
	w.size = (w.off + n + growMargin + w.preAlloc - 1) / w.preAlloc * w.preAlloc
	return append(ops, Op{Kind: OpTruncate, Class: ClassTxnLog, Name: w.name, Off: w.size})
}

func (w *LogWriter) checkOrder(recs []Record, start bool) {
	for i, r := range recs {
		if !(start && i == 0) && !r.Zxid.Follows(w.last) {
			broken(proto.LogShape, "%v logged after %v in %s", r.Zxid, w.last, w.name)
		}
		w.last = r.Zxid
	}
}

// batch joins the bytes of one write. A single record needs no copy.
func batch(recs []Record, start bool) []byte {
	if len(recs) == 1 && !start {
		return recs[0].Bytes
	}
	n := len(logHeader)
	for _, r := range recs {
		n += len(r.Bytes)
	}
	b := make([]byte, 0, n)
	if start {
		b = append(b, logHeader...)
	}
	for _, r := range recs {
		b = append(b, r.Bytes...)
	}
	return b
}

// Fsync plans what makes everything appended durable: the file, and its name
// when it is new. Without an Append since the last Fsync it plans nothing.
func (w *LogWriter) Fsync(ops []Op) []Op {
	if !w.unsynced {
		return ops
	}
	ops = append(ops, Op{Kind: OpFsync, Class: ClassTxnLog, Name: w.name})
	if w.newFile {
		ops = append(ops, Op{Kind: OpSyncDir, Class: ClassTxnLog})
	}
	w.unsynced, w.newFile = false, false
	return ops
}

// Roll makes the next Append start a new file, named after its first zxid.
// Everything must be fsynced: a torn tail before another file with records is
// damage. Roll after a snapshot was installed and after a CutLog.
func (w *LogWriter) Roll() {
	if w.unsynced {
		broken(proto.LogShape, "log rolled while %v is not synced", w.last)
	}
	w.name = ""
}

// broken panics: the core broke the rule that keeps a property.
func broken(p proto.Property, format string, args ...any) {
	panic(&proto.Violation{Property: p, Place: "store", Detail: fmt.Sprintf(format, args...)})
}
