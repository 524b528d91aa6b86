package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

func auth(scheme, credentials string) *proto.Op {
	return &proto.Op{Type: proto.OpAuth, Auth: &proto.Auth{Scheme: scheme, Data: []byte(credentials)}}
}

func entry(perms int32, scheme, id string) proto.ACL {
	return proto.ACL{Perms: perms, Scheme: scheme, ID: id}
}

// digestOfU0 is that of the recordings.
const digestOfU0 = "u0:xswgqlKtqEn0eA7I3yN8thckKUw="

func TestAuthenticate(t *testing.T) {
	assert.Equal(t, digestOfU0, model.Digest("u0:pw0"))
	super := model.Digest("super:test")
	for _, c := range []struct {
		scheme, credentials string
		ids                 []proto.ID
		ok                  bool
	}{
		{"digest", "u0:pw0", []proto.ID{{Scheme: "digest", ID: digestOfU0}}, true},
		{"digest", "super:test", []proto.ID{{Scheme: "super"}, {Scheme: "digest", ID: super}}, true},
		{"digest", "super:other", []proto.ID{{Scheme: "digest", ID: model.Digest("super:other")}}, true},
		{"ip", "10.0.0.1", nil, true},
		{"world", "anyone", nil, false}, {"super", "", nil, false}, {"auth", "", nil, false}, {"", "", nil, false},
	} {
		ids, ok := model.Authenticate(auth(c.scheme, c.credentials).Auth, super)
		assert.Equal(t, c.ids, ids, c)
		assert.Equal(t, c.ok, ok, c)
	}
}

// What a node is given and who may do what with it.
func TestPermissions(t *testing.T) {
	b := newBench(t, 1, 2, 3)
	b.SuperDigest = model.Digest("super:test")
	for id := proto.SessionID(1); id <= 3; id++ {
		b.Connect(id, "127.0.0.1")
	}
	assert.Equal(t, proto.InvalidACL, b.err(1, withACL("/", -1, entry(31, "auth", ""))), "nothing is proved yet")
	require.Equal(t, proto.OK, b.err(1, auth("digest", "u0:pw0")))
	require.Equal(t, proto.OK, b.err(1, auth("digest", "u0:pw0")), "again")
	require.Equal(t, proto.OK, b.err(3, auth("digest", "super:test")))
	op := create("/a", 0)
	op.ACL = []proto.ACL{entry(29, "auth", "whoever"), entry(1, "ip", "127.0.0.0/8"), entry(1, "ip", "127.0.0.0/8")}
	require.Equal(t, proto.OK, b.err(1, op))
	acl, _ := b.ACL("/a")
	assert.Equal(t, []proto.ACL{entry(29, "digest", digestOfU0), entry(1, "ip", "127.0.0.0/8")}, acl)

	r, _ := b.do(2, onNode(proto.OpGetACL, "/a", 0))
	assert.Equal(t, "u0:x", r.ACL[0].ID, "no administrator sees no hash")
	r, _ = b.do(1, onNode(proto.OpGetACL, "/a", 0))
	assert.Equal(t, acl, r.ACL)

	for _, c := range []struct {
		op   *proto.Op
		want [3]proto.ErrCode // of him who proved, of one of the network, of the super user
	}{
		{onNode(proto.OpGetData, "/a", 0), [3]proto.ErrCode{}},
		{onNode(proto.OpSetData, "/a", -1), [3]proto.ErrCode{proto.NoAuth, proto.NoAuth, proto.OK}},
		{create("/a/b", 2), [3]proto.ErrCode{proto.OK, proto.NoAuth, proto.OK}},
		{onNode(proto.OpDelete, "/a/x", -1), [3]proto.ErrCode{proto.NoNode, proto.NoAuth, proto.NoNode}},
		{withACL("/a", 7), [3]proto.ErrCode{proto.BadVersion, proto.NoAuth, proto.BadVersion}},
		{onNode(proto.OpCheck, "/a", 7), [3]proto.ErrCode{proto.BadVersion, proto.BadVersion, proto.BadVersion}},
	} {
		for id := range c.want {
			assert.Equal(t, c.want[id], b.err(proto.SessionID(id+1), c.op), "session %d: %+v", id+1, *c.op)
		}
	}
	b.Connect(1, "127.0.0.1")
	assert.Equal(t, proto.NoAuth, b.err(1, create("/a/b", 2)), "a proof holds for its connection")
	b.Connect(2, "10.0.0.1")
	assert.Equal(t, proto.NoAuth, b.err(2, onNode(proto.OpGetData, "/a", 0)))
	assert.Equal(t, proto.NoAuth, b.err(2, onNode(proto.OpGetChildren, "/a", 0)))
	assert.Equal(t, proto.NoAuth, b.err(2, onNode(proto.OpGetAllChildren, "/a", 0)))
	assert.Equal(t, proto.NoAuth, b.err(2, onNode(proto.OpGetACL, "/a", 0)))
	assert.Equal(t, proto.OK, b.err(2, onNode(proto.OpExists, "/a", 0)))
	r, _ = b.do(3, onNode(proto.OpWhoAmI, "", 0))
	assert.Equal(t, []proto.ID{{Scheme: "ip", ID: "127.0.0.1"}, {Scheme: "digest", ID: "super"}}, r.IDs)
	assert.Equal(t, proto.AuthFailed, b.err(3, auth("bogus", "")))
	assert.Empty(t, b.IDs(3), "the connection is closed")
}

// Networks, both as entries that are taken and as what they mean.
func TestNetworks(t *testing.T) {
	for _, c := range []struct {
		id, from string
		taken    bool
		meant    bool
	}{
		{"127.0.0.1", "127.0.0.1", true, true}, {"127.0.0.0/8", "127.9.9.9", true, true}, {"127.0.0.0/8", "128.0.0.1", true, false},
		{"0.0.0.0/0", "1.2.3.4", true, true}, {"10.0.0.128/25", "10.0.0.127", true, false}, {"10.0.0.128/25", "10.0.0.200", true, true},
		{"127.0.0.1/32", "127.0.0.1", true, true}, {"127.0.0.1/33", "127.0.0.1", false, false}, {"127.0.0.1/-1", "127.0.0.1", false, false},
		{"127.0.0.1/", "127.0.0.1", false, false}, {"1.2.3", "1.2.3", false, false}, {"1.2.3.4.5", "", false, false},
		{"256.1.1.1", "", false, false}, {"1.2.3.x", "", false, false}, {"", "", false, false},
		{"::1", "::1", true, true}, {"::/0", "::1", true, true}, {"::/0", "127.0.0.1", true, false}, {"fe80::/10", "fe80::1:2", true, true},
		{"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", true, true}, {"1:2:3:4:5:6:7", "", false, false}, {"1::2::3", "", false, false},
		{"::12345", "", false, false}, {"::g", "", false, false}, {"1:2:3:4:5:6:7:8::", "", false, false}, {"::1/129", "::1", false, false},
	} {
		b := newBench(t, 1, 2)
		b.Connect(2, c.from)
		op := create("/a", 0)
		op.ACL = []proto.ACL{entry(31, "ip", c.id)}
		require.Equal(t, c.taken, b.err(1, op) == proto.OK, c)
		if c.taken {
			assert.Equal(t, c.meant, b.err(2, onNode(proto.OpGetData, "/a", 0)) == proto.OK, c)
		}
	}
}
