package disksim

import (
	"slices"
	"strings"
)

// entry gives a file a name. No file has two.
type entry struct {
	name string
	file int32
}

// dir is a directory, sorted by name.
type dir []entry

// dirOpKind is the kind of a directory operation.
type dirOpKind uint8

const (
	opLink dirOpKind = iota
	opRename
	opRemove
)

// dirOp is one change of a directory, as a journal keeps it. It is possible in
// the directory to which it is applied: at first, and whenever it is replayed
// after all that went before it.
type dirOp struct {
	kind dirOpKind
	name string
	to   string // opRename
	file int32  // opLink
}

func (d dir) clone() dir { return slices.Clone(d) }

func (d dir) search(name string) (int, bool) {
	return slices.BinarySearchFunc(d, name, func(e entry, name string) int { return strings.Compare(e.name, name) })
}

// with carries out op in place and returns the directory.
func (d dir) with(op dirOp) dir {
	switch op.kind {
	case opLink:
		return d.link(op.name, op.file)
	case opRename:
		i, _ := d.search(op.name)
		file := d[i].file
		return d.remove(op.name).link(op.to, file)
	default:
		return d.remove(op.name)
	}
}

// link names a file, in place of the one that had the name.
func (d dir) link(name string, file int32) dir {
	i, ok := d.search(name)
	if ok {
		d[i].file = file
		return d
	}
	return slices.Insert(d, i, entry{name, file})
}

func (d dir) remove(name string) dir {
	i, _ := d.search(name)
	return slices.Delete(d, i, i+1)
}
