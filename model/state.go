package model

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// State is the replicated state of the service after some transaction: znodes
// and sessions. It is a value: nothing changes one that was returned, and copies
// are cheap. [New] gives the first one.
type State struct {
	nodes    scattered[*node] // by full path, the root as "/"
	sessions sorted[proto.SessionID, session]
	quotas   names // paths of nodes for which there are limits
	last     proto.Zxid
	rules    Rules
}

// Rules are what a server is told of its own operation. Every server of a service
// has the same; they are no part of what is replicated.
type Rules struct {
	ExtendedTypes bool // nodes with a time to live may be made
	EnforceQuota  bool // hard quotas are obeyed
}

// node is a znode. One that is part of a State is never modified.
type node struct {
	data                []byte // nil is null
	czxid, mzxid, pzxid proto.Zxid
	ctime, mtime        int64 // ms
	version, aversion   int32
	creations           int32           // of children, ever; sticks at the largest int32
	owner               proto.SessionID // of an ephemeral
	container           bool
	ttl                 int64       // ms; 0: it stays
	acl                 []proto.ACL // nil: the open list
	children            names       // without the parent's path
}

// session is a live session with the paths of its ephemerals.
type session struct {
	timeout int32 // ms
	owned   names
}

// New returns the state of a server that was never used: the reserved nodes
// alone, all counters zero. It obeys the zero [Rules].
func New() State { return NewWith(Rules{}) }

// NewWith is [New] under other rules.
func NewWith(rules Rules) State {
	s := State{rules: rules}
	readable := []proto.ACL{{Perms: proto.PermRead, Scheme: schemeWorld, ID: "anyone"}}
	s.put("/", &node{data: []byte{}, children: setOf("zookeeper")})
	s.put("/zookeeper", &node{data: []byte{}, children: setOf("config", "quota")})
	s.put("/zookeeper/config", &node{data: []byte{}, aversion: -1, acl: readable})
	s.put("/zookeeper/quota", &node{data: []byte{}})
	return s
}

// Clone returns a state that is independent of s.
func (s State) Clone() State { return s }

// Last returns the zxid of the transaction that led to the state, 0 at first.
// It is the zxid in the header of a read's reply.
func (s State) Last() proto.Zxid { return s.last }

// Timeout returns the timeout of a session in ms, and whether the session lives.
func (s State) Timeout(id proto.SessionID) (int32, bool) {
	v, ok := s.sessions.get(id)
	return v.timeout, ok
}

// Sessions returns the live sessions in ascending order.
func (s State) Sessions() []proto.SessionID { return slices.Collect(s.sessions.keys()) }

// Ephemerals returns the paths of a session's ephemerals, sorted.
func (s State) Ephemerals(id proto.SessionID) []string {
	v, _ := s.sessions.get(id)
	return slices.Collect(v.owned.keys())
}

// ACL returns the permissions of a node, and whether there is such a node. The
// result must not be modified.
func (s State) ACL(path string) ([]proto.ACL, bool) {
	n, ok := s.find(path)
	if !ok {
		return nil, false
	}
	return n.permissions(), true
}

// Walk shows every node in preorder, the children of a node in the order of
// their names, until visit returns false. Data is null if nil, and must not be
// modified.
func (s State) Walk(visit func(path string, stat proto.Stat, data []byte) bool) {
	s.walk("/", visit)
}

func (s State) walk(path string, visit func(string, proto.Stat, []byte) bool) bool {
	n, ok := s.find(path)
	if !ok {
		return true
	}
	if !visit(path, n.stat(), n.data) {
		return false
	}
	for name := range n.children.keys() {
		if !s.walk(childPath(path, name), visit) {
			return false
		}
	}
	return true
}

// Dump returns the whole state as text, a line for each node and each session.
// Equal states, and only those, have equal texts.
func (s State) Dump() string {
	var b strings.Builder
	fmt.Fprintf(&b, "last %v\n", s.last)
	s.Walk(func(path string, t proto.Stat, data []byte) bool {
		fmt.Fprintf(&b, "%q c=%v@%d m=%v@%d p=%v versions=%d,%d,%d owner=%v data=%s%s\n",
			path, t.Czxid, t.Ctime, t.Mzxid, t.Mtime, t.Pzxid,
			t.Version, t.Cversion, t.Aversion, t.EphemeralOwner, dataText(data), s.rareText(path))
		return true
	})
	for id, v := range s.sessions.all() {
		fmt.Fprintf(&b, "session %v timeout=%d\n", id, v.timeout)
	}
	return b.String()
}

func dataText(data []byte) string {
	if data == nil {
		return "null"
	}
	return fmt.Sprintf("%q", data)
}

// rareText tells what few nodes have.
func (s State) rareText(path string) (text string) {
	n, _ := s.find(path)
	if n.container {
		text += " container"
	}
	if n.ttl != 0 {
		text += fmt.Sprintf(" ttl=%d", n.ttl)
	}
	if n.acl != nil {
		text += fmt.Sprintf(" acl=%v", n.acl)
	}
	return text
}

// Digest returns the FNV-1a hash of [State.Dump].
func (s State) Digest() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.Dump())) // a hash accepts everything
	return h.Sum64()
}

// find returns the node of a path; the empty path is another name of the root.
// No node is stored under a path that breaks the rules, so such a path is
// simply missing.
func (s State) find(path string) (*node, bool) {
	path = canonical(path)
	return s.nodes.get(path, rankOfText(path))
}

func (s *State) put(path string, n *node) {
	path = canonical(path)
	s.nodes = s.nodes.with(path, rankOfText(path), n)
}

// stat gives the public form of the metadata. The visible cversion counts both
// creations and deletions of children: of c creations with n children left,
// c-n were deleted, which makes c+(c-n). It wraps as an int32.
func (n *node) stat() proto.Stat {
	children := int32(n.children.len())
	return proto.Stat{
		Czxid: n.czxid, Mzxid: n.mzxid, Pzxid: n.pzxid, Ctime: n.ctime, Mtime: n.mtime,
		Version: n.version, Cversion: 2*n.creations - children, Aversion: n.aversion,
		EphemeralOwner: n.owner, DataLength: int32(len(n.data)), NumChildren: children,
	}
}

func childPath(parent, name string) string {
	if parent == "/" {
		return "/" + name
	}
	return parent + "/" + name
}

func setOf(members ...string) (s names) {
	for _, name := range members {
		s = withName(s, name)
	}
	return s
}
