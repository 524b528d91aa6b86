package store

// FS is one directory of a server's disk, flat: names hold no slash. The
// simulated disk and the operating system's files both satisfy it.
//
// Nothing is durable until it is synced: a file's content by Sync of that file,
// the existence and the name of a file (Create, Rename, Remove) by SyncDir.
// Errors wrap fs.ErrNotExist and fs.ErrExist where they apply.
type FS interface {
	// Create makes an empty file, or empties the one of that name.
	Create(name string) error
	// WriteAt writes p at off, which may lie beyond the end: the hole reads as
	// zeros. The caller must not change p afterwards.
	WriteAt(name string, off int64, p []byte) error
	// Truncate sets the file's size; growth reads as zeros.
	Truncate(name string, size int64) error
	Sync(name string) error
	Rename(from, to string) error
	Remove(name string) error
	SyncDir() error
	// ReadFile returns the content. The caller must not change it.
	ReadFile(name string) ([]byte, error)
	// List returns the names of all files, sorted.
	List() ([]string, error)
}

// OpKind is a file operation.
type OpKind uint8

// The file operations that a server asks for. Each is one step at which a
// crash can fall.
const (
	OpCreate OpKind = iota + 1
	OpWrite
	OpTruncate
	OpFsync
	OpRename
	OpRemove
	OpSyncDir
	OpRecover // reads the whole directory back: see Recover
	OpCutLog  // cuts the log after a zxid and removes everything above: see CutLog
)

// String gives the word of fault statements: "write", "fsync".
func (k OpKind) String() string {
	switch k {
	case OpCreate:
		return "create"
	case OpWrite:
		return "write"
	case OpTruncate, OpCutLog:
		return "truncate"
	case OpFsync, OpSyncDir:
		return "fsync"
	case OpRename:
		return "rename"
	case OpRemove:
		return "remove"
	case OpRecover:
		return "read"
	}
	return "op?"
}

// Class says which of a server's files an operation concerns, in the words of
// fault statements.
type Class uint8

// The classes of files.
const (
	ClassTxnLog Class = iota
	ClassSnapshot
	ClassEpoch
)

// String gives the word of fault statements: "txnlog".
func (c Class) String() string { return [...]string{"txnlog", "snapshot", "epoch"}[c] }

// Op is one file operation as a value, so that a pure core can ask for it and a
// driver can carry it out later.
type Op struct {
	Kind  OpKind
	Class Class
	Name  string
	To    string // rename: the new name
	Off   int64  // write: where; truncate: the size; cut log: the zxid to keep
	Data  []byte // write; never changed after the operation was asked for
	Loose bool   // cut log: after the largest transaction up to Off, which need not be there
	Keep  int    // recover, cut log: how many of the last records Recovered.Log holds
}
