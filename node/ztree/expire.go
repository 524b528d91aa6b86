package ztree

import "github.com/zksim/zksim/node/proto"

// HasDoomed reports whether there are containers or znodes with a time to live,
// which somebody has to look at from time to time.
func (t *Tree) HasDoomed() bool { return t.containers.len()+t.ttls.len() > 0 }

// Doomed returns the paths of the containers, and of the znodes with a time to
// live, that are due to be deleted at a wall clock time in ms: those without
// children whose time has come. A container's comes when it has had a child, or
// after neverUsed ms if that is not 0. Sorted, containers first.
func (t *Tree) Doomed(now, neverUsed int64) []string {
	var out []string
	for _, set := range []*names{&t.containers, &t.ttls} {
		for path, ok := set.first(); ok; path, ok = set.after(path) {
			n := t.nodes[path]
			s := n.stat()
			if s.due(n.children().len(), now, neverUsed) {
				out = append(out, path)
			}
		}
	}
	return out
}

// due reports whether a znode with so many children is to be deleted.
func (s *stat) due(children int, now, neverUsed int64) bool {
	switch {
	case children > 0:
		return false
	case s.isContainer():
		return s.creations > 0 || neverUsed != 0 && now-s.mtime > neverUsed
	}
	ttl := s.ttl()
	return ttl != 0 && now-s.mtime > ttl
}

// deleteDoomed prepares what the leader asks of itself. The znode may have got a
// child, or new data, since it was looked at.
func (o *Outstanding) deleteDoomed(op *proto.Op) proto.ErrCode {
	node := o.look(op.Path)
	switch {
	case !node.exists:
		return proto.NoNode
	case node.children > 0:
		return proto.NotEmpty
	case !node.stat.due(node.children, o.header.Time, op.TTL):
		return proto.BadVersion
	}
	o.noteDeleted(op.Path)
	return proto.OK
}
