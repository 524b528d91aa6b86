package linearizability

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/proto"
)

func sample() *History {
	h := New(4)
	create := proto.Op{Type: proto.OpCreate, Path: "/a/s-", Data: []byte("v 1"), ACL: proto.OpenACL(), Flags: proto.FlagSequential}
	i := h.Call(1, &create, 10)
	h.Return(i, 14, &Reply{Session: 0x100000000000007, Xid: 1, Zxid: proto.MakeZxid(1, 5),
		Result: &proto.Result{Type: proto.OpCreate, Path: "/a/s-0000000000"}})
	i = h.Call(2, &proto.Op{Type: proto.OpGetData, Path: "/a", Watch: true}, 11)
	h.Return(i, 15, &Reply{Session: -5, Xid: 9, Zxid: 6, Result: &proto.Result{Type: proto.OpGetData, Data: []byte{},
		Stat: proto.Stat{Czxid: 1, Mzxid: 2, Pzxid: 3, Version: 4, Cversion: 5, Aversion: 6, EphemeralOwner: 7, DataLength: 8, NumChildren: 9}}})
	h.Told(Event{2, -5, WatchFired, proto.EventNodeDeleted, "/a", 6, 16, 0})
	multi := proto.Op{Type: proto.OpMulti, Ops: []proto.Op{{Type: proto.OpCheck, Path: "/a", Version: 3},
		{Type: proto.OpCreate, Path: "/é", ACL: []proto.ACL{{Perms: 1, Scheme: "ip", ID: "127.0.0.1"}}},
		{Type: proto.OpSetData, Path: "/b", Version: -1, Data: bytes.Repeat([]byte{0xff}, 40)}}}
	i = h.Call(1, &multi, 17)
	h.Return(i, 18, &Reply{Session: 0x100000000000007, Xid: 2, Outcome: Failed, Err: proto.BadVersion, Zxid: 7,
		Result: &proto.Result{Type: proto.OpMulti, Multi: []proto.Result{{Type: proto.OpError, Err: proto.BadVersion},
			{Type: proto.OpError, Err: proto.RuntimeInconsistency}}}})
	h.Call(1, &proto.Op{Type: proto.OpCloseSession}, 19)
	h.Told(Event{Client: 1, Session: 0x100000000000007, Kind: SessionClosed, Zxid: 7, At: 20})
	return h
}

const sampleText = `{"client":"c1","session":"0x100000000000007","xid":1,"op":"create","args":{"path":"/a/s-","data":"t:v 1","flags":2},"call":10,"return":14,"outcome":"ok","err":0,"zxid":4294967301,"result":{"op":"create","path":"/a/s-0000000000"}}
{"client":"c2","session":"0xfffffffffffffffb","xid":9,"op":"getData","args":{"path":"/a","watch":true},"call":11,"return":15,"outcome":"ok","err":0,"zxid":6,"result":{"op":"getData","data":"t:","stat":[1,2,3,4,5,6,"0x7",8,9]}}
{"client":"c2","session":"0xfffffffffffffffb","xid":9,"zxid":6,"event":"watch","type":2,"path":"/a","at":16}
{"client":"c1","session":"0x100000000000007","xid":2,"op":"multi","args":{"ops":[{"op":"check","a":{"path":"/a","ver":3}},{"op":"create","a":{"path":"/é","acl":[[1,"ip","127.0.0.1"]]}},{"op":"setData","a":{"path":"/b","data":"r:ff*40","ver":-1}}]},"call":17,"return":18,"outcome":"failed","err":-103,"zxid":7,"result":{"op":"multi","multi":[{"op":"error","err":-103},{"op":"error","err":-2}]}}
{"client":"c1","op":"closeSession","args":{},"call":19,"outcome":"unknown","err":0}
{"client":"c1","session":"0x100000000000007","xid":2,"zxid":7,"event":"closed","at":20}
`

func TestJSONL(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, sample().WriteJSONL(&b))
	assert.Equal(t, sampleText, b.String())
	h, err := ReadJSONL(&b)
	require.NoError(t, err)
	assert.Equal(t, sample().Ops, h.Ops)
	assert.Equal(t, sample().Events, h.Events)
}

func TestReadJSONLRefuses(t *testing.T) {
	good := `{"client":"c1","op":"sync","call":1,"outcome":"ok"}` + "\n"
	for _, bad := range []string{
		`{`, `[]`, `{"client":"x1","op":"sync","outcome":"ok"}`, `{"client":"c0","op":"sync","outcome":"ok"}`,
		`{"client":"c1","op":"sing","outcome":"ok"}`, `{"client":"c1","op":"sync","outcome":"fine"}`,
		`{"client":"c1","session":"7","op":"sync","outcome":"ok"}`, `{"client":"c1","event":"noise"}`,
		`{"client":"c1","op":"setData","args":{"data":"q:1"},"outcome":"ok"}`,
		`{"client":"c1","op":"setData","args":{"data":"x:1"},"outcome":"ok"}`,
		`{"client":"c1","op":"setData","args":{"data":"r:00*99999999999"},"outcome":"ok"}`,
		`{"client":"c1","op":"create","args":{"acl":[[1,"a"]]},"outcome":"ok"}`,
		`{"client":"c1","op":"sync","outcome":"ok","call":9,"return":8}`,
		`{"client":"c1","op":"exists","outcome":"ok","result":{"op":"exists","stat":[1,2]}}`,
		`{"client":"c1","op":"multi","args":{"ops":[{"op":"what"}]},"outcome":"ok"}`,
	} {
		_, err := ReadJSONL(strings.NewReader(good + bad))
		assert.ErrorIs(t, err, ErrHistory, bad)
		if err != nil {
			assert.Contains(t, err.Error(), "line 2", bad)
		}
	}
	h, err := ReadJSONL(strings.NewReader("\n" + good + "\n"))
	require.NoError(t, err)
	assert.Len(t, h.Ops, 1)
}

// TestReadJSONLSays: an error tells the line, the field and what must stand there,
// in words of the format.
func TestReadJSONLSays(t *testing.T) {
	for bad, want := range map[string]string{
		`hello`:                                      `line 1: linearizability: malformed history: not JSON at byte 1 ("hello\n"); a line must be one JSON object`,
		`{"client":"c1"`:                             `the line ends within a JSON object`,
		`[]`:                                         `a line must be one JSON object, not a JSON array`,
		`{"client":"c1"} {}`:                         `more than one JSON object in the line`,
		`{"client":1}`:                               `field "client" must be a string, not a JSON number`,
		`{"client":"1"}`:                             `field "client" is "1", must be c and a number from 1`,
		`{"client":"c1","xid":"7"}`:                  `field "xid" must be a whole number of 32 bits, not a JSON string`,
		`{"client":"c1","call":-1}`:                  `field "call" must be a whole number from 0 to 18446744073709551615, not a JSON number`,
		`{"client":"c1","args":{"watch":1}}`:         `field "args.watch" must be true or false, not a JSON number`,
		`{"client":"c1","clal":4}`:                   `field "clal" is not known`,
		`{"client":"c1","args":{"pth":"/"}}`:         `field "pth" is not known`,
		`{"client":"c1","outcome":"fine"}`:           `field "outcome" is "fine", must be one of ok, failed, unknown`,
		`{"client":"c1","result":{"stat":[1,2]}}`:    `field "stat" must be an array of nine`,
		`{"client":"c1","args":{"acl":[[1,2,3]]}}`:   `field "acl" must hold arrays of a number, a string and a string`,
		`{"client":"c1","op":"sing","outcome":"ok"}`: `field "op" is "sing", must be one of create`,
		`{"client":"c1","event":"noise"}`:            `field "event" is "noise", must be one of watch, connected`,
	} {
		_, err := ReadJSONL(strings.NewReader(bad + "\n"))
		require.ErrorIs(t, err, ErrHistory, bad)
		assert.Contains(t, err.Error(), want)
		assert.NotContains(t, err.Error(), "json:")
		assert.NotContains(t, err.Error(), "Go ")
	}
}

func TestDataNotation(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) }),
			rapid.Map(rapid.IntRange(0, 200), func(n int) []byte { return bytes.Repeat([]byte{7}, n) }), rapid.Just[[]byte](nil)).Draw(rt, "data")
		got, err := parseData(formatData(b))
		require.NoError(rt, err)
		assert.Equal(rt, b, got)
	})
}

func FuzzReadJSONL(f *testing.F) {
	f.Add([]byte(sampleText))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ReadJSONL(bytes.NewReader(b))
		if err != nil {
			assert.ErrorIs(t, err, ErrHistory)
			return
		}
		var first, second bytes.Buffer
		require.NoError(t, h.WriteJSONL(&first))
		again, err := ReadJSONL(bytes.NewReader(first.Bytes()))
		require.NoError(t, err)
		require.NoError(t, again.WriteJSONL(&second))
		assert.Equal(t, first.String(), second.String())
	})
}
