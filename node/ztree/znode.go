package ztree

import "github.com/zksim/zksim/node/proto"

// node is one znode, in 80 bytes: there are millions of them. Its path is its key
// in the tree and is not repeated here. Its data is never changed in place:
// results and snapshots may alias it.
type node struct {
	data         []byte // nil is null
	more         *more  // nil for most znodes, which have nothing of what it holds
	czxid, mzxid proto.Zxid
	ctime, mtime int64
	version      int32
	acl          aclKey
	content      uint32 // CRC of path and data
	digest       uint32 // its part of the tree's digest
}

// more is what only those znodes have that have or had children, that belong to
// a session, are containers or have a time to live, or whose access control list
// was set later. A znode without it has pzxid equal to czxid, and zeros.
type more struct {
	children            names
	pzxid               proto.Zxid
	owner               proto.SessionID
	creations, aversion int32
}

// children is the set of names; nil, which is empty, for one that never had any.
func (n *node) children() *names {
	if n.more == nil {
		return nil
	}
	return &n.more.children
}

// stat is the metadata in one piece.
func (n *node) stat() stat {
	s := stat{
		czxid: n.czxid, mzxid: n.mzxid, pzxid: n.czxid, ctime: n.ctime, mtime: n.mtime,
		version: n.version, acl: n.acl,
	}
	if m := n.more; m != nil {
		s.pzxid, s.owner, s.creations, s.aversion = m.pzxid, m.owner, m.creations, m.aversion
	}
	return s
}

// setStat is the opposite of stat.
func (n *node) setStat(s *stat) {
	n.czxid, n.mzxid, n.ctime, n.mtime = s.czxid, s.mzxid, s.ctime, s.mtime
	n.version, n.acl = s.version, s.acl
	if n.more == nil {
		if s.pzxid == s.czxid && s.owner == 0 && s.creations == 0 && s.aversion == 0 {
			return
		}
		n.more = &more{}
	}
	m := n.more
	m.pzxid, m.owner, m.creations, m.aversion = s.pzxid, s.owner, s.creations, s.aversion
}

// owner is that of the metadata.
func (n *node) owner() proto.SessionID {
	if n.more == nil {
		return 0
	}
	return n.more.owner
}

// public is the form that clients see.
func (n *node) public() proto.Stat {
	p := proto.Stat{
		Czxid: n.czxid, Mzxid: n.mzxid, Pzxid: n.czxid, Ctime: n.ctime, Mtime: n.mtime,
		Version: n.version, DataLength: int32(len(n.data)),
	}
	if n.more != nil {
		n.more.tell(&p)
	}
	return p
}

// tell tells the rest. The cversion counts creations and deletions of children,
// and wraps.
func (m *more) tell(p *proto.Stat) {
	p.Pzxid, p.Aversion, p.EphemeralOwner = m.pzxid, m.aversion, sessionOf(m.owner)
	p.NumChildren = int32(m.children.len())
	p.Cversion = 2*m.creations - p.NumChildren
}

// adopt enters a child.
func (n *node) adopt(name string) {
	if n.more == nil {
		n.more = &more{pzxid: n.czxid}
	}
	n.more.children.add(name)
}
