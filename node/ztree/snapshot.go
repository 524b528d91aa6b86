package ztree

import (
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// Snapshot writes the body of a fuzzy snapshot (protocol.md §8.2) piece by
// piece, while transactions are applied between the pieces. Each node is written
// as it is when its turn comes, in preorder with children sorted. The image may
// hold effects of transactions newer than Zxid, even of parts of a multi, but
// lacks none up to Zxid; replaying from Zxid on makes it exact.
type Snapshot struct {
	tree *Tree
	zxid proto.Zxid
	head []byte // sessions and ACL table, until they are written
	next string // key of the last node written
	any  bool   // one has been written
	done bool
}

// NewSnapshot begins a snapshot: sessions and ACL lists are those of now.
func (t *Tree) NewSnapshot() *Snapshot {
	sessions := t.Sessions()
	head := proto.AppendInt(nil, int32(len(sessions)))
	for _, s := range sessions {
		head = proto.AppendInt(proto.AppendLong(head, int64(s.ID)), s.Timeout)
	}
	return &Snapshot{tree: t, zxid: t.processed, head: t.acls.append(head)}
}

// Zxid is the last transaction that the image holds whole for certain: the last
// one applied when the snapshot began.
func (s *Snapshot) Zxid() proto.Zxid { return s.zxid }

// Append appends at least one node to b and stops after about limit bytes. done
// reports that the end mark has been written; nothing is appended after it.
func (s *Snapshot) Append(b []byte, limit int) (_ []byte, done bool) {
	start := len(b)
	b = append(b, s.head...)
	s.head = nil
	for !s.done {
		n := s.advance()
		if n == nil {
			s.done = true
			b = proto.AppendString(b, endMark)
			break
		}
		b = n.append(b)
		if len(b)-start >= limit {
			break
		}
	}
	return b, s.done
}

// endMark stands where the path of a further node would.
const endMark = "/"

func (s *Snapshot) advance() *node {
	var n *node
	if s.any {
		n = s.tree.following(s.next)
	} else {
		n, s.any = s.tree.nodes[""], true
	}
	if n != nil {
		s.next = n.path
	}
	return n
}

func (n *node) append(b []byte) []byte {
	b = proto.AppendBuffer(proto.AppendString(b, n.path), n.data)
	return n.stat.appendPersisted(proto.AppendLong(b, int64(n.stat.acl)))
}

// following returns the node that comes after a path in preorder; the path
// itself, and any above it, may have been deleted in the meantime. Whatever it
// returns lies below nodes that a walk along it has passed, so that parents
// always precede children.
func (t *Tree) following(path string) *node {
	if n := t.nodes[path]; n != nil {
		if name, ok := n.children.first(); ok {
			return t.nodes[path+"/"+name]
		}
	}
	for path != "" {
		i := strings.LastIndexByte(path, '/')
		above, name := path[:i], path[i+1:]
		if n := t.nodes[above]; n != nil {
			if next, ok := n.children.after(name); ok {
				return t.nodes[above+"/"+next]
			}
		}
		path = above
	}
	return nil
}
