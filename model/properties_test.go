package model_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// TestRandomRuns checks what must hold after every operation, whatever it was:
// the shape of every Stat and the ownership of ephemerals (G18, G13), sequence
// numbers (G17), versions (G9), all or nothing (G8).
func TestRandomRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &history{state: start(3)}
		for _, op := range genLong(genWrite()).Draw(t, "ops") {
			h.apply(t, proto.SessionID(rapid.IntRange(1, 3).Draw(t, "session")), op)
		}
		again := start(3)
		for _, w := range h.writes {
			again, _, _ = again.Apply(again.Last()+1, int64(again.Last()), w.session, &w.op)
		}
		require.Equal(t, h.state.Dump(), again.Dump(), "the same writes give the same state")
	})
}

// start returns a state with open sessions 1 to n.
func start(n proto.SessionID) model.State {
	s := model.NewWith(model.Rules{ExtendedTypes: true})
	for id := proto.SessionID(1); id <= n; id++ {
		s, _, _ = s.Apply(s.Last()+1, 0, id, &proto.Op{Type: proto.OpCreateSession, Timeout: 4000})
	}
	return s
}

// history remembers of each node's incarnation what the properties speak of.
type history struct {
	state  model.State
	writes []write
	nodes  map[string]past
}

type write struct {
	session proto.SessionID
	op      proto.Op
}

type past struct {
	creates, deletes int32 // of children
	changes          int32 // of data
	lastNumber       int64 // of a sequential child
}

func (h *history) apply(t *rapid.T, id proto.SessionID, op proto.Op) {
	before := h.state
	dump := before.Dump()
	next, r, changes := before.Apply(before.Last()+1, int64(before.Last()), id, &op)
	h.state = next
	h.writes = append(h.writes, write{id, op})
	require.Equal(t, dump, before.Dump(), "an old state stays")
	require.Empty(t, next.Check())
	if r.Err != proto.OK || failedMulti(&r) {
		require.Empty(t, changes)
		require.Equal(t, afterFirstLine(dump), afterFirstLine(next.Dump()), "a failed write changes nothing")
	}
	h.count(t, changes)
	if op.Type == proto.OpCloseSession {
		require.Empty(t, next.Ephemerals(id))
		require.NotContains(t, next.Sessions(), id)
	}
	h.numbers(t, &op, &r)
	h.compare(t)
}

func failedMulti(r *proto.Result) bool { return len(r.Multi) > 0 && r.Multi[0].Type == proto.OpError }

func afterFirstLine(s string) string { return s[strings.Index(s, "\n"):] }

func (h *history) count(t *rapid.T, changes []model.Change) {
	if h.nodes == nil {
		h.nodes = map[string]past{"/": {deletes: -1}, "/zookeeper": {deletes: -2}, "/zookeeper/config": {}, "/zookeeper/quota": {}}
		for path, p := range h.nodes {
			p.lastNumber = -1
			h.nodes[path] = p
		}
	}
	for _, c := range changes {
		at := c.Path[:strings.LastIndex(c.Path, "/")]
		if at == "" {
			at = "/"
		}
		parent, node := h.nodes[at], h.nodes[c.Path]
		switch c.Type {
		case proto.EventNodeCreated:
			require.NotContains(t, h.nodes, c.Path)
			parent.creates++
			h.nodes[at], h.nodes[c.Path] = parent, past{lastNumber: -1}
		case proto.EventNodeDeleted:
			require.Contains(t, h.nodes, c.Path)
			parent.deletes++
			h.nodes[at] = parent
			delete(h.nodes, c.Path)
		case proto.EventNodeDataChanged:
			node.changes++
			h.nodes[c.Path] = node
		}
	}
}

// numbers: those of one incarnation of a parent rise. Inside a multi the
// incarnation may end between two creates, which this does not follow.
func (h *history) numbers(t *rapid.T, op *proto.Op, r *proto.Result) {
	if r.Err != proto.OK || op.Flags&proto.FlagSequential == 0 {
		return
	}
	number, err := strconv.ParseInt(r.Path[len(op.Path):], 10, 32)
	require.NoError(t, err)
	require.Len(t, r.Path, len(op.Path)+10)
	at := r.Path[:strings.LastIndex(r.Path, "/")]
	if at == "" {
		at = "/"
	}
	parent := h.nodes[at]
	require.Greater(t, number, parent.lastNumber, "G17")
	parent.lastNumber = number
	h.nodes[at] = parent
}

// compare holds every Stat against the history: G18's cversion, G9's version.
func (h *history) compare(t *rapid.T) {
	seen := map[string]bool{}
	h.state.Walk(func(path string, stat proto.Stat, _ []byte) bool {
		seen[path] = true
		require.Equal(t, h.nodes[path].creates+h.nodes[path].deletes, stat.Cversion, path)
		require.Equal(t, h.nodes[path].changes, stat.Version, path)
		return true
	})
	for path := range maps.Keys(h.nodes) {
		require.True(t, seen[path], path)
	}
}
