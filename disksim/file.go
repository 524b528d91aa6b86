package disksim

import "slices"

// reserveMax bounds the size that a file can be given (a log that is
// preallocated) for its memory to be taken at once.
const reserveMax = 128 << 10

// file is the content of a file, cached and durable, without its name.
//
//	data     [ synced before | appended since |      room ]
//	durable  [ the same bytes]                 ^ size may lie anywhere from here on
//
// The two share memory: Sync only remembers a prefix. Bytes below shared may be
// seen by others (the durable content, a clone, a reader), so they are never
// changed in place: writing there moves the content first. A file that only
// grows is therefore never copied but to grow.
type file struct {
	data        []byte // up to the last written byte; zeros follow up to size
	size        int
	shared      int    // may exceed len(data), after a truncation
	durable     []byte // as of the last Sync; capacity equals length
	durableSize int
	view        []byte   // data with its zeros, once read; nil after a change
	changes     []change // since the last Sync, in order
	lent        bool     // changes is shared with a clone
}

// change is an unsynced write, or with n below 0 the setting of a size.
type change struct {
	off int // where; or the size
	n   int
	p   []byte // what was written; its owner gave it away
}

// write carries out a write and remembers it. An empty one does nothing.
func (f *file) write(off int, p []byte) {
	if len(p) == 0 {
		return
	}
	f.changes = append(f.changes, change{off, len(p), p})
	f.put(off, p)
}

// truncate sets the size and remembers it.
func (f *file) truncate(size int) {
	f.changes = append(f.changes, change{off: size, n: -1})
	f.resize(size)
}

func (f *file) put(off int, p []byte) {
	end := off + len(p)
	if min(off, len(f.data)) < f.shared || end > cap(f.data) { // the hole is written, too
		f.move(end)
	}
	if old := len(f.data); end > old {
		f.data = f.data[:end]
		clear(f.data[old:max(old, off)])
	}
	copy(f.data[off:], p)
	f.size = max(f.size, end)
	f.view = nil
}

// move copies the content to memory of its own with room for end bytes. Growth
// doubles the room, or takes what the size promises.
func (f *file) move(end int) {
	if more := end - len(f.data); more > 0 {
		room := max(more, len(f.data))
		if f.size <= reserveMax {
			room = max(room, f.size-len(f.data))
		}
		f.data = slices.Grow(slices.Clip(f.data), room)
	} else {
		f.data = slices.Clone(f.data)
	}
	f.shared = 0
}

func (f *file) resize(size int) {
	f.data = f.data[:min(size, len(f.data))]
	f.size = size
	f.view = nil
}

// sync makes the cached content durable.
func (f *file) sync() {
	f.durable, f.durableSize = f.share(), f.size
	f.forget()
}

// lose makes the durable content the cached one.
func (f *file) lose() {
	f.data, f.size, f.shared, f.view = f.durable, f.durableSize, len(f.durable), nil
	f.forget()
}

// keepSome makes durable those of the unsynced changes that survive, asked for
// in order, on top of what was durable.
func (f *file) keepSome(survives func() bool) {
	changes := f.changes
	f.changes = nil
	f.lose()
	for _, c := range changes {
		switch {
		case !survives():
		case c.n < 0:
			f.resize(c.off)
		default:
			f.put(c.off, c.p)
		}
	}
	f.sync()
}

// forget empties the list of unsynced changes. Its memory is used again, unless
// a clone still reads it.
func (f *file) forget() {
	if f.lent {
		f.changes, f.lent = nil, false
		return
	}
	clear(f.changes)
	f.changes = f.changes[:0]
}

// share hands out the written bytes, which from now on do not change.
func (f *file) share() []byte {
	f.shared = max(f.shared, len(f.data))
	return slices.Clip(f.data)
}

// content is the whole content with the zeros up to size, not to be changed.
func (f *file) content() []byte {
	if len(f.data) == f.size {
		return f.share()
	}
	if f.view == nil {
		f.view = make([]byte, f.size)
		copy(f.view, f.data)
	}
	return f.view
}

// fork gives a copy that shares all memory. The original keeps the room behind
// its data; the copy moves when it grows.
func (f *file) fork() file {
	f.lent = f.lent || len(f.changes) > 0
	c := *f
	c.data = f.share()
	c.shared = f.shared
	c.changes = slices.Clip(f.changes)
	return c
}
