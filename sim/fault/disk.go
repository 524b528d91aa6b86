package fault

import (
	"math/bits"
	"strings"
	"time"
)

// Disk is what happens to operations on a server's files. The filters Class,
// Ops, P, N and Path narrow which ones; their zero values narrow nothing.
type Disk struct {
	Kind   DiskKind
	Class  FileClass
	Delay  time.Duration // DiskLatency: added to the operation
	Jitter time.Duration // DiskLatency: uniform in [Delay-Jitter, Delay+Jitter), below 0 it is 0
	Errno  Errno         // DiskError
	Ops    DiskOps       // only these operations
	P      Ratio         // only with this chance each
	N      int64         // only the first so many that it hits; 0: all
	Path   string        // only files whose name this pattern of path.Match describes; "": all
}

// DiskKind is a way in which a disk fails.
type DiskKind uint8

// The kinds.
const (
	DiskLatency DiskKind = iota + 1 // the operation takes longer
	DiskHang                        // the operation does not complete until it is undone
	DiskError                       // the operation fails and does nothing
	DiskClear                       // all faults of these files are undone
)

var diskWords = [...]string{"disk?", "latency", "hang", "error", "clear"}

// String gives the word of the grammar.
func (k DiskKind) String() string { return wordOf(diskWords[:], k) }

// FileClass says which of a server's files are meant. The words are those of
// store.Class, and config for the configuration.
type FileClass uint8

// The classes.
const (
	FilesAll FileClass = iota
	FilesTxnLog
	FilesSnapshot
	FilesEpoch
	FilesConfig
)

var classWords = [...]string{"all", "txnlog", "snapshot", "epoch", "config"}

// String gives the word of the grammar.
func (c FileClass) String() string { return wordOf(classWords[:], c) }

// DiskOp is a file operation, in the words of store.OpKind and two more.
type DiskOp uint8

// The operations.
const (
	OpOpen DiskOp = iota + 1
	OpCreate
	OpRead
	OpWrite
	OpFsync
	OpRename
	OpTruncate
	OpRemove
	OpList
)

var opWords = [...]string{"op?", "open", "create", "read", "write", "fsync", "rename", "truncate", "remove", "list"}

// String gives the word of the grammar.
func (o DiskOp) String() string { return wordOf(opWords[:], o) }

// DiskOps is a set of operations; the empty set stands for all of them.
type DiskOps uint16

// With returns the set with one more operation.
func (s DiskOps) With(o DiskOp) DiskOps { return s | 1<<o }

// Has reports whether the set names an operation, or names none.
func (s DiskOps) Has(o DiskOp) bool { return s == 0 || s&(1<<o) != 0 }

// String joins the words by commas, in the order of the constants.
func (s DiskOps) String() string {
	words := make([]string, 0, bits.OnesCount16(uint16(s)))
	for o := OpOpen; o <= OpList; o++ {
		if s&(1<<o) != 0 {
			words = append(words, o.String())
		}
	}
	return strings.Join(words, ",")
}

// Errno is how an operation fails.
type Errno uint8

// The errors.
const (
	EIO Errno = iota + 1
	ENOSPC
	EROFS
	EDQUOT
	EMFILE
	EINTR
)

var errnoWords = [...]string{"errno?", "EIO", "ENOSPC", "EROFS", "EDQUOT", "EMFILE", "EINTR"}

// String gives the word of the grammar.
func (e Errno) String() string { return wordOf(errnoWords[:], e) }
