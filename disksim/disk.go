// Package disksim is the disk of one simulated host: files under a page cache,
// and what a crash leaves of them.
//
// A Disk satisfies store.FS. Every operation changes the cached state at once;
// Sync makes one file's content and size durable, SyncDir the names of all
// files. Killing a process loses nothing, so there is no method for it: the
// next process goes on with the same Disk. A loss of power is Crash.
//
// The package imports sim/rng, and node/store for the FS contract and the kinds
// of operations. It knows no time: when an operation is done is its driver's
// business, who may ask Latency how long it takes.
package disksim

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/zksim/zksim/node/store"
)

// sizeMax bounds a file, so that an offset fits an int on every platform.
const sizeMax = 1 << 30

// ErrTooLarge says that a file would exceed 1 GiB.
var ErrTooLarge = errors.New("disksim: file over 1 GiB")

// Disk is a directory of files. It is not safe for concurrent use, and must not
// be copied: see Clone.
type Disk struct {
	files   []file  // by file id; those that neither names, durable nor ops reach are waiting for compact
	names   dir     // what programs see
	durable dir     // the names as of the last SyncDir
	ops     []dirOp // what leads from durable to names, in order
}

var _ store.FS = (*Disk)(nil)

// New makes an empty disk.
func New() *Disk { return &Disk{} }

// Create makes an empty file, or empties the one of that name. The emptying
// becomes durable with the file's content, the name with SyncDir. A name that
// is empty or holds a slash is fs.ErrInvalid.
func (d *Disk) Create(name string) error {
	if f := d.find(name); f != nil {
		f.truncate(0)
		return nil
	}
	if !validName(name) {
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrInvalid}
	}
	d.files = append(d.files, file{})
	d.enact(dirOp{kind: opLink, name: name, file: int32(len(d.files) - 1)})
	return nil
}

// WriteAt writes p at off; a hole before it reads as zeros. The caller gives p
// away: until the next Sync a crash may have to write it again. A file
// occupies memory up to its last written byte, so a distant offset is dear.
// Errors: fs.ErrNotExist, fs.ErrInvalid for a negative offset, ErrTooLarge.
func (d *Disk) WriteAt(name string, off int64, p []byte) error {
	f := d.find(name)
	if f == nil {
		return missing("write", name)
	}
	if err := checkSize("write", name, off, int64(len(p))); err != nil {
		return err
	}
	f.write(int(off), p)
	return nil
}

// Truncate sets the file's size. What it grows by takes no memory until it is
// written or read. Errors as for WriteAt.
func (d *Disk) Truncate(name string, size int64) error {
	f := d.find(name)
	if f == nil {
		return missing("truncate", name)
	}
	if err := checkSize("truncate", name, size, 0); err != nil {
		return err
	}
	f.truncate(int(size))
	return nil
}

// Sync makes the content and the size of a file durable, but not its name.
// A missing file is fs.ErrNotExist.
func (d *Disk) Sync(name string) error {
	f := d.find(name)
	if f == nil {
		return missing("sync", name)
	}
	f.sync()
	return nil
}

// Rename gives a file another name, replacing a file of that name in the same
// step: at no point does a crash leave neither. A missing file is fs.ErrNotExist.
func (d *Disk) Rename(from, to string) error {
	if d.find(from) == nil {
		return missing("rename", from)
	}
	if !validName(to) {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrInvalid}
	}
	if from != to {
		d.enact(dirOp{kind: opRename, name: from, to: to})
	}
	return nil
}

// Remove takes a name away, and with it the file, once the removal is durable.
// A missing file is fs.ErrNotExist.
func (d *Disk) Remove(name string) error {
	if d.find(name) == nil {
		return missing("remove", name)
	}
	d.enact(dirOp{kind: opRemove, name: name})
	return nil
}

// SyncDir makes all names durable. It never fails.
func (d *Disk) SyncDir() error {
	if len(d.ops) > 0 {
		d.settleNames(d.names)
	}
	return nil
}

// ReadFile returns the content, which the caller must not change and which later
// writes leave alone. It copies nothing, unless the file was grown by Truncate
// beyond its last written byte: then the first call after a change builds the
// content of the whole size, zeros included, and the next ones return it again.
// A missing file is fs.ErrNotExist.
func (d *Disk) ReadFile(name string) ([]byte, error) {
	f := d.find(name)
	if f == nil {
		return nil, missing("read", name)
	}
	return f.content(), nil
}

// List returns the names of all files, sorted. It never fails.
func (d *Disk) List() ([]string, error) {
	names := make([]string, len(d.names))
	for i := range d.names {
		names[i] = d.names[i].name
	}
	return names, nil
}

// Unsynced is how many operations a crash could undo: writes and changes of
// size since the file's last Sync, and creations, renames and removals since
// the last SyncDir.
func (d *Disk) Unsynced() int {
	n := len(d.ops)
	for i := range d.files {
		n += len(d.files[i].changes)
	}
	return n
}

// Bytes is the sum of all files' sizes, as programs see them.
func (d *Disk) Bytes() int64 {
	sum := int64(0)
	for _, e := range d.names {
		sum += int64(d.files[e.file].size)
	}
	return sum
}

// find returns nil for a missing file. The pointer is valid until the next Create.
func (d *Disk) find(name string) *file {
	i, ok := d.names.search(name)
	if !ok {
		return nil
	}
	return &d.files[d.names[i].file]
}

// enact carries out a directory operation and remembers that it is not durable.
func (d *Disk) enact(op dirOp) {
	d.names = d.names.with(op)
	d.ops = append(d.ops, op)
}

// settleNames makes names the ones that programs see and the durable ones, and
// forgets all files that have none.
func (d *Disk) settleNames(names dir) {
	files := make([]file, len(names))
	for i := range names {
		files[i] = d.files[names[i].file]
		names[i].file = int32(i)
	}
	*d = Disk{files: files, names: names, durable: names.clone()}
}

func validName(name string) bool { return name != "" && !strings.Contains(name, "/") }

func missing(op, name string) error {
	return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

func checkSize(op, name string, off, n int64) error {
	if off < 0 {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if off > sizeMax || n > sizeMax-off {
		return &fs.PathError{Op: op, Path: name, Err: ErrTooLarge}
	}
	return nil
}
