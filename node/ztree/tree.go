package ztree

import (
	"cmp"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// Tree is the replicated state of a server: znodes, sessions, and the zxid of
// the last transaction that went into it. It belongs to one caller at a time.
type Tree struct {
	nodes      map[string]*node // by key: the root is ""
	sessions   map[proto.SessionID]int32
	ephemerals map[proto.SessionID]*names
	acls       aclTable
	digests    digester
	digest     int64
	processed  proto.Zxid
}

// node is one znode. Its data is never changed in place: results and snapshots
// may alias it.
type node struct {
	path     string // its key
	parent   *node  // nil for the root
	data     []byte // nil is null
	stat     stat
	acl      int64
	children names
	content  uint32 // CRC of path and data
	digest   int64  // its part of the tree's digest
}

// name is the last component of the path.
func (n *node) name() string { return n.path[len(n.parent.path)+1:] }

func (n *node) public() proto.Stat { return n.stat.public(len(n.data), n.children.len()) }

// New returns the tree of a server that was never used: the root, /zookeeper,
// and its children quota and config (read-only), all with empty data, at zxid 0.
func New() *Tree {
	t := empty()
	root := t.insert(nil, "", []byte{}, stat{}, openKey)
	reserved := t.insert(root, zookeeperPath, []byte{}, stat{}, openKey)
	t.insert(reserved, quotaPath, []byte{}, stat{}, openKey)
	readOnly := t.acls.use([]proto.ACL{{Perms: permRead, Scheme: "world", ID: "anyone"}})
	t.insert(reserved, configPath, []byte{}, stat{aversion: -1}, readOnly)
	return t
}

func empty() *Tree {
	return &Tree{
		nodes:      map[string]*node{},
		sessions:   map[proto.SessionID]int32{},
		ephemerals: map[proto.SessionID]*names{},
		acls:       newACLTable(),
	}
}

// LastProcessed is the zxid of the last transaction applied whole.
func (t *Tree) LastProcessed() proto.Zxid { return t.processed }

// SetLastProcessed sets it, after loading and when an epoch begins.
func (t *Tree) SetLastProcessed(z proto.Zxid) { t.processed = z }

// Digest is the digest of the tree (protocol.md §8.1), which is kept up to date
// and costs nothing to read.
func (t *Tree) Digest() int64 { return t.digest }

// NodeCount is the number of znodes, built-in ones included.
func (t *Tree) NodeCount() int { return len(t.nodes) }

// Session is one open session of the replicated state.
type Session struct {
	ID      proto.SessionID
	Timeout int32 // ms
}

// Sessions returns all open sessions, by rising id.
func (t *Tree) Sessions() []Session {
	out := make([]Session, 0, len(t.sessions))
	for id, timeout := range t.sessions { // order-free: sorted below
		out = append(out, Session{id, timeout})
	}
	// total order: the ids are the keys of a map
	slices.SortFunc(out, func(a, b Session) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// SessionTimeout returns the timeout of an open session.
func (t *Tree) SessionTimeout(id proto.SessionID) (ms int32, ok bool) {
	ms, ok = t.sessions[id]
	return ms, ok
}

// Ephemerals returns the paths of the session's ephemeral znodes, sorted. The
// slice is the caller's.
func (t *Tree) Ephemerals(id proto.SessionID) []string {
	if set := t.ephemerals[id]; set != nil {
		return set.list()
	}
	return nil
}

// Walk calls visit for every znode in preorder, children sorted. Data must not
// be changed, nor the tree while Walk runs.
func (t *Tree) Walk(visit func(path string, data []byte, s proto.Stat)) {
	for n := t.nodes[""]; n != nil; n = t.following(n.path) {
		visit(shown(n.path), n.data, n.public())
	}
}

// ACL returns the access control list of a znode, which must not be changed.
func (t *Tree) ACL(path string) ([]proto.ACL, bool) {
	if n := t.lookup(path); n != nil {
		return t.acls.list(n.acl), true
	}
	return nil, false
}

// lookup finds a node by the path of a client; the empty path is the root.
func (t *Tree) lookup(path string) *node { return t.nodes[key(path)] }

// insert puts a new node into the tree, its indexes and its digest; counters
// of the parent are the caller's business. It keeps data, and acl is in use already.
func (t *Tree) insert(parent *node, path string, data []byte, s stat, acl int64) *node {
	n := &node{path: path, parent: parent, data: data, stat: s, acl: acl}
	n.content = t.digests.content(path, data)
	t.nodes[path] = n
	if parent != nil {
		parent.children.add(n.name())
	}
	if s.owner != 0 {
		t.ephemeralsOf(s.owner).add(path)
	}
	t.digestAgain(n)
	return n
}

// remove takes a node out, with everything below it. Only replay over a fuzzy
// image finds anything below: children that the image took from a later
// incarnation of the node, whose creations are still to be replayed.
func (t *Tree) remove(n *node) {
	for {
		name, ok := n.children.first()
		if !ok {
			break
		}
		t.remove(t.nodes[n.path+"/"+name])
	}
	delete(t.nodes, n.path)
	n.parent.children.remove(n.name())
	t.dropEphemeral(n)
	t.acls.release(n.acl)
	t.digest -= n.digest
}

// digestAgain takes a change of the node's content or metadata into the digest.
func (t *Tree) digestAgain(n *node) {
	d := t.digests.node(n.path, n.content, &n.stat)
	t.digest += d - n.digest
	n.digest = d
}

func (t *Tree) ephemeralsOf(id proto.SessionID) *names {
	set := t.ephemerals[id]
	if set == nil {
		set = &names{}
		t.ephemerals[id] = set
	}
	return set
}

func (t *Tree) dropEphemeral(n *node) {
	set := t.ephemerals[n.stat.owner]
	if set == nil {
		return
	}
	set.remove(n.path)
	if set.len() == 0 {
		delete(t.ephemerals, n.stat.owner)
	}
}
