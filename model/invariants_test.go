package model

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

// prepared is a state with a session and an ephemeral of it.
func prepared(t *testing.T) State {
	s := New()
	s = mustApply(t, s, 1, &proto.Op{Type: proto.OpCreateSession, Timeout: 4000})
	s = mustApply(t, s, 1, &proto.Op{Type: proto.OpCreate, Path: "/a", ACL: proto.OpenACL()})
	return mustApply(t, s, 1, &proto.Op{Type: proto.OpCreate, Path: "/a/e", ACL: proto.OpenACL(), Flags: proto.FlagEphemeral})
}

func mustApply(t *testing.T, s State, id proto.SessionID, op *proto.Op) State {
	next, r, _ := s.Apply(s.last+1, 0, id, op)
	require.Equal(t, proto.OK, r.Err, "%+v", *op)
	return next
}

// Each check fails on a state that breaks what it checks, and names the property.
func TestCheckFindsPlantedDefects(t *testing.T) {
	require.Empty(t, prepared(t).Check())
	edit := func(s *State, path string, f func(*node)) {
		n, _ := s.find(path)
		c := *n
		f(&c)
		s.put(path, &c)
	}
	for what, c := range map[string]struct {
		property proto.Property
		plant    func(*State)
	}{
		"mzxid below czxid":      {proto.StatShape, func(s *State) { edit(s, "/a", func(n *node) { n.mzxid = 1 }) }},
		"pzxid below czxid":      {proto.StatShape, func(s *State) { edit(s, "/a", func(n *node) { n.pzxid = 1 }) }},
		"mzxid from the future":  {proto.StatShape, func(s *State) { edit(s, "/a", func(n *node) { n.mzxid = 9 }) }},
		"pzxid from the future":  {proto.StatShape, func(s *State) { edit(s, "/a", func(n *node) { n.pzxid = 9 }) }},
		"creations forgotten":    {proto.StatShape, func(s *State) { edit(s, "/a", func(n *node) { n.creations = 0 }) }},
		"child of an ephemeral":  {proto.StatShape, func(s *State) { edit(s, "/a", func(n *node) { n.owner = 1 }) }},
		"child that is not here": {proto.StatShape, func(s *State) { s.nodes = s.nodes.without("/a/e", rankOfText("/a/e")) }},
		"node that is no child":  {proto.StatShape, func(s *State) { s.put("/b", &node{}) }},
		"owner without session":  {proto.Ephemeral, func(s *State) { s.sessions = s.sessions.without(1) }},
		"owner without list":     {proto.Ephemeral, func(s *State) { s.sessions = s.sessions.with(1, rankOfNumber(1), session{}) }},
		"list of another's node": {proto.Ephemeral, func(s *State) { edit(s, "/a/e", func(n *node) { n.owner = 0 }) }},
		"kinds mixed":            {proto.StatShape, func(s *State) { edit(s, "/a", func(n *node) { n.container, n.ttl = true, 1 }) }},
		"ephemeral that ends":    {proto.StatShape, func(s *State) { edit(s, "/a/e", func(n *node) { n.ttl = 1 }) }},
		"quota without limits":   {proto.StatShape, func(s *State) { s.quotas = withName(s.quotas, "/a") }},
		"bad name": {proto.StatShape, func(s *State) {
			edit(s, "/a", func(n *node) { n.children, n.creations = withName(n.children, ".."), 2 })
			s.put("/a/..", &node{})
		}},
	} {
		s := prepared(t)
		c.plant(&s)
		found := s.Check()
		require.NotEmpty(t, found, what)
		assert.Equal(t, c.property, found[0].Property, what)
	}
}

// The count of creations sticks at its largest value (§1.3): that number is
// handed out once, and again after its node is gone.
func TestSequenceSticks(t *testing.T) {
	s := prepared(t)
	n, _ := s.find("/a")
	almost := *n
	almost.creations = 1<<31 - 3
	s.put("/a", &almost)
	create := &proto.Op{Type: proto.OpCreate, Path: "/a/s", ACL: proto.OpenACL(), Flags: proto.FlagSequential}
	for _, name := range []string{"/a/s2147483645", "/a/s2147483646", "/a/s2147483647"} {
		s = mustApply(t, s, 1, create)
		_, ok := s.find(name)
		require.True(t, ok, name)
	}
	next, r, _ := s.Apply(s.last+1, 0, 1, create)
	assert.Equal(t, proto.NodeExists, r.Err)
	s = mustApply(t, next, 1, &proto.Op{Type: proto.OpDelete, Path: "/a/s2147483647", Version: -1})
	s = mustApply(t, s, 1, create)
	at, _ := s.find("/a")
	assert.Equal(t, int32(1<<31-1), at.creations)
	assert.Equal(t, int32(-2-4), at.stat().Cversion, "wrapped: twice the creations less 4 children")
}
