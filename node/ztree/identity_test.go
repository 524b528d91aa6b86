package ztree

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
)

func digestID(credentials string) proto.ID {
	return proto.ID{Scheme: schemeDigest, ID: DigestOf([]byte(credentials))}
}

// The digests are those of the recordings.
func TestDigestOf(t *testing.T) {
	assert.Equal(t, "u0:xswgqlKtqEn0eA7I3yN8thckKUw=", DigestOf([]byte("u0:pw0")))
	assert.Equal(t, "u1:cO3JQ7NLKx81M3VewVIrTBCVEVo=", DigestOf([]byte("u1:pw1")))
	assert.Equal(t, "adm:G3IKgjBjZJ+5sIAeqsFSwyu7bR4=", DigestOf([]byte("adm:admpw")))
	assert.True(t, strings.HasPrefix(DigestOf([]byte("nocolon")), "nocolon:"), "credentials without a colon are taken")
}

func TestAuthenticate(t *testing.T) {
	super := DigestOf([]byte("super:test"))
	auth := func(scheme, data string) ([]proto.ID, bool) {
		return Authenticate(&proto.Auth{Scheme: scheme, Data: []byte(data)}, super)
	}
	ids, ok := auth("digest", "u0:pw0")
	assert.True(t, ok)
	assert.Equal(t, []proto.ID{digestID("u0:pw0")}, ids)
	ids, ok = auth("digest", "super:test")
	assert.True(t, ok)
	assert.Equal(t, []proto.ID{Super(), {Scheme: "digest", ID: super}}, ids)
	ids, ok = auth("ip", "10.9.8.7")
	assert.True(t, ok)
	assert.Empty(t, ids, "everybody has the address that he has")
	for _, scheme := range []string{"", "world", "auth", "super", "bogus"} {
		_, ok = auth(scheme, "x")
		assert.False(t, ok, scheme)
	}
	ids, _ = Authenticate(&proto.Auth{Scheme: "digest", Data: []byte("super:test")}, "")
	assert.Len(t, ids, 1, "there is no super user unless one is configured")
}

func TestResolve(t *testing.T) {
	world := proto.ACL{Perms: 1, Scheme: "world", ID: "anyone"}
	u0, u1 := digestID("u0:pw0"), digestID("u1:pw1")
	me := []proto.ID{IPIdentity("127.0.0.1"), Super(), u0, u1}
	auth := proto.ACL{Perms: 7, Scheme: "auth", ID: "whatever"}
	for _, c := range []struct {
		name string
		acl  []proto.ACL
		ids  []proto.ID
		want []proto.ACL // nil: invalid
	}{
		{"nil", nil, me, nil},
		{"empty", []proto.ACL{}, me, nil},
		{"open", proto.OpenACL(), nil, proto.OpenACL()},
		{"doubled", []proto.ACL{world, world}, nil, []proto.ACL{world}},
		{"auth", []proto.ACL{auth}, me, []proto.ACL{{Perms: 7, Scheme: "digest", ID: u0.ID}, {Perms: 7, Scheme: "digest", ID: u1.ID}}},
		{"auth of nobody", []proto.ACL{world, auth}, me[:1], nil},
		{"no scheme", []proto.ACL{{Perms: 31}}, me, nil},
		{"super", []proto.ACL{{Perms: 31, Scheme: "super"}}, me, nil},
		{"half of the world", []proto.ACL{{Perms: 31, Scheme: "world", ID: "me"}}, me, nil},
		{"digest", []proto.ACL{{Perms: 0, Scheme: "digest", ID: "a:b"}}, me, []proto.ACL{{Perms: 0, Scheme: "digest", ID: "a:b"}}},
		{"digest without colon", []proto.ACL{{Perms: 31, Scheme: "digest", ID: "ab"}}, me, nil},
		{"digest with two", []proto.ACL{{Perms: 31, Scheme: "digest", ID: "a:b:c"}}, me, nil},
		{"ip", []proto.ACL{{Perms: 255, Scheme: "ip", ID: "10.0.0.0/8"}}, me, []proto.ACL{{Perms: 255, Scheme: "ip", ID: "10.0.0.0/8"}}},
		{"ip of too many bits", []proto.ACL{{Perms: 31, Scheme: "ip", ID: "10.0.0.0/33"}}, me, nil},
		{"ip of five bytes", []proto.ACL{{Perms: 31, Scheme: "ip", ID: "10.0.0.0.1"}}, me, nil},
	} {
		left := expansionMax
		got, err := resolve(c.acl, c.ids, &left)
		assert.Equal(t, c.want, got, c.name)
		assert.Equal(t, c.want == nil, err == proto.InvalidACL, c.name)
	}
}

func TestGrants(t *testing.T) {
	u0 := digestID("u0:pw0")
	acl := []proto.ACL{{Perms: 1, Scheme: "world", ID: "anyone"}, {Perms: 2, Scheme: "digest", ID: u0.ID}, {Perms: 4, Scheme: "ip", ID: "10.1.0.0/16"}}
	assert.True(t, grants(acl, 1, nil))
	assert.False(t, grants(acl, 2, nil))
	assert.True(t, grants(acl, 2, []proto.ID{IPIdentity("9.9.9.9"), u0}))
	assert.True(t, grants(acl, 4, []proto.ID{IPIdentity("10.1.255.255")}))
	assert.False(t, grants(acl, 4, []proto.ID{IPIdentity("10.2.0.0")}))
	assert.False(t, grants(acl, 4, []proto.ID{IPIdentity("c1")}), "a name is no address")
	assert.False(t, grants(acl, 8, []proto.ID{u0}))
	assert.True(t, grants(acl, 2|8, []proto.ID{u0}), "any of the bits will do")
	assert.True(t, grants(acl, 8, []proto.ID{Super()}))
	assert.True(t, grants(nil, 8, nil), "an empty list restricts nobody")
}

func TestInNetwork(t *testing.T) {
	for _, c := range []struct {
		addr, network string
		want          bool
	}{
		{"10.0.0.1", "10.0.0.1", true}, {"10.0.0.1", "10.0.0.2", false}, {"10.0.0.1", "10.0.0.2/31", false},
		{"10.0.0.3", "10.0.0.2/31", true}, {"1.2.3.4", "0.0.0.0/0", true}, {"::1", "0.0.0.0/0", false},
		{"::1", "0:0:0:0:0:0:0:1", true}, {"fe80::1", "fe80::/10", true}, {"fec0::1", "fe80::/10", false},
		{"10.0.0.1", "10.0.0.1/x", false}, {"10.0.0.256", "10.0.0.0/8", false}, {"1::2::3", "::/0", false},
	} {
		assert.Equal(t, c.want, inNetwork(c.addr, c.network), "%s in %s", c.addr, c.network)
	}
}

// What reads an address takes any text.
func FuzzNetwork(f *testing.F) {
	for _, s := range []string{"10.0.0.1/8", "::1/128", "1:2:3:4:5:6:7:8", "fe80::/10", "/", "::", ":::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, bits, ok := parseNetwork(s)
		if ok {
			assert.LessOrEqual(t, bits, 8*a.size)
			assert.True(t, a.size == 4 || a.size == 16)
			addr, _, _ := strings.Cut(s, "/")
			assert.True(t, inNetwork(addr, s), "an address lies in its own network")
		}
	})
}

// TestPermissionsWhereTheyAreAsked tries each operation with exactly the bit
// that it needs, and with all others.
func TestPermissionsWhereTheyAreAsked(t *testing.T) {
	me := []proto.ID{digestID("u0:pw0")}
	list := func(perms int32) []proto.ACL {
		return []proto.ACL{{Perms: perms, Scheme: "digest", ID: me[0].ID}, {Perms: proto.PermAdmin, Scheme: "ip", ID: "10.9.9.9"}}
	}
	for _, c := range []struct {
		op    proto.Op // on /n, or below it
		needs int32
	}{
		{create("/n/c", 0), proto.PermCreate},
		{on(proto.OpDelete, "/n/k", -1), proto.PermDelete},
		{on(proto.OpSetData, "/n", -1), proto.PermWrite},
		{on(proto.OpCheck, "/n", -1), proto.PermRead},
		{proto.Op{Type: proto.OpSetACL, Path: "/n", ACL: proto.OpenACL(), Version: -1}, proto.PermAdmin},
		{proto.Op{Type: proto.OpGetData, Path: "/n"}, proto.PermRead},
		{proto.Op{Type: proto.OpGetChildren, Path: "/n"}, proto.PermRead},
		{proto.Op{Type: proto.OpGetChildren2, Path: "/n"}, proto.PermRead},
		{proto.Op{Type: proto.OpGetAllChildren, Path: "/n"}, proto.PermRead},
		{proto.Op{Type: proto.OpGetACL, Path: "/n"}, proto.PermRead | proto.PermAdmin},
		{proto.Op{Type: proto.OpExists, Path: "/n"}, 0},
		{proto.Op{Type: proto.OpAddWatch, Path: "/n"}, 0},
	} {
		for _, perms := range []int32{c.needs, proto.PermAll &^ c.needs} {
			l := newLeader()
			l.ids[1] = me
			n := create("/n", 0)
			n.ACL = list(perms)
			l.do(n)
			l.Apply(step(100, proto.OpCreate, "/n/k", 1), nil, nil)
			l.prep = NewOutstanding(l.Tree)
			l.prep.header.Zxid = 100
			want := proto.OK
			if perms&c.needs == 0 && c.needs != 0 {
				want = proto.NoAuth
			}
			var got proto.Result
			if c.op.Type.IsWrite() {
				got = l.do(c.op)
			} else {
				got = l.read(1, c.op)
			}
			assert.Equal(t, want, got.Err, "%v with permissions %d", c.op.Type, perms)
			l.SetRules(Rules{SkipACL: true})
			if !c.op.Type.IsWrite() {
				assert.Equal(t, proto.OK, l.read(1, c.op).Err)
			}
		}
	}
}

// TestACLAnswers: the secret part of a digest is for those who may administer.
func TestACLAnswers(t *testing.T) {
	l := newLeader()
	u0 := digestID("u0:pw0")
	n := create("/n", 0)
	n.ACL = []proto.ACL{{Perms: 31, Scheme: "digest", ID: u0.ID}, {Perms: 1, Scheme: "world", ID: "anyone"}}
	l.do(n)
	assert.Equal(t, []proto.ACL{{Perms: 31, Scheme: "digest", ID: "u0:x"}, n.ACL[1]}, l.read(2, on(proto.OpGetACL, "/n", 0)).ACL)
	l.ids[1] = []proto.ID{u0}
	assert.Equal(t, n.ACL, l.read(1, on(proto.OpGetACL, "/n", 0)).ACL)
	assert.Equal(t, proto.OpenACL(), l.read(2, on(proto.OpGetACL, "/", 0)).ACL)
	r := l.do(proto.Op{Type: proto.OpSetACL, Path: "/n", ACL: []proto.ACL{{Perms: 31, Scheme: "auth"}}, Version: 0})
	assert.Equal(t, proto.Stat{Czxid: 1, Mzxid: 1, Pzxid: 1, Ctime: 1, Mtime: 1, Aversion: 1}, r.Stat)
	assert.Equal(t, proto.NoAuth, l.read(2, on(proto.OpGetACL, "/n", 0)).Err)
	assert.Equal(t, proto.BadVersion, l.do(proto.Op{Type: proto.OpSetACL, Path: "/n", ACL: proto.OpenACL(), Version: 0}).Err)
}

// TestACLForeseen: a list that is only prepared judges what is prepared next.
func TestACLForeseen(t *testing.T) {
	l := newLeader()
	first := l.prepare(create("/n", 0))
	closed := proto.Op{Type: proto.OpSetACL, Path: "/n", ACL: []proto.ACL{{Perms: 1, Scheme: "world", ID: "anyone"}}, Version: -1}
	second := l.prepare(closed)
	third := l.prepare(on(proto.OpSetData, "/n", -1))
	assert.Equal(t, []proto.OpCode{proto.OpCreate, proto.OpSetACL, proto.OpError}, []proto.OpCode{first.Type, second.Type, third.Type})
	assert.Equal(t, proto.NoAuth, third.Err)
}

// TestIdentitiesOfAny is a property: whoever is super may do everything, and more
// identities never allow less.
func TestIdentitiesOfAny(t *testing.T) {
	id := rapid.SampledFrom([]proto.ID{digestID("u0:pw0"), digestID("u1:pw1"), IPIdentity("10.1.2.3"), IPIdentity("10.2.2.3")})
	rapid.Check(t, func(t *rapid.T) {
		left := expansionMax
		acl, err := resolve(drawACL(t), []proto.ID{digestID("u0:pw0")}, &left)
		if err != proto.OK {
			return
		}
		some := rapid.SliceOfN(id, 0, 3).Draw(t, "some")
		more := append(rapid.SliceOfN(id, 0, 2).Draw(t, "more"), some...)
		for bit := int32(1); bit < proto.PermAll; bit <<= 1 {
			if grants(acl, bit, some) {
				assert.True(t, grants(acl, bit, more))
			}
			assert.True(t, grants(acl, bit, append(more, Super())))
		}
	})
}
