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
	listed     map[proto.SessionID]int // bytes of their paths in a closeSession
	containers names                   // keys of containers
	ttls       names                   // keys of znodes with a time to live
	quotas     map[string]*quota       // by the key of the znode that they are about
	excesses   []QuotaExcess
	acls       aclTable
	rules      Rules
	digests    digester
	digest     int64
	bytes      int64 // in the keys and data of all znodes
	processed  proto.Zxid
}

// Rules are those parts of a server's configuration that bear on the store. They
// are no part of the replicated state, but all servers should have the same.
type Rules struct {
	ExtendedTypes bool // znodes with a time to live may be made
	EnforceQuota  bool // hard quotas are obeyed
	SkipACL       bool // permissions are not looked at
}

// SetRules says by which rules requests are judged from now on.
func (t *Tree) SetRules(r Rules) { t.rules = r }

// may reports whether a caller with these identities has any of the permissions
// on a node.
func (t *Tree) may(ids []proto.ID, perms int32, n *node) bool {
	return n.acl == openKey || t.rules.SkipACL || grants(t.acls.restricting(n.acl), perms, ids)
}

// New returns the tree of a server that was never used: the root, /zookeeper,
// and its children quota and config (read-only), all with empty data, at zxid 0.
func New() *Tree {
	t := empty()
	root := t.insert(nil, "", []byte{}, stat{acl: openKey})
	reserved := t.insert(root, zookeeperPath, []byte{}, stat{acl: openKey})
	t.insert(reserved, quotaPath, []byte{}, stat{acl: openKey})
	readOnly := t.acls.use([]proto.ACL{{Perms: proto.PermRead, Scheme: schemeWorld, ID: anyone}})
	t.insert(reserved, configPath, []byte{}, stat{aversion: -1, acl: readOnly})
	return t
}

func empty() *Tree {
	return &Tree{
		nodes:      map[string]*node{},
		sessions:   map[proto.SessionID]int32{},
		ephemerals: map[proto.SessionID]*names{},
		listed:     map[proto.SessionID]int{},
		quotas:     map[string]*quota{},
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
	at := []byte{}
	for n := t.nodes[""]; n != nil; at, n = t.following(at) {
		visit(shown(string(at)), n.data, n.public())
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
// of the parent are the caller's business. It keeps path and data, and the ACL is
// in use already. The root has no parent.
func (t *Tree) insert(parent *node, path string, data []byte, s stat) *node {
	n := &node{data: data}
	n.setStat(&s)
	n.content = t.digests.content(path, data)
	t.nodes[path] = n
	if parent != nil {
		parent.adopt(lastName(path))
	}
	if s.owner != 0 {
		t.indexOf(&s).add(path)
		if id := s.session(); id != 0 {
			t.listed[id] += listedSize(path)
		}
	}
	t.bytes += int64(len(path) + len(data))
	t.account(path, 1, int64(len(data)))
	t.digestAgain(path, n, &s)
	return n
}

// remove takes a node out, with everything below it. Only replay over a fuzzy
// image finds anything below: children that the image took from a later
// incarnation of the node, whose creations are still to be replayed.
func (t *Tree) remove(path string, n *node) {
	for {
		name, ok := n.children().first()
		if !ok {
			break
		}
		child := path + "/" + name
		t.remove(child, t.nodes[child])
	}
	delete(t.nodes, path)
	t.nodes[parentKey(path)].children().remove(lastName(path))
	t.unindex(path, n)
	t.account(path, -1, -int64(len(n.data)))
	t.bytes -= int64(len(path) + len(n.data))
	t.acls.release(n.acl)
	t.digest -= int64(n.digest)
}

// setData gives a node other data, which it keeps.
func (t *Tree) setData(path string, n *node, data []byte) {
	t.account(path, 0, int64(len(data)-len(n.data)))
	t.bytes += int64(len(data) - len(n.data))
	n.data = data
	n.content = t.digests.content(path, data)
}

// setStat gives a node other metadata.
func (t *Tree) setStat(path string, n *node, s *stat) {
	n.setStat(s)
	t.digestAgain(path, n, s)
}

// digestAgain takes a change of the node's content or metadata, which is s now,
// into the digest.
func (t *Tree) digestAgain(path string, n *node, s *stat) {
	d := t.digests.node(path, n.content, s)
	t.digest += int64(d) - int64(n.digest)
	n.digest = d
}

// indexOf is the index that a node with an owner is in.
func (t *Tree) indexOf(s *stat) *names {
	switch {
	case s.isContainer():
		return &t.containers
	case s.session() == 0:
		return &t.ttls
	}
	set := t.ephemerals[s.owner]
	if set == nil {
		set = &names{}
		t.ephemerals[s.owner] = set
	}
	return set
}

func (t *Tree) unindex(path string, n *node) {
	if n.owner() == 0 {
		return
	}
	s := n.stat()
	set := t.indexOf(&s)
	set.remove(path)
	id := s.session()
	if set.len() == 0 {
		delete(t.ephemerals, id)
	}
	if id == 0 {
		return
	}
	if t.listed[id] -= listedSize(path); t.listed[id] == 0 {
		delete(t.listed, id)
	}
}
