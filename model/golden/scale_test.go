package golden_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node/proto"
)

func TestScaleAnswer(t *testing.T) {
	scale := golden.Scale{
		Zxid:    func(z proto.Zxid) int64 { return int64(z) - 100 },
		Session: func(id proto.SessionID) int { return int(id) - 50 },
	}
	pub := proto.Stat{Czxid: 101, Mzxid: 102, Pzxid: 103, Ctime: 9, Mtime: 9, Version: 1, Cversion: 2, Aversion: 3,
		EphemeralOwner: 52, DataLength: 4, NumChildren: 5}
	stat := &golden.Stat{Czxid: 1, Mzxid: 2, Pzxid: 3, Version: 1, Cversion: 2, Aversion: 3, Owner: "s2",
		DataLength: 4, NumChildren: 5}
	whole := proto.Result{Path: "/p", Data: []byte("d"), Stat: pub, Children: []string{"b", "a"}}
	for code, want := range map[proto.OpCode]golden.Want{
		proto.OpCreate:       {Path: "/p"},
		proto.OpSync:         {Path: "/p"},
		proto.OpCreate2:      {Path: "/p", Stat: stat},
		proto.OpExists:       {Stat: stat},
		proto.OpSetData:      {Stat: stat},
		proto.OpDelete:       {},
		proto.OpGetData:      {HasData: true, Data: []byte("d"), Stat: stat},
		proto.OpGetChildren:  {Children: []string{"a", "b"}},
		proto.OpGetChildren2: {Children: []string{"a", "b"}, Stat: stat},
		proto.OpMulti:        {Multi: []golden.Part{}},
	} {
		r := whole
		r.Type = code
		want.Answered, want.Zxid = true, 10
		assert.Equal(t, want, scale.Answer(&r, 110), code)
		r.Err = proto.NoAuth
		assert.Equal(t, golden.Got{Answered: true, Err: proto.NoAuth, Zxid: 10}, scale.Answer(&r, 110), code)
	}
	assert.Equal(t, golden.Event{Session: 3, Type: 1, Path: "/e"},
		scale.Event(53, proto.WatcherEvent{Type: proto.EventNodeCreated, Path: "/e"}))
}

func TestScaleMulti(t *testing.T) {
	scale := golden.Scale{Zxid: func(z proto.Zxid) int64 { return int64(z) }, Session: nil}
	r := proto.Result{Type: proto.OpMulti, Multi: []proto.Result{
		{Type: proto.OpCreate, Path: "/a"}, {Type: proto.OpSetData, Stat: proto.Stat{Czxid: 4}},
		{Type: proto.OpDelete}, {Type: proto.OpError, Err: proto.NoNode},
	}}
	assert.Equal(t, []golden.Part{
		{Type: "create", Path: "/a"}, {Type: "setData", Stat: &golden.Stat{Czxid: 4}},
		{Type: "delete"}, {Type: "error", Err: proto.NoNode},
	}, scale.Answer(&r, 0).Multi)
}
