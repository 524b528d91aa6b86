package ztree

import (
	"bytes"

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
	last []byte // key of the last node written
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
		b = n.append(b, s.last)
		if len(b)-start >= limit {
			break
		}
	}
	return b, s.done
}

// endMark stands where the path of a further node would.
const endMark = "/"

// advance finds the node whose turn it is, nil at the end.
func (s *Snapshot) advance() (n *node) {
	if s.any {
		s.last, n = s.tree.following(s.last)
		return n
	}
	s.any = true
	return s.tree.nodes[""]
}

// append appends the node of a key.
func (n *node) append(b, key []byte) []byte {
	b = append(proto.AppendInt(b, int32(len(key))), key...)
	b = proto.AppendLong(proto.AppendBuffer(b, n.data), int64(n.acl))
	s := n.stat()
	return s.appendPersisted(b)
}

// following returns the node that comes after a key in preorder, and writes that
// one's key over the given one; the node of the given key, and any above it, may
// have been deleted in the meantime. Whatever it returns lies below nodes that a
// walk along it has passed, so that parents always precede children.
func (t *Tree) following(key []byte) ([]byte, *node) {
	if n := t.nodes[string(key)]; n != nil {
		if name, ok := n.children().first(); ok {
			return t.child(key, name)
		}
	}
	for len(key) > 0 {
		i := bytes.LastIndexByte(key, '/')
		above, name := key[:i], string(key[i+1:])
		if n := t.nodes[string(above)]; n != nil {
			if next, ok := n.children().after(name); ok {
				return t.child(above, next)
			}
		}
		key = above
	}
	return key, nil
}

// child returns a child that is there, and its key in the place of that of its
// parent.
func (t *Tree) child(key []byte, name string) ([]byte, *node) {
	key = append(append(key, '/'), name...)
	return key, t.nodes[string(key)]
}
