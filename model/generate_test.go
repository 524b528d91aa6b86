package model_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
)

// Few paths, so that operations collide. The second list holds those that some
// rule treats in its own way, the third those of quotas.
var (
	plainPaths = []string{"/a", "/a", "/a", "/a", "/b", "/b", "/a/b", "/a/b", "/a/b", "/a/b/c", "/a-", "/a/b0000000001"}
	oddPaths   = []string{"", "/", "/zookeeper/config", "/zookeeper/config/a", "//", "a", "a/b", "/a/", "/a//b", "/.",
		"/a/..", "/a\x00", "/\x01", "/😀", "/zookeeper", "/zookeeper/quota", "/zookeeper/quota/a", "/zookeeper/config"}
	quotaPaths = []string{"/zookeeper/quota/a", "/zookeeper/quota/a/zookeeper_limits", "/zookeeper/quota/a/zookeeper_stats",
		"/zookeeper/quota/a/b", "/zookeeper/quota/a/b/zookeeper_limits", "/zookeeper/quota/a/b/zookeeper_stats",
		"/zookeeper/quota/zookeeper_limits", "/zookeeper/quota/zookeeper_stats"}
)

func genPath() *rapid.Generator[string] {
	plain, odd := rapid.SampledFrom(plainPaths), rapid.SampledFrom(oddPaths)
	return rapid.OneOf(plain, plain, plain, plain, plain, plain, plain, plain, plain, plain, odd)
}

func genVersion() *rapid.Generator[int32] {
	return rapid.SampledFrom([]int32{-1, -1, 0, -1, -1, -1, -1, 0, -1, -1, 1, -2, 1 << 30})
}

func genData() *rapid.Generator[[]byte] {
	return rapid.SampledFrom([][]byte{nil, {}, []byte("x"), []byte("data"), {0xff, 0}})
}

func genACL() *rapid.Generator[[]proto.ACL] {
	entry := func(perms int32, scheme, id string) proto.ACL { return proto.ACL{Perms: perms, Scheme: scheme, ID: id} }
	const u0, u1 = "u0:xswgqlKtqEn0eA7I3yN8thckKUw=", "u1:cO3JQ7NLKx81M3VewVIrTBCVEVo="
	open := proto.OpenACL()
	return rapid.SampledFrom([][]proto.ACL{open, open, open, open, open, open, open, open, open, open, open, open,
		{entry(31, "auth", "")}, {entry(31, "digest", u0)}, {entry(1, "world", "anyone")}, {entry(30, "world", "anyone")},
		{entry(31, "digest", u1), entry(1, "world", "anyone")}, {entry(31, "ip", "127.0.0.0/8")}, {entry(31, "ip", "10.0.0.0/8")},
		{entry(5, "auth", "x"), entry(5, "digest", u1), entry(5, "digest", u1)}, {entry(0, "world", "anyone"), entry(255, "digest", u0)},
		{entry(16, "world", "anyone"), entry(8, "digest", u0)}, {entry(31, "ip", "127.0.0.1"), entry(4, "ip", "::1/128")},
		nil, {}, {entry(31, "world", "somebody")}, {entry(31, "digest", "nocolon")}, {entry(31, "digest", "a:b:c")},
		{entry(31, "ip", "127.0.0.1/33")}, {entry(31, "ip", "300.1.1.1")}, {entry(31, "bogus", "x")}, {entry(31, "", "")}})
}

// genCreate draws a create of any type with flags that mostly suit it.
func genCreate() *rapid.Generator[proto.Op] {
	plainFlags := []proto.CreateFlags{0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 2, 0, 1, 0, 3, 0, 1, 0, 2, 4, 7, -1, 5}
	return rapid.Custom(func(t *rapid.T) proto.Op {
		op := proto.Op{
			Type: rapid.SampledFrom([]proto.OpCode{proto.OpCreate, proto.OpCreate2, proto.OpCreate, proto.OpCreate2,
				proto.OpCreateContainer, proto.OpCreateTTL}).Draw(t, "type"),
			Path: genPath().Draw(t, "path"), Data: genData().Draw(t, "data"), ACL: genACL().Draw(t, "acl"),
		}
		switch op.Type {
		case proto.OpCreateContainer:
			op.Flags = rapid.SampledFrom([]proto.CreateFlags{4, 4, 4, 4, 0, 5, 7}).Draw(t, "flags")
		case proto.OpCreateTTL:
			op.Flags = rapid.SampledFrom([]proto.CreateFlags{5, 5, 5, 6, 0, 4}).Draw(t, "flags")
			op.TTL = rapid.SampledFrom([]int64{1000, 20000, 1000, 1<<40 - 1, 1 << 40, 0, -1}).Draw(t, "ttl")
		default:
			op.Flags = rapid.SampledFrom(plainFlags).Draw(t, "flags")
		}
		return op
	})
}

// genSingle draws a write that may stand in a multi.
func genSingle() *rapid.Generator[proto.Op] {
	return rapid.Custom(func(t *rapid.T) proto.Op {
		code := rapid.SampledFrom([]proto.OpCode{proto.OpCreate, proto.OpDelete, proto.OpCreate,
			proto.OpSetData, proto.OpCreate, proto.OpCreate, proto.OpCreate, proto.OpCheck}).Draw(t, "kind")
		if code == proto.OpCreate {
			return genCreate().Draw(t, "create")
		}
		op := proto.Op{Type: code, Path: genPath().Draw(t, "path"), Version: genVersion().Draw(t, "version")}
		if code == proto.OpSetData {
			op.Data = genData().Draw(t, "data")
		}
		return op
	})
}

// genLikely draws a write that mostly succeeds, so that some multis do.
func genLikely() *rapid.Generator[proto.Op] {
	return rapid.SampledFrom([]proto.Op{
		*create("/s", proto.FlagSequential), *create("/e", proto.FlagSequential|proto.FlagEphemeral),
		*onNode(proto.OpCheck, "/", -1), *onNode(proto.OpSetData, "/a", -1), *onNode(proto.OpDelete, "/a", -1),
		*create("/a", proto.FlagEphemeral), *create("/a/b", 0), *withTTL("/b", proto.FlagTTL, 1000),
		{Type: proto.OpCreateContainer, Path: "/c", Flags: proto.FlagContainer, ACL: proto.OpenACL()}})
}

// genRefused draws a write that meets one of the rarer errors.
func genRefused() *rapid.Generator[proto.Op] {
	return rapid.SampledFrom([]proto.Op{
		*create("/zookeeper/config/a", 0), *onNode(proto.OpSetData, "/zookeeper/config", -1),
		*create("/b/a", 0), {Type: proto.OpCreate, Path: "/b/a"}, *onNode(proto.OpDelete, "/zookeeper/config/a", 0),
		{Type: proto.OpReconfig, Reconfig: &proto.Reconfig{Config: -1}}})
}

// genQuota draws what makes, changes and removes quotas.
func genQuota() *rapid.Generator[proto.Op] {
	limits := [][]byte{[]byte("count=1,bytes=1"), []byte("countHardLimit=2;byteHardLimit=6"),
		[]byte("count=1,bytes=-1;byteHardLimit=4;countHardLimit=-1"), []byte("x"), nil}
	return rapid.Custom(func(t *rapid.T) proto.Op {
		path := rapid.SampledFrom(quotaPaths).Draw(t, "path")
		op := create(path, 0)
		switch rapid.IntRange(0, 7).Draw(t, "kind") {
		case 0:
			return *onNode(proto.OpDelete, path, -1)
		case 1:
			op = onNode(proto.OpSetData, path, -1)
		}
		op.Data = rapid.SampledFrom(limits).Draw(t, "limits")
		return *op
	})
}

func genSetACL() *rapid.Generator[proto.Op] {
	return rapid.Custom(func(t *rapid.T) proto.Op {
		return proto.Op{Type: proto.OpSetACL, Path: genPath().Draw(t, "path"), ACL: genACL().Draw(t, "acl"),
			Version: genVersion().Draw(t, "version")}
	})
}

func genMulti() *rapid.Generator[proto.Op] {
	return rapid.Custom(func(t *rapid.T) proto.Op {
		return proto.Op{Type: proto.OpMulti, Ops: rapid.SliceOfN(rapid.OneOf(genLikely(), genLikely(), genSingle()), 0, 4).Draw(t, "ops")}
	})
}

func genWrite() *rapid.Generator[proto.Op] {
	session := rapid.SampledFrom([]proto.Op{{Type: proto.OpCreateSession, Timeout: 4000},
		{Type: proto.OpCreateSession, Timeout: 9000}, {Type: proto.OpCloseSession}})
	single, multi := genSingle(), genMulti()
	return rapid.OneOf(single, multi, single, single, single, single, multi, single, single, genRefused(), multi, session,
		genSetACL(), genQuota(), single)
}

func genRead() *rapid.Generator[proto.Op] {
	codes := []proto.OpCode{proto.OpExists, proto.OpGetData, proto.OpGetChildren, proto.OpGetChildren2,
		proto.OpSync, proto.OpPing, proto.OpSetWatches, proto.OpGetACL, proto.OpGetAllChildren, proto.OpGetEphemerals,
		proto.OpMultiRead, proto.OpAddWatch, proto.OpRemoveWatches, proto.OpCheckWatches, proto.OpSetWatches2,
		proto.OpWhoAmI, proto.OpExists, proto.OpGetData, proto.OpGetChildren2, proto.OpAddWatch}
	return rapid.Custom(func(t *rapid.T) proto.Op {
		op := proto.Op{Type: rapid.SampledFrom(codes).Draw(t, "type")}
		switch op.Type {
		case proto.OpPing, proto.OpWhoAmI:
		case proto.OpSetWatches, proto.OpSetWatches2:
			drawSetWatches(t, &op)
		case proto.OpMultiRead:
			op.Ops = rapid.SliceOfN(genPartRead(), 0, 3).Draw(t, "ops")
		case proto.OpAddWatch:
			op.Path = genPath().Draw(t, "path")
			op.Mode = rapid.SampledFrom([]proto.WatchMode{0, 1, 1, 2, -1}).Draw(t, "mode")
		case proto.OpRemoveWatches, proto.OpCheckWatches:
			op.Path = genPath().Draw(t, "path")
			op.Watches = rapid.SampledFrom([]proto.WatchType{1, 2, 3, 3, 0, 4}).Draw(t, "which")
		case proto.OpGetEphemerals:
			op.Path = rapid.SampledFrom([]string{"", "/", "/a", "/e0", "a", "/a/b"}).Draw(t, "prefix")
		case proto.OpGetACL, proto.OpGetAllChildren, proto.OpSync:
			op.Path = genPath().Draw(t, "path")
		default:
			op.Path, op.Watch = genPath().Draw(t, "path"), rapid.IntRange(0, 3).Draw(t, "watch") > 0
		}
		return op
	})
}

func drawSetWatches(t *rapid.T, op *proto.Op) {
	paths := rapid.SliceOfN(genPath(), 0, 2)
	op.RelativeZxid = proto.Zxid(rapid.Int64Range(0, 40).Draw(t, "relative"))
	op.DataWatches, op.ExistWatches, op.ChildWatches =
		paths.Draw(t, "data"), paths.Draw(t, "exist"), paths.Draw(t, "child")
	if op.Type == proto.OpSetWatches2 {
		op.PersistentWatches, op.RecursiveWatches = paths.Draw(t, "persistent"), paths.Draw(t, "recursive")
	}
}

func genPartRead() *rapid.Generator[proto.Op] {
	return rapid.Custom(func(t *rapid.T) proto.Op {
		return proto.Op{Type: rapid.SampledFrom([]proto.OpCode{proto.OpGetData, proto.OpGetChildren}).Draw(t, "type"),
			Path: genPath().Draw(t, "path"), Watch: rapid.IntRange(0, 3).Draw(t, "watch") == 0}
	})
}

func genAuth() *rapid.Generator[proto.Op] {
	packet := func(scheme, credentials string) proto.Op {
		return proto.Op{Type: proto.OpAuth, Auth: &proto.Auth{Scheme: scheme, Data: []byte(credentials)}}
	}
	return rapid.SampledFrom([]proto.Op{packet("digest", "u0:pw0"), packet("digest", "u1:pw1"), packet("digest", superCredentials),
		packet("digest", "nocolon"), packet("digest", ""), packet("digest", "u0:wrong:pw"), packet("ip", "10.0.0.1"),
		packet("world", "anyone"), packet("super", superCredentials), packet("auth", ""), packet("", "")})
}

const superCredentials = "super:test"

// action is a step of a random run. It prints as a line of a transcript, but that
// a write is only prepared, and takes effect at an "apply" after it. Failures
// shrink towards the "apply", which does nothing if nothing is prepared.
type action struct {
	verb    string // "write", "read", "auth", "apply", "doom" or "reconnect"
	session proto.SessionID
	op      proto.Op
}

func (a action) GoString() string {
	switch a.verb {
	case "apply":
		return "apply"
	case "reconnect":
		return fmt.Sprintf(`{"s":%d,"op":"resume"}`, a.session-1)
	}
	return notation(a.session, &a.op)
}

func genAction() *rapid.Generator[action] {
	verbs := []string{"apply", "apply", "apply", "apply", "write", "write", "write", "write",
		"read", "read", "read", "read", "read", "read", "read", "auth", "reconnect", "doom"}
	return rapid.Custom(func(t *rapid.T) action {
		a := action{verb: rapid.SampledFrom(verbs).Draw(t, "verb")}
		if a.verb != "apply" && a.verb != "doom" {
			a.session = proto.SessionID(rapid.IntRange(1, 3).Draw(t, "session"))
		}
		switch a.verb {
		case "write":
			a.op = genWrite().Draw(t, "op")
		case "read":
			a.op = genRead().Draw(t, "op")
		case "auth":
			a.op = genAuth().Draw(t, "op")
		case "doom":
			a.op = *onNode(proto.OpDeleteContainer, rapid.SampledFrom(plainPaths).Draw(t, "path"), 0)
			a.op.TTL = rapid.SampledFrom([]int64{0, 0, 3000}).Draw(t, "never used")
		}
		return a
	})
}

// genLong draws long lists, of about sixty elements: rapid's own have about six.
func genLong[T any](one *rapid.Generator[T]) *rapid.Generator[[]T] {
	lists := rapid.SliceOfN(rapid.SliceOfN(one, 8, 24), 1, 16)
	return rapid.Map(lists, func(lists [][]T) []T { return slices.Concat(lists...) })
}
