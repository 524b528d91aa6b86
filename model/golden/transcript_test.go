package golden_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node/proto"
)

func TestParseRecordings(t *testing.T) {
	files, err := filepath.Glob("../../testdata/golden/basic/*.jsonl")
	require.NoError(t, err)
	require.Len(t, files, 10)
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(t, err)
		tr, err := golden.Parse(f)
		require.NoError(t, f.Close())
		require.NoError(t, err, name)
		for i := range tr.Steps {
			require.Empty(t, tr.Steps[i].Want.Compare(tr.Steps[i].Want))
		}
	}
}

const header = `{"format":1,"seed":7,"steps":1,"server":"S"}` + "\n"

// step parses a transcript of one step.
func step(t *testing.T, line string) golden.Step {
	tr, err := golden.Parse(strings.NewReader(header + line))
	require.NoError(t, err)
	require.Equal(t, golden.Header{Format: 1, Seed: 7, Steps: 1, Server: "S"}, tr.Header)
	require.Len(t, tr.Steps, 1)
	return tr.Steps[0]
}

func TestParseOps(t *testing.T) {
	for args, want := range map[string]proto.Op{
		`"op":"connect","a":{}`:                                    {Type: proto.OpCreateSession, Timeout: 30000},
		`"op":"connect","a":{"short":true}`:                        {Type: proto.OpCreateSession, Timeout: 1000},
		`"op":"close","a":{}`:                                      {Type: proto.OpCloseSession},
		`"op":"final","a":{}`:                                      {},
		`"op":"sync","a":{}`:                                       {Type: proto.OpSync},
		`"op":"exists","a":{"path":"/a","watch":true}`:             {Type: proto.OpExists, Path: "/a", Watch: true},
		`"op":"delete","a":{"path":"/a","ver":-2}`:                 {Type: proto.OpDelete, Path: "/a", Version: -2},
		`"op":"setData","a":{"path":"/a","data":"t:a:b","ver":3}`:  {Type: proto.OpSetData, Path: "/a", Data: []byte("a:b"), Version: 3},
		`"op":"create","a":{"path":"/a","data":"t:","flags":3}`:    {Type: proto.OpCreate, Path: "/a", Data: []byte{}, ACL: proto.OpenACL(), Flags: 3},
		`"op":"create","a":{"path":"/a","data":"n"}`:               {Type: proto.OpCreate, Path: "/a", ACL: proto.OpenACL()},
		`"op":"create2","a":{"path":"/a","data":"x:","acl":[]}`:    {Type: proto.OpCreate2, Path: "/a", Data: []byte{}, ACL: []proto.ACL{}},
		`"op":"create","a":{"data":"x:00ff","acl":[[1,"ip","h"]]}`: {Type: proto.OpCreate, Data: []byte{0, 255}, ACL: []proto.ACL{{Perms: 1, Scheme: "ip", ID: "h"}}},
		`"op":"setData","a":{"data":"r:07*3","ver":0}`:             {Type: proto.OpSetData, Data: []byte{7, 7, 7}},
		`"op":"multi","a":{"ops":[]}`:                              {Type: proto.OpMulti, Ops: []proto.Op{}},
		`"op":"multi","a":{"ops":[{"op":"check","a":{"path":"/","ver":1}}]}`: {Type: proto.OpMulti,
			Ops: []proto.Op{{Type: proto.OpCheck, Path: "/", Version: 1}}},
		`"op":"setWatches","a":{"relz":5,"wdata":["/d"],"wexist":["/e"],"wchild":["/c"]}`: {Type: proto.OpSetWatches,
			RelativeZxid: 5, DataWatches: []string{"/d"}, ExistWatches: []string{"/e"}, ChildWatches: []string{"/c"}},
		`"op":"createTTL","a":{"path":"/a","flags":6,"ttl":1000}`:     {Type: proto.OpCreateTTL, Path: "/a", ACL: proto.OpenACL(), Flags: 6, TTL: 1000},
		`"op":"createContainer","a":{"path":"/a","flags":4}`:          {Type: proto.OpCreateContainer, Path: "/a", ACL: proto.OpenACL(), Flags: 4},
		`"op":"setACL","a":{"path":"/a","acl":[[1,"x","y"]],"ver":2}`: {Type: proto.OpSetACL, Path: "/a", Version: 2, ACL: []proto.ACL{{Perms: 1, Scheme: "x", ID: "y"}}},
		`"op":"auth","a":{"auth":"digest","cred":"u:p"}`:              {Type: proto.OpAuth, Auth: &proto.Auth{Scheme: "digest", Data: []byte("u:p")}},
		`"op":"auth","a":{}`:                              {Type: proto.OpAuth, Auth: &proto.Auth{Data: []byte{}}},
		`"op":"addWatch","a":{"path":"/a","mode":1}`:      {Type: proto.OpAddWatch, Path: "/a", Mode: 1},
		`"op":"removeWatches","a":{"path":"/a","type":3}`: {Type: proto.OpRemoveWatches, Path: "/a", Watches: 3},
		`"op":"checkWatches","a":{"path":"/a","type":1}`:  {Type: proto.OpCheckWatches, Path: "/a", Watches: 1},
		`"op":"getEphemerals","a":{"path":"/a"}`:          {Type: proto.OpGetEphemerals, Path: "/a"},
		`"op":"getAllChildrenNumber","a":{"path":"/a"}`:   {Type: proto.OpGetAllChildren, Path: "/a"},
		`"op":"getACL","a":{"path":"/a"}`:                 {Type: proto.OpGetACL, Path: "/a"},
		`"op":"whoAmI","a":{}`:                            {Type: proto.OpWhoAmI},
		`"op":"multiRead","a":{"ops":[{"op":"getChildren","a":{"path":"/"}}]}`: {Type: proto.OpMultiRead,
			Ops: []proto.Op{{Type: proto.OpGetChildren, Path: "/"}}},
		`"op":"setWatches2","a":{"relz":5,"wpers":["/p"],"wrec":["/r"]}`: {Type: proto.OpSetWatches2,
			RelativeZxid: 5, PersistentWatches: []string{"/p"}, RecursiveWatches: []string{"/r"}},
		`"op":"setWatches","a":{"relz":5,"wpers":["/p"],"wrec":["/r"]}`: {Type: proto.OpSetWatches, RelativeZxid: 5},
	} {
		s := step(t, `{"i":0,"s":2,`+args+`,"r":{}}`)
		assert.Equal(t, want, s.Op, args)
		assert.Equal(t, 2, s.Session)
	}
}

func TestParseWant(t *testing.T) {
	s := step(t, `{"i":0,"s":0,"op":"multi","a":{"path":"/p","badpw":true,"short":true},"r":{"err":-101,"z":9,`+
		`"path":"/a","data":"n","stat":[1,2,3,4,5,6,"s7",8,9],"ch":[],"multi":[{"op":"error","err":-2},`+
		`{"op":"setData","err":0,"path":"/q","stat":[0,0,0,0,0,0,"",0,0]}],"sess":"new","closed":true,"unordered":true,`+
		`"ev":[[1,4,"/"],[1,2,"/a"]],"ev_late":[[0,3,"/b"]],"tree":[{"path":"/","stat":[1,2,3,4,5,6,"",8,9],"data":"t:x"}]}}`)
	assert.Equal(t, golden.Args{Short: true, BadPassword: true, Path: "/p"}, s.Args)
	assert.Equal(t, golden.Want{
		Answered: true, Err: proto.NoNode, Zxid: 9, Path: "/a", HasData: true,
		Stat: &golden.Stat{Czxid: 1, Mzxid: 2, Pzxid: 3, Version: 4, Cversion: 5, Aversion: 6, Owner: "s7",
			DataLength: 8, NumChildren: 9},
		Children: []string{},
		Multi: []golden.Part{{Type: "error", Err: proto.RuntimeInconsistency},
			{Type: "setData", Path: "/q", Stat: &golden.Stat{}}},
		Sess: "new", Closed: true, Unordered: true,
		Events: []golden.Event{{Session: 1, Type: proto.EventNodeChildrenChanged, Path: "/"},
			{Session: 1, Type: proto.EventNodeDeleted, Path: "/a"}},
		EventsLate: []golden.Event{{Session: 0, Type: proto.EventNodeDataChanged, Path: "/b"}},
		Tree: []golden.Node{{Path: "/", Data: []byte("x"), Stat: golden.Stat{Czxid: 1, Mzxid: 2, Pzxid: 3, Version: 4,
			Cversion: 5, Aversion: 6, DataLength: 8, NumChildren: 9}}},
	}, s.Want)
}

// Every malformed line is refused with its number and the field.
func TestParseMalformed(t *testing.T) {
	line := func(op, args, result string) string {
		return header + `{"i":0,"s":0,"op":"` + op + `","a":` + args + `,"r":` + result + `}` + "\n"
	}
	for _, c := range []struct{ text, want string }{
		{"", "line 1: header missing"},
		{"x", "line 1: "},
		{`{"format":2,"steps":0}`, "line 1: format: want 1, have 2"},
		{`{"format":1,"steps":0,"more":1}`, `line 1: json: unknown field "more"`},
		{header, "line 2: steps: header promises 1, have 0"},
		{header + "\n", "line 2: "},
		{header + `{"i":0} {}`, "line 2: more than one value"},
		{header + `{"s":0,"op":"sync","a":{},"r":{}}`, "line 2: i: missing"},
		{header + `{"i":1,"s":0,"op":"sync","a":{},"r":{}}`, "line 2: i: want 0, have 1"},
		{header + `{"i":0,"op":"sync","a":{},"r":{}}`, "line 2: s: missing"},
		{header + `{"i":0,"s":0,"op":"sync","r":{}}`, "line 2: a: missing"},
		{header + `{"i":0,"s":0,"op":"sync","a":{}}`, "line 2: r: missing"},
		{header + `{"i":"0","s":0,"op":"sync","a":{},"r":{}}`, "field rawStep.i of type int"},
		{line("shout", `{}`, `{}`), `line 2: op: unknown operation "shout"`},
		{line("create", `{"age":1}`, `{}`), `line 2: a: json: unknown field "age"`},
		{line("setACL", `{}`, `{}`), "line 2: a.ver: missing"},
		{line("setACL", `{"ver":1,"acl":7}`, `{}`), "line 2: a.acl: "},
		{line("getACL", `{}`, `{"acl":[[1]]}`), "line 2: r.acl[0]: want 3 elements, have 1"},
		{line("whoAmI", `{}`, `{"ids":[["ip"]]}`), "line 2: r.ids[0]: want 2 elements, have 1"},
		{line("multiRead", `{}`, `{"multi":[{"op":"getData","err":0,"data":"7"}]}`), "line 2: r.multi[0].data: unknown notation"},
		{line("final", `{}`, `{"tree":[{"path":"/","stat":[1,2,3,4,5,6,"",8,9],"data":"n","acl":[7]}]}`), "line 2: r.tree[0].acl: "},
		{line("create", `{"data":"q:1"}`, `{}`), `line 2: a.data: unknown notation "q:1"`},
		{line("create", `{"data":"x:0"}`, `{}`), "line 2: a.data: "},
		{line("create", `{"data":"r:00"}`, `{}`), "line 2: a.data: want r:HH*N"},
		{line("create", `{"data":"r:00*-1"}`, `{}`), "line 2: a.data: want r:HH*N"},
		{line("create", `{"acl":[[1,"world"]]}`, `{}`), "line 2: a.acl[0]: want 3 elements, have 2"},
		{line("create", `{"acl":7}`, `{}`), "line 2: a.acl: "},
		{line("delete", `{}`, `{}`), "line 2: a.ver: missing"},
		{line("multi", `{"ops":[{"op":"check","a":{}}]}`, `{}`), "line 2: a.ops[0].a.ver: missing"},
		{line("sync", `{}`, `{"wat":1}`), `line 2: r: json: unknown field "wat"`},
		{line("sync", `{}`, `{"z":1}`), "line 2: r.err: missing"},
		{line("sync", `{}`, `{"err":1}`), "line 2: r.z: missing"},
		{line("sync", `{}`, `{"data":"7"}`), "line 2: r.data: unknown notation"},
		{line("sync", `{}`, `{"stat":[1]}`), "line 2: r.stat: want 9 elements, have 1"},
		{line("sync", `{}`, `{"stat":[1,2,3,4,5,6,7,8,9]}`), "line 2: r.stat: element 6: "},
		{line("sync", `{}`, `{"multi":[{"op":"error"}]}`), "line 2: r.multi[0].err: missing"},
		{line("sync", `{}`, `{"multi":[{"op":"x","err":0,"stat":[]}]}`), "line 2: r.multi[0].stat: want 9"},
		{line("sync", `{}`, `{"ev":[[1,2]]}`), "line 2: r.ev[0]: want 3 elements"},
		{line("sync", `{}`, `{"ev_late":[[1,2,3]]}`), "line 2: r.ev_late[0]: element 2"},
		{line("sync", `{}`, `{"tree":[{"path":"/"}]}`), "line 2: r.tree[0]: stat or data missing"},
		{line("sync", `{}`, `{"tree":[{"path":"/","stat":[],"data":"n"}]}`), "line 2: r.tree[0].stat: want 9"},
	} {
		_, err := golden.Parse(strings.NewReader(c.text))
		require.ErrorIs(t, err, golden.ErrFormat, c.text)
		assert.Contains(t, err.Error(), c.want, c.text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(header + `{"i":0,"s":0,"op":"create","a":{"data":"r:07*3"},"r":{"err":0,"z":1,"ev":[[0,1,"/"]]}}`)
	f.Add("") // neither a header nor an answer
	f.Fuzz(func(t *testing.T, text string) {
		tr, err := golden.Parse(strings.NewReader(text))
		if err != nil {
			assert.Nil(t, tr)
			return
		}
		assert.Len(t, tr.Steps, int(tr.Header.Steps))
	})
}
