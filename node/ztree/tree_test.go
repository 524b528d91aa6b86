package ztree

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
)

// dump is the whole state in words, for comparing trees.
func dump(t *Tree) string {
	var b strings.Builder
	fmt.Fprintf(&b, "at %v: %v\n", t.processed, t.Sessions())
	for _, s := range t.Sessions() {
		fmt.Fprintf(&b, "%v has %q\n", s.ID, t.Ephemerals(s.ID))
	}
	t.Walk(func(path string, data []byte, s proto.Stat) {
		acl, _ := t.ACL(path)
		fmt.Fprintf(&b, "%q %v %q %+v %v\n", path, data == nil, data, s, acl)
	})
	return b.String()
}

// audit recomputes from scratch what the tree maintains.
func audit(t *Tree) error {
	var digest int64
	refs := map[aclKey]int{}
	ephemerals := map[proto.SessionID]int{}
	for _, path := range slices.Sorted(maps.Keys(t.nodes)) {
		n := t.nodes[path]
		s := n.stat()
		block := s.appendDigested([]byte(path + string(n.data)))
		if !strings.HasPrefix(path, "/zookeeper/") {
			digest += int64(crc32.ChecksumIEEE(block))
		}
		if n.acl != openKey {
			refs[n.acl]++
		}
		timed := s.owner != 0 && s.session() == 0 && !s.isContainer() // also with a time of 0, which is never over
		owned := map[bool]int{s.isContainer(): 1, timed: 2}[true]
		for i, set := range []*names{&t.containers, &t.ttls} {
			if _, found := slices.BinarySearch(set.list(), path); found != (owned == i+1) {
				return fmt.Errorf("%s is in the wrong index", path)
			}
		}
		if id := s.session(); id != 0 {
			ephemerals[id]++
			if !slices.Contains(t.Ephemerals(id), path) {
				return fmt.Errorf("%s is not among the ephemerals of %v", path, id)
			}
		}
		if path != "" && t.nodes[parentKey(path)] == nil {
			return fmt.Errorf("%s hangs in the air", path)
		}
		for _, c := range n.children().list() {
			if t.nodes[path+"/"+c] == nil {
				return fmt.Errorf("%s lacks its child %s", path, c)
			}
		}
	}
	visited := 0
	t.Walk(func(string, []byte, proto.Stat) { visited++ })
	switch {
	case digest != t.digest:
		return fmt.Errorf("digest %x, computed anew %x", t.digest, digest)
	case visited != len(t.nodes):
		return fmt.Errorf("%d nodes, %d within reach", len(t.nodes), visited)
	}
	for id, set := range t.ephemerals {
		if set.len() != ephemerals[id] {
			return fmt.Errorf("%v has %d ephemerals listed, %d there", id, set.len(), ephemerals[id])
		}
	}
	for about, q := range t.quotas {
		if count, bytes := t.usage(about); count != q.count || bytes != q.bytes {
			return fmt.Errorf("the usage of %s is %d, %d, counted anew %d, %d", about, q.count, q.bytes, count, bytes)
		}
		if n := t.nodes[quotaPath+about+"/"+statsName]; n != nil && string(n.data) != fmt.Sprintf("count=%d,bytes=%d", q.count, q.bytes) {
			return fmt.Errorf("the usage of %s is shown as %s", about, n.data)
		}
	}
	for k, e := range t.acls.byKey {
		if e.refs != refs[k] {
			return fmt.Errorf("ACL %d has %d uses counted, %d there", k, e.refs, refs[k])
		}
	}
	return nil
}

func TestAuditNotices(t *testing.T) {
	plant := map[string]func(*Tree){
		"digest": func(t *Tree) { t.nodes["/zookeeper"].more.pzxid++ },
		"reach":  func(t *Tree) { t.nodes["/zookeeper"].children().remove("quota") },
		"lacks":  func(t *Tree) { t.nodes[""].children().add("nothing") },
		"listed": func(t *Tree) { t.ephemerals[5] = &names{}; t.ephemerals[5].add("/zookeeper") },
		"ACL":    func(t *Tree) { t.acls.byKey[1].refs++ },
		"index":  func(t *Tree) { t.ttls.add("/zookeeper") },
		"usage":  func(t *Tree) { t.quotas["/zookeeper"] = &quota{count: 2} },
		"air":    func(t *Tree) { t.nodes["/other/x"] = &node{acl: openKey} },
	}
	for word, f := range plant {
		tree := New()
		require.NoError(t, audit(tree))
		f(tree)
		assert.ErrorContains(t, audit(tree), word)
	}
}

// request is a write of some session.
type request struct {
	session proto.SessionID
	op      proto.Op
	ids     []proto.ID
	pre     proto.ErrCode
}

// requests draws writes that collide often: few names, few sessions, and
// sessions that end. It keeps no ephemeral from being asked for by a session
// that is over: the stage before the store answers that.
type requests struct{ open map[proto.SessionID]bool }

func (g *requests) draw(t *rapid.T) request {
	r := request{session: proto.SessionID(rapid.IntRange(1, 3).Draw(t, "session"))}
	r.ids = rapid.SampledFrom([][]proto.ID{nil, {{Scheme: "ip", ID: "10.1.2.3"}}, {{Scheme: "digest", ID: "u:p"}}, {Super()}}).Draw(t, "ids")
	switch {
	case rapid.IntRange(0, 14).Draw(t, "doomed") == 0:
		r.session = 0
		r.op = proto.Op{Type: proto.OpDeleteContainer, Path: drawPath(t)}
	case !g.open[r.session]:
		r.op = proto.Op{Type: proto.OpCreateSession, Timeout: rapid.Int32Range(1, 9).Draw(t, "timeout")}
		g.open[r.session] = true
	case rapid.IntRange(0, 14).Draw(t, "close") == 0:
		r.op = proto.Op{Type: proto.OpCloseSession}
		g.open[r.session] = false
	case rapid.IntRange(0, 4).Draw(t, "multi") == 0:
		r.op = proto.Op{Type: proto.OpMulti}
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			r.op.Ops = append(r.op.Ops, drawChange(t))
		}
	default:
		r.op = drawChange(t)
		if rapid.IntRange(0, 29).Draw(t, "failed") == 0 {
			r.pre = proto.SessionMoved
		}
	}
	return r
}

var drawnTypes = []proto.OpCode{
	proto.OpCreate, proto.OpCreate, proto.OpCreate, proto.OpCreate2, proto.OpDelete, proto.OpDelete, proto.OpSetData, proto.OpCheck,
	proto.OpSetACL, proto.OpCreateContainer, proto.OpCreateTTL,
}

// drawACL gives the open list most of the time, and others that a caller may or
// may not be meant by.
func drawACL(t *rapid.T) []proto.ACL {
	if rapid.IntRange(0, 2).Draw(t, "open") > 0 {
		return proto.OpenACL()
	}
	entry := rapid.SampledFrom([]proto.ACL{
		{Perms: 1, Scheme: "world", ID: "anyone"}, {Perms: 30, Scheme: "world", ID: "anyone"}, {Perms: 31, Scheme: "digest", ID: "u:p"},
		{Perms: 31, Scheme: "ip", ID: "10.1.0.0/16"}, {Perms: 31, Scheme: "auth"}, {Perms: 31, Scheme: "bogus", ID: "x"},
	})
	return rapid.SliceOfN(entry, 0, 3).Draw(t, "acl")
}

func drawChange(t *rapid.T) proto.Op {
	return proto.Op{
		Type:    rapid.SampledFrom(drawnTypes).Draw(t, "type"),
		Path:    drawPath(t),
		Data:    rapid.SampledFrom([][]byte{nil, {}, []byte("x"), bytes.Repeat([]byte("long"), 30), []byte("count=3,bytes=10"), []byte("count=-1,bytes=-1=;byteHardLimit=20;countHardLimit=2")}).Draw(t, "data"),
		ACL:     drawACL(t),
		Flags:   proto.CreateFlags(rapid.SampledFrom([]int{0, 0, 1, 1, 2, 3, 4, 5, 5, 6, 7}).Draw(t, "flags")),
		TTL:     rapid.SampledFrom([]int64{1, 5, 1000, 0}).Draw(t, "ttl"),
		Version: rapid.SampledFrom([]int32{-1, -1, -1, 0, 1, -2}).Draw(t, "version"),
	}
}

func drawPath(t *rapid.T) string {
	if rapid.IntRange(0, 9).Draw(t, "quota") == 0 {
		return rapid.SampledFrom([]string{"/zookeeper/quota/a", "/zookeeper/quota/a/zookeeper_limits", "/zookeeper/quota/a/zookeeper_stats",
			"/zookeeper/quota/a/b", "/zookeeper/quota/a/b/zookeeper_limits", "/zookeeper/quota/a/b/zookeeper_stats"}).Draw(t, "quota path")
	}
	parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c0000000000", "c"}), 0, 3).Draw(t, "path")
	if len(parts) > 0 && rapid.IntRange(0, 19).Draw(t, "reserved") == 0 {
		parts[0] = "zookeeper"
	}
	return "/" + strings.Join(parts, "/")
}

func (r *request) header(z proto.Zxid) proto.TxnHeader {
	return proto.TxnHeader{Session: r.session, Cxid: int32(z), Zxid: z, Time: 1000 + int64(z), Type: r.op.Type}
}

// TestPreparedAndReplicated runs three trees: one whose leader prepares far
// ahead of what is applied, one whose leader applies each transaction before it
// prepares the next, and one that only sees encoded transactions. All must make
// the same transactions, foresee the same digests and hold the same nodes.
func TestPreparedAndReplicated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ahead, lockstep, replica := New(), New(), New()
		rules := Rules{ExtendedTypes: true, EnforceQuota: rapid.Bool().Draw(t, "enforce")}
		ahead.SetRules(rules)
		lockstep.SetRules(rules)
		prep, plain := NewOutstanding(ahead), NewOutstanding(lockstep)
		g := requests{open: map[proto.SessionID]bool{}}
		var queue []proto.Txn
		apply := func() {
			txn := queue[0]
			queue = queue[1:]
			r := ahead.Apply(&txn, nil, nil)
			prep.Applied(txn.Zxid)
			require.Equal(t, txn.Digest, ahead.Digest(), "foreseen digest of %+v", txn)
			requireAnswered(t, &txn, &r)
		}
		for i := range rapid.IntRange(1, 60).Draw(t, "requests") {
			r := g.draw(t)
			h := r.header(proto.Zxid(i + 1))
			txn, want := prep.Prepare(h, &r.op, r.ids, r.pre), plain.Prepare(h, &r.op, r.ids, r.pre)
			require.Equal(t, want, txn, "prepared with %d outstanding", len(queue))
			lockstep.Apply(&want, nil, nil)
			plain.Applied(want.Zxid)
			queue = append(queue, txn)

			decoded, err := proto.DecodeTxn(proto.AppendTxn(nil, &txn))
			require.NoError(t, err)
			replica.Apply(&decoded, nil, nil)
			require.Equal(t, decoded.Digest, replica.Digest())
			for len(queue) > 0 && rapid.IntRange(0, 3).Draw(t, "apply") == 0 {
				apply()
			}
		}
		for len(queue) > 0 {
			apply()
		}
		require.NoError(t, audit(replica))
		require.Equal(t, dump(ahead), dump(replica))
		require.Equal(t, dump(ahead), dump(lockstep))
		require.Empty(t, prep.newest)
		require.Empty(t, prep.queue)
	})
}

// requireAnswered checks that what was prepared can be done: the tree itself
// refuses nothing.
func requireAnswered(t *rapid.T, txn *proto.Txn, r *proto.Result) {
	require.Equal(t, txn.Type, r.Type)
	require.Equal(t, txn.Err, r.Err)
	for i := range r.Multi {
		want := txn.Ops[i].Type
		if want == proto.OpCreateContainer || want == proto.OpCreateTTL {
			want = proto.OpCreate2
		}
		require.Equal(t, want, r.Multi[i].Type)
		require.Equal(t, txn.Ops[i].Err, r.Multi[i].Err)
	}
}

// TestDigestOfEmptyTree pins the digest: the root and /zookeeper, empty, with
// metadata of zeros, are all that enters.
func TestDigestOfEmptyTree(t *testing.T) {
	zeros := make([]byte, 60)
	want := int64(crc32.ChecksumIEEE(zeros)) + int64(crc32.ChecksumIEEE(append([]byte("/zookeeper"), zeros...)))
	assert.Equal(t, want, New().Digest())
}

func TestUnknownTransactionPanics(t *testing.T) {
	assert.PanicsWithError(t, "Integrity: transaction 0.7 has type reconfig, which nobody can have proposed", func() {
		New().Apply(&proto.Txn{TxnHeader: proto.TxnHeader{Zxid: 7, Type: proto.OpReconfig}}, nil, nil)
	})
}
