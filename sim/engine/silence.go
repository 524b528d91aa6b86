package engine

import (
	"fmt"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// treeOf gives the tree of a server's core; nil if it has none to show.
func (s *server) treeOf() *ztree.Tree {
	if core, ok := s.core.(interface{ Tree() *ztree.Tree }); ok {
		return core.Tree()
	}
	return nil
}

// silence has all clients die without a word: the leader must notice.
func (p *progress) silence() {
	p.c.endPrograms()
	hosts := p.c.healedHosts()
	for _, st := range p.c.stations {
		st.core.Die()
		hosts = append(hosts, st.host)
	}
	p.unheard = p.c.net.LongestBackoff(hosts...)
}

// sessionsClosed reports whether no healed server knows a session any more. Of
// one that knows none, ephemerals of theirs are judged, too (G13).
func (p *progress) sessionsClosed() bool {
	for _, s := range p.c.healed() {
		if t := s.treeOf(); t != nil && len(t.Sessions()) > 0 {
			return false
		}
	}
	for _, s := range p.c.healed() {
		p.c.judge(s, orphan(s))
	}
	return true
}

// orphan finds an ephemeral node although there are no sessions.
func orphan(s *server) (v *proto.Violation) {
	if t := s.treeOf(); t != nil {
		t.Walk(func(path string, _ []byte, stat proto.Stat) {
			if stat.EphemeralOwner != 0 && v == nil {
				v = found(proto.Ephemeral, "session-close", "%v still has %s of session %#x, which is closed", s.id, path, stat.EphemeralOwner)
			}
		})
	}
	return v
}

// openSessions tells who still knows sessions.
func (p *progress) openSessions() []string {
	var list []string
	for _, s := range p.c.healed() {
		if t := s.treeOf(); t != nil && len(t.Sessions()) > 0 {
			list = append(list, fmt.Sprintf("%v knows %d", s.id, len(t.Sessions())))
		}
	}
	return list
}
