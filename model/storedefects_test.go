package model_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/zksim/zksim/node/proto"
)

// Each transaction that is bent on its way into the store is found out.
func TestStoreAgainstModelFindsDefects(t *testing.T) {
	of := func(code proto.OpCode, f func(*proto.Txn)) func(*proto.Txn) {
		return func(txn *proto.Txn) {
			if txn.Type == code {
				f(txn)
			}
		}
	}
	bends := map[string]func(*proto.Txn){
		"owner lost":       of(proto.OpCreate, func(txn *proto.Txn) { txn.Ephemeral = false }),
		"count of creates": of(proto.OpCreate, func(txn *proto.Txn) { txn.ParentCVersion++ }),
		"data":             of(proto.OpCreate, func(txn *proto.Txn) { txn.Data = []byte{} }),
		"path":             of(proto.OpCreate, func(txn *proto.Txn) { txn.Path += "x" }),
		"version":          of(proto.OpSetData, func(txn *proto.Txn) { txn.Version++ }),
		"null data":        of(proto.OpSetData, func(txn *proto.Txn) { txn.Data = nil }),
		"error":            of(proto.OpError, func(txn *proto.Txn) { txn.Err-- }),
		"delete lost":      of(proto.OpDelete, func(txn *proto.Txn) { txn.Type = proto.OpError }),
		"half a multi":     of(proto.OpMulti, func(txn *proto.Txn) { txn.Ops = txn.Ops[:1] }),
		"timeout":          of(proto.OpCreateSession, func(txn *proto.Txn) { txn.Timeout++ }),
		"session kept":     of(proto.OpCloseSession, func(txn *proto.Txn) { txn.Type = proto.OpCheck }),
		"permissions":      of(proto.OpSetACL, func(txn *proto.Txn) { txn.ACL[0].Perms-- }),
		"version of them":  of(proto.OpSetACL, func(txn *proto.Txn) { txn.Version++ }),
		"a container lost": of(proto.OpCreateContainer, func(txn *proto.Txn) { txn.Type = proto.OpCreate2 }),
		"time to live":     of(proto.OpCreateTTL, func(txn *proto.Txn) { txn.TTL++ }),
		"time":             func(txn *proto.Txn) { txn.Time++ },
		"digest":           func(txn *proto.Txn) { txn.Digest++ },
	}
	assert.Empty(t, runScript(func(*pair) {}))
	for what, bend := range bends {
		assert.NotEmpty(t, runScript(func(p *pair) { p.bend = bend }), what)
	}
}

// Each answer that is bent on its way out of the store is found out, as are
// events that are lost.
func TestStoreAgainstModelFindsLies(t *testing.T) {
	of := func(code proto.OpCode, f func(*proto.Result)) func(*proto.Result) {
		return func(r *proto.Result) {
			if r.Type == code && r.Err == proto.OK {
				f(r)
			}
		}
	}
	for what, lie := range map[string]func(*proto.Result){
		"error":           of(proto.OpExists, func(r *proto.Result) { r.Err = proto.NoNode }),
		"data":            of(proto.OpGetData, func(r *proto.Result) { r.Data = nil }),
		"child":           of(proto.OpGetChildren, func(r *proto.Result) { r.Children = r.Children[1:] }),
		"permissions":     of(proto.OpGetACL, func(r *proto.Result) { r.ACL = r.ACL[1:] }),
		"aversion":        of(proto.OpSetACL, func(r *proto.Result) { r.Stat.Aversion++ }),
		"count":           of(proto.OpGetAllChildren, func(r *proto.Result) { r.Count++ }),
		"ephemeral":       of(proto.OpGetEphemerals, func(r *proto.Result) { r.Children = nil }),
		"identity":        of(proto.OpWhoAmI, func(r *proto.Result) { r.IDs = r.IDs[:1] }),
		"part of a read":  of(proto.OpMultiRead, func(r *proto.Result) { r.Multi[0].Data = nil }),
		"error in a read": of(proto.OpMultiRead, func(r *proto.Result) { r.Multi[1].Err = proto.NoAuth }),
		"part of a multi": of(proto.OpMulti, func(r *proto.Result) { r.Multi[1].Type = proto.OpCreate2 }),
		"no watch":        of(proto.OpRemoveWatches, func(r *proto.Result) { r.Err = proto.NoWatcher }),
		"container's":     of(proto.OpCreateContainer, func(r *proto.Result) { r.Stat.Czxid++ }),
	} {
		assert.NotEmpty(t, runScript(func(p *pair) { p.lie = lie }), what)
	}
	assert.NotEmpty(t, runScript(func(p *pair) { p.deaf = true }), "events")
}

// runScript runs some of everything and returns the failure, if there was one.
func runScript(plant func(*pair)) (failure string) {
	r := &recorder{}
	defer func() {
		if v := recover(); v != nil && v != r {
			panic(v)
		}
		failure = r.text
	}()
	p := newPair(r)
	plant(p)
	data := create("/a/e", proto.FlagEphemeral)
	data.Data = []byte("d")
	container := &proto.Op{Type: proto.OpCreateContainer, Path: "/c", Flags: proto.FlagContainer, ACL: proto.OpenACL()}
	auth := &proto.Op{Type: proto.OpAuth, Auth: &proto.Auth{Scheme: "digest", Data: []byte("u0:pw0")}}
	for _, op := range []*proto.Op{
		{Type: proto.OpCreateSession, Timeout: 4000}, auth, create("/a", 0), data, create("/a", 0),
		{Type: proto.OpAddWatch, Path: "/", Mode: proto.WatchRecursive}, container, withTTL("/t", proto.FlagTTL, 15000),
		{Type: proto.OpSetData, Path: "/a", Data: []byte{}, Version: -1},
		{Type: proto.OpMulti, Ops: []proto.Op{*create("/b", 0), *create("/c/d", 0)}},
		withACL("/a", 0, proto.ACL{Perms: 31, Scheme: "auth"}, proto.ACL{Perms: 1, Scheme: "world", ID: "anyone"}),
		watching(proto.OpExists, "/a"), watching(proto.OpGetData, "/a/e"), watching(proto.OpGetChildren, "/a"),
		onNode(proto.OpGetACL, "/a", 0), onNode(proto.OpGetAllChildren, "/", 0), onNode(proto.OpGetEphemerals, "/a", 0),
		onNode(proto.OpWhoAmI, "", 0),
		{Type: proto.OpMultiRead, Ops: []proto.Op{*onNode(proto.OpGetData, "/a/e", 0), *onNode(proto.OpGetChildren, "/x", 0)}},
		{Type: proto.OpRemoveWatches, Path: "/a", Watches: proto.WatchesData},
		onNode(proto.OpDelete, "/b", -1), {Type: proto.OpCloseSession},
	} {
		verb := "read"
		switch {
		case op.Type == proto.OpAuth:
			verb = "auth"
		case op.Type.IsWrite():
			verb = "write"
		}
		p.run(action{verb, 1, *op})
		p.settle()
	}
	return ""
}

// recorder takes the place of a testing.T where a failure is wanted.
type recorder struct{ text string }

func (r *recorder) Errorf(format string, args ...any) { r.text += fmt.Sprintf(format, args...) }

func (r *recorder) FailNow() { panic(r) }
