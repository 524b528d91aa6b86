package ztree

import (
	"cmp"
	"maps"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// What four-letter words tell of the store.

// DataSize is the number of bytes in the paths and data of all znodes, that of
// the root counted as "/". It is kept up to date and costs nothing to read.
func (t *Tree) DataSize() int64 { return t.bytes + 1 }

// SessionCount is the number of open sessions.
func (t *Tree) SessionCount() int { return len(t.sessions) }

// EphemeralCount is the number of ephemeral znodes.
func (t *Tree) EphemeralCount() int {
	count := 0
	for _, set := range t.ephemerals { // order-free: a sum
		count += set.len()
	}
	return count
}

// EphemeralOwners are the sessions that have ephemeral znodes, by rising id.
func (t *Tree) EphemeralOwners() []proto.SessionID { return slices.Sorted(maps.Keys(t.ephemerals)) }

// DataWatch is a watch for data, as exists, getData and addWatch set it.
type DataWatch struct {
	Path string
	Who  Watcher
}

// DataWatches returns all watches for data, by path and then by connection.
func (w *Watches) DataWatches() []DataWatch {
	var out []DataWatch
	for path, list := range w.paths[dataWatch] { // order-free: sorted below
		for x := list.first; x != nil; x = x.next {
			out = append(out, DataWatch{path, x.who})
		}
	}
	// total order: a connection has one such watch on a path
	slices.SortFunc(out, func(a, b DataWatch) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Who, b.Who))
	})
	return out
}
