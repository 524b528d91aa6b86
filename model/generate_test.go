package model_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
)

// Few paths, so that operations collide. The second list holds those that some
// rule treats in its own way.
var (
	plainPaths = []string{"/a", "/a", "/a", "/a", "/b", "/b", "/a/b", "/a/b", "/a/b", "/a/b/c", "/a-", "/a/b0000000001"}
	oddPaths   = []string{"", "/", "/zookeeper/config", "/zookeeper/config/a", "//", "a", "a/b", "/a/", "/a//b", "/.",
		"/a/..", "/a\x00", "/\x01", "/😀", "/zookeeper", "/zookeeper/quota", "/zookeeper/quota/a", "/zookeeper/config"}
)

func genPath() *rapid.Generator[string] {
	plain, odd := rapid.SampledFrom(plainPaths), rapid.SampledFrom(oddPaths)
	return rapid.OneOf(plain, plain, plain, plain, plain, plain, plain, plain, plain, plain, odd)
}

func genVersion() *rapid.Generator[int32] {
	return rapid.SampledFrom([]int32{-1, -1, 0, -1, -1, -1, -1, 0, -1, -1, 1, -2, 1 << 30})
}

func genData() *rapid.Generator[[]byte] {
	return rapid.SampledFrom([][]byte{nil, {}, []byte("x"), []byte("data")})
}

func genCreate(t *rapid.T) proto.Op {
	op := proto.Op{
		Type:  rapid.SampledFrom([]proto.OpCode{proto.OpCreate, proto.OpCreate2}).Draw(t, "type"),
		Path:  genPath().Draw(t, "path"),
		Data:  genData().Draw(t, "data"),
		ACL:   proto.OpenACL(),
		Flags: rapid.SampledFrom([]proto.CreateFlags{0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 2, 0, 1, 0, 3, 0, 1, 0, 2, 4, 7, -1}).Draw(t, "flags"),
	}
	switch rapid.IntRange(0, 30).Draw(t, "acl") {
	case 27:
		op.ACL = nil
	case 28:
		op.ACL = []proto.ACL{{Perms: 1, Scheme: "world", ID: "anyone"}}
	}
	return op
}

// genSingle draws a write that may stand in a multi.
func genSingle() *rapid.Generator[proto.Op] {
	return rapid.Custom(func(t *rapid.T) proto.Op {
		code := rapid.SampledFrom([]proto.OpCode{proto.OpCreate, proto.OpDelete, proto.OpCreate,
			proto.OpSetData, proto.OpCreate, proto.OpCreate, proto.OpCreate, proto.OpCheck}).Draw(t, "kind")
		if code == proto.OpCreate {
			return genCreate(t)
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
		*create("/a", proto.FlagEphemeral), *create("/a/b", 0)})
}

// genRefused draws a write that meets one of the rarer errors.
func genRefused() *rapid.Generator[proto.Op] {
	return rapid.SampledFrom([]proto.Op{
		*create("/zookeeper/config/a", 0), *onNode(proto.OpSetData, "/zookeeper/config", -1),
		*create("/b/a", 0), {Type: proto.OpCreate, Path: "/b/a"}, *onNode(proto.OpDelete, "/zookeeper/config/a", 0)})
}

func genWrite() *rapid.Generator[proto.Op] {
	multi := rapid.Custom(func(t *rapid.T) proto.Op {
		return proto.Op{Type: proto.OpMulti, Ops: rapid.SliceOfN(rapid.OneOf(genLikely(), genLikely(), genSingle()), 0, 4).Draw(t, "ops")}
	})
	session := rapid.SampledFrom([]proto.Op{{Type: proto.OpCreateSession, Timeout: 4000},
		{Type: proto.OpCreateSession, Timeout: 9000}, {Type: proto.OpCloseSession}})
	single := genSingle()
	return rapid.OneOf(single, multi, single, single, single, single, multi, single, single, genRefused(), multi, session)
}

func genRead() *rapid.Generator[proto.Op] {
	codes := []proto.OpCode{proto.OpExists, proto.OpGetData, proto.OpGetChildren, proto.OpGetChildren2,
		proto.OpSync, proto.OpPing, proto.OpSetWatches, proto.OpGetACL}
	return rapid.Custom(func(t *rapid.T) proto.Op {
		op := proto.Op{Type: rapid.SampledFrom(codes).Draw(t, "type")}
		switch op.Type {
		case proto.OpPing:
		case proto.OpSetWatches:
			paths := rapid.SliceOfN(genPath(), 0, 2)
			op.RelativeZxid = proto.Zxid(rapid.Int64Range(0, 40).Draw(t, "relative"))
			op.DataWatches, op.ExistWatches, op.ChildWatches =
				paths.Draw(t, "data"), paths.Draw(t, "exist"), paths.Draw(t, "child")
		default:
			op.Path, op.Watch = genPath().Draw(t, "path"), rapid.IntRange(0, 3).Draw(t, "watch") > 0
		}
		return op
	})
}

// action is a step of a random run. As text it is one short line, so that a
// shrunk run can be read.
type action struct {
	verb    string // "write", "read", "apply" or "disconnect"
	session proto.SessionID
	op      proto.Op
}

func (a action) GoString() string {
	switch a.verb {
	case "apply":
		return "apply"
	case "disconnect":
		return fmt.Sprintf("s%d disconnect", a.session)
	}
	return fmt.Sprintf("s%d %s", a.session, opText(&a.op))
}

func opText(op *proto.Op) string {
	switch op.Type {
	case proto.OpMulti:
		parts := make([]string, len(op.Ops))
		for i := range op.Ops {
			parts[i] = opText(&op.Ops[i])
		}
		return "multi[" + strings.Join(parts, "; ") + "]"
	case proto.OpCreate, proto.OpCreate2:
		acl := ""
		if !proto.IsOpenACL(op.ACL) {
			acl = fmt.Sprintf(" acl=%v", op.ACL)
		}
		return fmt.Sprintf("%v %q flags=%d data=%q%s", op.Type, op.Path, op.Flags, op.Data, acl)
	case proto.OpSetData:
		return fmt.Sprintf("%v %q version=%d data=%q", op.Type, op.Path, op.Version, op.Data)
	case proto.OpDelete, proto.OpCheck:
		return fmt.Sprintf("%v %q version=%d", op.Type, op.Path, op.Version)
	case proto.OpSetWatches:
		return fmt.Sprintf("%v since %v data=%q exist=%q child=%q", op.Type, op.RelativeZxid,
			op.DataWatches, op.ExistWatches, op.ChildWatches)
	}
	return fmt.Sprintf("%v %q watch=%v", op.Type, op.Path, op.Watch)
}

func genAction() *rapid.Generator[action] {
	verbs := []string{"write", "write", "write", "write", "apply", "apply", "apply", "apply",
		"read", "read", "read", "read", "read", "read", "disconnect"}
	return rapid.Custom(func(t *rapid.T) action {
		a := action{verb: rapid.SampledFrom(verbs).Draw(t, "verb")}
		if a.verb != "apply" {
			a.session = proto.SessionID(rapid.IntRange(1, 3).Draw(t, "session"))
		}
		switch a.verb {
		case "write":
			a.op = genWrite().Draw(t, "op")
		case "read":
			a.op = genRead().Draw(t, "op")
		}
		return a
	})
}

// genLong draws long lists, of about sixty elements: rapid's own have about six.
func genLong[T any](one *rapid.Generator[T]) *rapid.Generator[[]T] {
	lists := rapid.SliceOfN(rapid.SliceOfN(one, 8, 24), 1, 16)
	return rapid.Map(lists, func(lists [][]T) []T { return slices.Concat(lists...) })
}
