package ztree

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
)

// otherACLs let everyone do everything too, so a tree that uses them takes the
// same requests; the prep stage makes none of them yet, images may hold them.
var otherACLs = [][]proto.ACL{
	{{Perms: 31, Scheme: "world", ID: "anyone"}, {Perms: 1, Scheme: "ip", ID: "127.0.0.1"}},
	{{Perms: 31, Scheme: "world", ID: "anyone"}, {Perms: 2, Scheme: "ip", ID: "127.0.0.1"}},
}

// history applies drawn transactions to a tree and remembers them.
type history struct {
	tree *Tree
	prep *Outstanding
	gen  requests
	txns []proto.Txn
}

func newHistory() *history {
	tree := New()
	tree.SetRules(Rules{ExtendedTypes: true})
	return &history{tree: tree, prep: NewOutstanding(tree), gen: requests{open: map[proto.SessionID]bool{}}}
}

func (h *history) grow(t *rapid.T, n int) {
	for range n {
		r := h.gen.draw(t)
		txn := h.prep.Prepare(r.header(proto.Zxid(len(h.txns)+1)), &r.op, r.ids, r.pre)
		if txn.Type == proto.OpCreate && rapid.IntRange(0, 3).Draw(t, "acl") == 0 {
			txn.ACL = rapid.SampledFrom(otherACLs).Draw(t, "other acl")
		}
		h.tree.Apply(&txn, nil, nil)
		h.prep.Applied(txn.Zxid)
		h.txns = append(h.txns, txn)
	}
}

// fuzzySnapshot writes an image in pieces, with transactions between them.
func (h *history) fuzzySnapshot(t *rapid.T) (proto.Zxid, []byte) {
	s := h.tree.NewSnapshot()
	var body []byte
	for done := false; !done; {
		h.grow(t, rapid.SampledFrom([]int{0, 1, 4, 9}).Draw(t, "meanwhile"))
		body, done = s.Append(body, rapid.IntRange(0, 200).Draw(t, "piece"))
	}
	return s.Zxid(), body
}

// load feeds a body in pieces.
func load(t *rapid.T, body []byte) *Tree {
	l := NewLoader()
	from, to, done := 0, 0, false
	for !done {
		require.Less(t, to, len(body), "the loader wants more than there is")
		to = min(len(body), to+rapid.IntRange(1, 300).Draw(t, "fed"))
		n, d, err := l.Feed(body[from:to])
		require.NoError(t, err)
		from, done = from+n, d
	}
	require.Equal(t, len(body), from)
	return l.Tree()
}

// TestFuzzySnapshot is rule R8: an image and the log after it replay to the same
// state, whatever happened while the image was written.
func TestFuzzySnapshot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory()
		h.grow(t, rapid.SampledFrom([]int{0, 5, 20, 40}).Draw(t, "before"))
		z, body := h.fuzzySnapshot(t)
		h.grow(t, rapid.IntRange(0, 5).Draw(t, "after"))
		tree := load(t, body)
		tree.SetLastProcessed(z)
		for i := range h.txns[z:] {
			txn, err := proto.DecodeTxn(proto.AppendTxn(nil, &h.txns[int(z)+i]))
			require.NoError(t, err)
			tree.Apply(&txn, nil, nil)
		}
		require.NoError(t, audit(tree))
		require.Equal(t, dump(h.tree), dump(tree))
		require.Equal(t, h.tree.Digest(), tree.Digest())
	})
}

// TestQuietSnapshot writes an image while nothing happens: it needs no replay,
// and the loaded tree writes the same bytes again.
func TestQuietSnapshot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory()
		h.grow(t, rapid.IntRange(0, 60).Draw(t, "before"))
		s := h.tree.NewSnapshot()
		body, done := s.Append(nil, 1<<20)
		require.True(t, done)
		more, done := s.Append(nil, 1<<20)
		require.True(t, done && len(more) == 0, "nothing comes after the end mark")
		tree := load(t, body)
		tree.SetLastProcessed(s.Zxid())
		require.Equal(t, dump(h.tree), dump(tree))
		require.Equal(t, h.tree.Digest(), tree.Digest())
		again, _ := tree.NewSnapshot().Append(nil, 1<<20)
		require.Equal(t, body, again)
	})
}

// step is a transaction in short form.
func step(z proto.Zxid, typ proto.OpCode, path string, parentC int32) *proto.Txn {
	return &proto.Txn{TxnHeader: proto.TxnHeader{Session: 1, Zxid: z, Time: int64(z), Type: typ},
		Path: path, ACL: proto.OpenACL(), ParentCVersion: parentC}
}

// TestReplayOverLaterIncarnation: /a was deleted and made again, with a child,
// after the image had begun and before it came to /a. The replayed deletion
// meets a node with a child of the future; both go, and come back.
func TestReplayOverLaterIncarnation(t *testing.T) {
	tree := New()
	tree.Apply(step(1, proto.OpCreate, "/a", 1), nil, nil)
	s := tree.NewSnapshot()
	body, _ := s.Append(nil, 0) // the root alone
	txns := []*proto.Txn{
		step(2, proto.OpDelete, "/a", 0), step(3, proto.OpCreate, "/a", 2), step(4, proto.OpCreate, "/a/b", 1),
	}
	for _, x := range txns {
		tree.Apply(x, nil, nil)
	}
	body, _ = s.Append(body, 1<<20)
	l := NewLoader()
	_, done, err := l.Feed(body)
	require.NoError(t, err)
	require.True(t, done)
	require.NotNil(t, l.Tree().nodes["/a/b"], "the image holds the child of the future")
	for _, x := range txns {
		l.Tree().Apply(x, nil, nil)
		require.NoError(t, audit(l.Tree()))
	}
	assert.Equal(t, dump(tree), dump(l.Tree()))
	assert.Equal(t, tree.Digest(), l.Tree().Digest())
}

// TestReplayOfDeletedChild: the image copied the parent, then the child went, so
// the image never saw it. The replayed deletion still raises the parent's pzxid.
func TestReplayOfDeletedChild(t *testing.T) {
	tree := New()
	tree.Apply(step(1, proto.OpCreate, "/a", 1), nil, nil)
	s := tree.NewSnapshot()
	body, _ := s.Append(nil, 0) // the root alone
	gone := step(2, proto.OpDelete, "/a", 0)
	tree.Apply(gone, nil, nil)
	body, _ = s.Append(body, 1<<20)
	l := NewLoader()
	_, _, err := l.Feed(body)
	require.NoError(t, err)
	assert.Equal(t, proto.NoNode, l.Tree().Apply(gone, nil, nil).Err)
	assert.Equal(t, dump(tree), dump(l.Tree()))
	assert.Equal(t, tree.Digest(), l.Tree().Digest())
}

// TestReplayNoticesALostTransaction shows that the comparisons above can fail:
// the image needs each of the transactions that came while it was written.
func TestReplayNoticesALostTransaction(t *testing.T) {
	txns := []*proto.Txn{
		step(2, proto.OpDelete, "/a", 0), step(3, proto.OpCreate, "/b", 2), step(4, proto.OpSetData, "/", 0),
	}
	for lost := range txns {
		tree := New()
		tree.Apply(step(1, proto.OpCreate, "/a", 1), nil, nil)
		s := tree.NewSnapshot()
		body, _ := s.Append(nil, 0)
		body, _ = s.Append(body, 0) // the root and /a
		for _, x := range txns {
			tree.Apply(x, nil, nil)
		}
		body, _ = s.Append(body, 1<<20)
		l := NewLoader()
		_, _, err := l.Feed(body)
		require.NoError(t, err)
		for i, x := range txns {
			if i != lost {
				l.Tree().Apply(x, nil, nil)
			}
		}
		assert.NotEqual(t, tree.Digest(), l.Tree().Digest(), "without transaction %v", txns[lost].Zxid)
	}
}

// TestSnapshotBytes pins the format: a session, an ACL list, the built-in nodes.
func TestSnapshotBytes(t *testing.T) {
	tree := New()
	tree.Apply(&proto.Txn{TxnHeader: proto.TxnHeader{Session: 7, Zxid: 1, Type: proto.OpCreateSession}, Timeout: 4000}, nil, nil)
	got, done := tree.NewSnapshot().Append(nil, 1<<20)
	require.True(t, done)
	want := proto.AppendInt(proto.AppendLong(proto.AppendInt(nil, 1), 7), 4000)
	want = proto.AppendLong(proto.AppendInt(want, 1), 1)
	want = proto.AppendACLs(want, []proto.ACL{{Perms: 1, Scheme: "world", ID: "anyone"}})
	for _, n := range []struct {
		path     string
		acl      int64
		aversion int32
	}{{"", -1, 0}, {"/zookeeper", -1, 0}, {"/zookeeper/config", 1, -1}, {"/zookeeper/quota", -1, 0}} {
		want = proto.AppendInt(proto.AppendString(want, n.path), 0)
		want = append(proto.AppendLong(want, n.acl), make([]byte, 32+4+4)...)
		want = append(proto.AppendInt(want, n.aversion), make([]byte, 16)...)
	}
	assert.Equal(t, proto.AppendString(want, "/"), got)
}

func TestLoaderRefuses(t *testing.T) {
	head := proto.AppendInt(proto.AppendInt(nil, 0), 0)
	node := func(b []byte, path string, acl int64, s stat) []byte {
		b = proto.AppendBuffer(proto.AppendString(b, path), nil)
		return s.appendPersisted(proto.AppendLong(b, acl))
	}
	root := node(head, "", -1, stat{})
	for name, body := range map[string][]byte{
		"-1 items":            proto.AppendInt(nil, -1),
		"no root":             proto.AppendString(head, "/"),
		`"/a" has no parent`:  node(head, "/a", -1, stat{}),
		`"/a/" has no parent`: node(node(root, "/a", -1, stat{}), "/a/", -1, stat{}),
		`"//a" has no parent`: node(root, "//a", -1, stat{}),
		`"a" has no parent`:   node(root, "a", -1, stat{}),
		`"/a" comes twice`:    node(node(root, "/a", -1, stat{}), "/a", -1, stat{}),
		`"" has no parent`:    node(root, "", -1, stat{}),
		"ACL key -2":          node(head, "", -2, stat{}),
		"-1 creations":        node(head, "", -1, stat{creations: -1}),
		"ACL of -1 entries":   proto.AppendInt(proto.AppendLong(proto.AppendInt(proto.AppendInt(nil, 0), 1), 4), -1),
		"ACL under key -1":    proto.AppendInt(proto.AppendLong(proto.AppendInt(proto.AppendInt(nil, 0), 1), -1), 0),
		"path of -1 bytes":    proto.AppendInt(head, -1),
		"data of -2 bytes":    proto.AppendInt(proto.AppendString(head, ""), -2),
	} {
		_, done, err := NewLoader().Feed(body)
		assert.False(t, done)
		assert.ErrorContains(t, err, name)
		assert.True(t, errors.Is(err, proto.ErrMarshalling), name)
	}
}

// FuzzLoader feeds arbitrary bodies: the loader refuses them or builds a sound
// tree, in one piece as in two, and what it built it writes and reads back.
func FuzzLoader(f *testing.F) {
	tree := New()
	tree.Apply(&proto.Txn{TxnHeader: proto.TxnHeader{Session: 1, Zxid: 1, Type: proto.OpCreateSession}}, nil, nil)
	eph := step(2, proto.OpCreate, "/e", 1)
	eph.Ephemeral, eph.ACL = true, otherACLs[0]
	tree.Apply(eph, nil, nil)
	body, _ := tree.NewSnapshot().Append(nil, 1<<20)
	f.Add(body, 40)
	f.Add(body[:len(body)-3], 0)
	f.Fuzz(func(t *testing.T, body []byte, cut int) {
		l := NewLoader()
		n, done, err := l.Feed(body)
		if cut >= 0 && cut < len(body) {
			requireSameInPieces(t, body, cut, n, done, err != nil)
		}
		if err != nil || !done {
			return
		}
		require.NoError(t, audit(l.Tree()))
		again, _ := l.Tree().NewSnapshot().Append(nil, 1<<30)
		second := NewLoader()
		_, done, err = second.Feed(again)
		require.NoError(t, err)
		require.True(t, done)
		require.Equal(t, l.Tree().Digest(), second.Tree().Digest())
	})
}

func requireSameInPieces(t *testing.T, body []byte, cut, n int, done, failed bool) {
	l := NewLoader()
	first, d, err := l.Feed(body[:cut])
	if err == nil && !d {
		var second int
		second, d, err = l.Feed(body[first:])
		first += second
	}
	require.Equal(t, n, first)
	require.Equal(t, done, d)
	require.Equal(t, failed, err != nil)
}
