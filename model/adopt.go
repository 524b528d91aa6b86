package model

import (
	"bytes"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// Open returns the state in which a session lives, without a transaction: for
// histories that do not show when their sessions began. One that lives already
// gets the timeout, in ms.
func (s State) Open(id proto.SessionID, timeout int32) State {
	v, _ := s.sessions.get(id)
	v.timeout = timeout
	s.sessions = s.sessions.with(id, rankOfNumber(int64(id)), v)
	return s
}

// Skip returns the state after a transaction that changed nothing. It panics if
// z is not above the last one.
func (s State) Skip(z proto.Zxid) State {
	if z <= s.last {
		panic("model: skipped a transaction of the past")
	}
	s.last = z
	return s
}

// Equal reports whether nothing that a client may ask tells two states apart but
// times. With zxids false, zxids do not count either. Parts that
// both states share cost nothing.
func (s State) Equal(o State, zxids bool) bool {
	return (!zxids || s.last == o.last) && equalTrees(s.sessions.root, o.sessions.root, equalSessions) &&
		equalPlaces(s.nodes.top, o.nodes.top, func(a, b *node) bool { return equalNodes(a, b, zxids) })
}

func equalSessions(a, b session) bool { return equalNames(a.owned, b.owned) }

func equalNames(a, b names) bool {
	return equalTrees(a.root, b.root, func(struct{}, struct{}) bool { return true })
}

func equalNodes(a, b *node, zxids bool) bool {
	return a == b || (!zxids || a.czxid == b.czxid && a.mzxid == b.mzxid && a.pzxid == b.pzxid) &&
		a.version == b.version && a.aversion == b.aversion && a.creations == b.creations && a.owner == b.owner &&
		a.container == b.container && a.ttl == b.ttl && slices.Equal(a.acl, b.acl) &&
		(a.data == nil) == (b.data == nil) && bytes.Equal(a.data, b.data) && equalNames(a.children, b.children)
}

// equalTrees compares maps: equal contents have equal shape.
func equalTrees[K interface{ ~string | ~int64 }, V any](a, b *entry[K, V], same func(a, b V) bool) bool {
	if a == b {
		return true
	}
	return a != nil && b != nil && a.size == b.size && a.key == b.key && same(a.value, b.value) &&
		equalTrees(a.left, b.left, same) && equalTrees(a.right, b.right, same)
}
