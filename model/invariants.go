package model

import (
	"fmt"

	"github.com/zksim/zksim/node/proto"
)

// Check returns what is wrong with the state itself: metadata against G18,
// ephemerals against the sessions (G13). Nothing is wrong with a state that
// [State.Apply] made; the checks are for those of other origin, and for the
// model's own tests. Server and At of a violation are zero.
func (s State) Check() []proto.Violation {
	c := checker{State: s}
	reached := 0
	s.Walk(func(path string, stat proto.Stat, data []byte) bool {
		reached++
		c.stat(path, &stat, data)
		c.owner(path, stat.EphemeralOwner)
		return true
	})
	c.require(reached == s.nodes.len(), proto.StatShape, "%d nodes, %d below the root", s.nodes.len(), reached)
	c.owned()
	c.limited()
	return c.found
}

type checker struct {
	State
	found []proto.Violation
}

func (c *checker) require(ok bool, p proto.Property, format string, args ...any) {
	if !ok {
		v := proto.Violation{Property: p, Place: "model", Detail: fmt.Sprintf(format, args...)}
		c.found = append(c.found, v)
	}
}

func (c *checker) stat(path string, t *proto.Stat, data []byte) {
	n, _ := c.find(path)
	require := func(ok bool, what string) {
		c.require(ok, proto.StatShape, "%q: %s: %+v", path, what, *t)
	}
	require(t.Czxid <= t.Mzxid, "czxid above mzxid")
	require(t.Czxid <= t.Pzxid, "czxid above pzxid")
	require(t.Mzxid <= c.last && t.Pzxid <= c.last, "a zxid above the last one")
	require(int(t.NumChildren) == c.childrenOf(path), "numChildren against the tree")
	require(int(t.DataLength) == len(data), "dataLength against the data")
	require(t.EphemeralOwner == 0 || t.NumChildren == 0, "an ephemeral with children")
	require(reserved(path) || t.NumChildren <= n.creations, "more children than creations")
	require(validPath(path), "a path against the rules")
	require(n.container && n.ttl == 0 && n.owner == 0 || !n.container && (n.ttl == 0 || n.ttl > 0 && n.owner == 0), "of more than one kind")
}

// limited checks that the quotas are those of which the limits are in the tree.
func (c *checker) limited() {
	for about := range c.quotas.keys() {
		_, ok := c.find(quotaRoot + about + limitsName)
		c.require(ok, proto.StatShape, "%q: a quota without limits", about)
	}
}

// childrenOf counts the children that are really in the tree.
func (c *checker) childrenOf(path string) (count int) {
	n, _ := c.find(path)
	for name := range n.children.keys() {
		if _, ok := c.find(childPath(path, name)); ok {
			count++
		}
	}
	return count
}

func (c *checker) owner(path string, id proto.SessionID) {
	if id == 0 {
		return
	}
	v, alive := c.sessions.get(id)
	c.require(alive, proto.Ephemeral, "%q: its session %v is gone", path, id)
	_, listed := v.owned.get(path)
	c.require(listed, proto.Ephemeral, "%q: not in the list of session %v", path, id)
}

func (c *checker) owned() {
	for id, v := range c.sessions.all() {
		for path := range v.owned.keys() {
			n, ok := c.find(path)
			c.require(ok && n.owner == id, proto.Ephemeral, "%q: listed by session %v without right", path, id)
		}
	}
}
