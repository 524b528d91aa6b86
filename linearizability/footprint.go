package linearizability

import (
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// sequenceDigits is the length of the number in a sequential name.
const sequenceDigits = 10

// footprint is what a call may depend on or change: nodes, and its session. A
// create or delete changes the parent as well; a sequential create has a name of
// which the beginning alone is known.
type footprint struct {
	session  proto.SessionID
	paths    []string
	prefixes []string // of sequential names
	all      bool     // it may depend on any node
}

func footprintOf(session proto.SessionID, op *proto.Op) footprint {
	f := footprint{session: session}
	f.add(op)
	return f
}

func (f *footprint) add(op *proto.Op) {
	for i := range op.Ops {
		f.add(&op.Ops[i])
	}
	switch op.Type {
	case proto.OpCreate, proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL:
		f.paths = append(f.paths, parentOf(op.Path))
		if op.Flags.IsSequential() {
			f.prefixes = append(f.prefixes, op.Path)
		} else {
			f.paths = append(f.paths, op.Path)
		}
	case proto.OpDelete:
		f.paths = append(f.paths, parentOf(op.Path), op.Path)
	case proto.OpMulti, proto.OpMultiRead, proto.OpCloseSession:
	case proto.OpGetAllChildren, proto.OpGetEphemerals:
		f.all = true
	default:
		f.paths = append(f.paths, rooted(op.Path))
	}
}

// join makes f the union of both, without the session of o.
func (f *footprint) join(o *footprint) {
	f.paths = append(f.paths, o.paths...)
	f.prefixes = append(f.prefixes, o.prefixes...)
	f.all = f.all || o.all
}

// covers reports whether a node may be among the footprint's.
func (f *footprint) covers(path string) bool {
	if f.all {
		return true
	}
	for _, p := range f.paths {
		if p == path {
			return true
		}
	}
	for _, p := range f.prefixes {
		if len(path) == len(p)+sequenceDigits && strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

// meets reports whether two footprints may have a node in common.
func (f *footprint) meets(o *footprint) bool {
	if f.all || o.all {
		return true
	}
	for _, p := range o.paths {
		if f.covers(p) {
			return true
		}
	}
	for _, p := range f.paths {
		if o.covers(p) {
			return true
		}
	}
	for _, p := range f.prefixes {
		for _, q := range o.prefixes {
			if strings.HasPrefix(p, q) || strings.HasPrefix(q, p) {
				return true
			}
		}
	}
	return false
}

// parentOf returns the path before the last slash, the root as "/".
func parentOf(path string) string {
	return rooted(path[:max(strings.LastIndexByte(path, '/'), 0)])
}

// rooted gives the root its one name.
func rooted(path string) string {
	if path == "" {
		return "/"
	}
	return path
}
