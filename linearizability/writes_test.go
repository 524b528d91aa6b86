package linearizability

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

func parsed(t *testing.T, lines string) *History {
	h, err := ReadJSONL(strings.NewReader(lines))
	require.NoError(t, err)
	return h
}

const (
	madeA = `{"client":"c1","session":"0x100","xid":1,"op":"create","args":{"path":"/a","data":"t:1"},"call":1,"return":2,"outcome":"ok","err":0,"zxid":4294967298,"result":{"op":"create","path":"/a"}}
`
	seenA = `{"client":"c2","session":"0x200","xid":1,"op":"getData","args":{"path":"/a"},"call":3,"return":4,"outcome":"ok","err":0,"zxid":4294967298,"result":{"op":"getData","data":"t:1","stat":[4294967298,4294967298,4294967298,0,0,0,"",1,0]}}
`
)

func TestRightHistories(t *testing.T) {
	for name, lines := range map[string]string{
		"read": madeA + seenA,
		"an unknown set that a read shows": madeA +
			`{"client":"c1","session":"0x100","xid":2,"op":"setData","args":{"path":"/a","data":"t:2","ver":0},"call":3,"outcome":"unknown"}
{"client":"c2","session":"0x200","xid":1,"op":"getData","args":{"path":"/a"},"call":5,"return":6,"outcome":"ok","zxid":4294967300,"result":{"op":"getData","data":"t:2","stat":[4294967298,4294967299,4294967298,1,0,0,"",1,0]}}
`,
		"an unknown set that only the version shows": madeA +
			`{"client":"c1","session":"0x100","xid":2,"op":"setData","args":{"path":"/a","data":"t:2","ver":-1},"call":3,"outcome":"unknown"}
{"client":"c2","session":"0x200","xid":1,"op":"setData","args":{"path":"/a","data":"t:3","ver":-1},"call":5,"return":6,"outcome":"ok","zxid":4294967301,"result":{"op":"setData","stat":[4294967298,4294967301,4294967298,2,0,0,"",1,0]}}
`,
		"a session that ends unseen": `{"client":"c1","session":"0x100","xid":1,"op":"create","args":{"path":"/e","flags":1},"call":1,"return":2,"outcome":"ok","err":0,"zxid":4294967298,"result":{"op":"create","path":"/e"}}
{"client":"c2","session":"0x200","xid":1,"op":"exists","args":{"path":"/e"},"call":5,"return":6,"outcome":"ok","err":-101,"zxid":4294967300}
`,
	} {
		h := parsed(t, lines)
		res := Judge(h, nil)
		assert.Equal(t, VerdictOK, res.Verdict, "%s: %v %v", name, res.Violation, res.Notes)
	}
}

// TestWrongHistories has a history for each property that a replay looks after.
func TestWrongHistories(t *testing.T) {
	for _, c := range []struct {
		name  string
		want  proto.Property
		lines string
	}{
		{"two conditional writes with one version", proto.LinearizableWrites, madeA +
			`{"client":"c1","session":"0x100","xid":2,"op":"setData","args":{"path":"/a","ver":0},"call":3,"return":6,"outcome":"ok","zxid":4294967299,"result":{"op":"setData","stat":[4294967298,4294967299,4294967298,1,0,0,"",0,0]}}
{"client":"c2","session":"0x200","xid":1,"op":"setData","args":{"path":"/a","ver":0},"call":3,"return":6,"outcome":"ok","zxid":4294967300,"result":{"op":"setData","stat":[4294967298,4294967300,4294967298,1,0,0,"",0,0]}}
`},
		{"a write in the past", proto.LinearizableWrites, madeA +
			`{"client":"c2","session":"0x200","xid":1,"op":"create","args":{"path":"/b"},"call":3,"return":6,"outcome":"ok","zxid":4294967297,"result":{"op":"create","path":"/b"}}
`},
		{"a zxid given twice", proto.LinearizableWrites, madeA +
			`{"client":"c2","session":"0x200","xid":1,"op":"create","args":{"path":"/b"},"call":1,"return":6,"outcome":"ok","zxid":4294967298,"result":{"op":"create","path":"/b"}}
`},
		{"a read of something else", proto.PrefixRead, madeA + strings.Replace(seenA, `"t:1"`, `"t:7"`, 1)},
		{"a read that lacks a write", proto.PrefixRead, madeA +
			`{"client":"c2","session":"0x200","xid":1,"op":"exists","args":{"path":"/a"},"call":3,"return":4,"outcome":"ok","err":-101,"zxid":4294967298}
`},
		{"a change that nobody made", proto.Durability, madeA +
			`{"client":"c2","session":"0x200","xid":1,"op":"exists","args":{"path":"/a"},"call":3,"return":4,"outcome":"ok","zxid":4294967300,"result":{"op":"exists","stat":[4294967298,4294967299,4294967298,1,0,0,"",3,0]}}
`},
		{"half a multi", proto.AtomicMulti,
			`{"client":"c1","session":"0x100","xid":1,"op":"multi","args":{"ops":[{"op":"create","a":{"path":"/a"}},{"op":"create","a":{"path":"/b"}}]},"call":1,"return":2,"outcome":"ok","zxid":4294967298,"result":{"op":"multi","multi":[{"op":"create","path":"/a"},{"op":"create","path":"/b"}]}}
{"client":"c2","session":"0x200","xid":1,"op":"exists","args":{"path":"/a"},"call":3,"return":4,"outcome":"ok","zxid":4294967298,"result":{"op":"exists","stat":[4294967298,4294967298,4294967298,0,0,0,"",0,0]}}
{"client":"c2","session":"0x200","xid":2,"op":"exists","args":{"path":"/b"},"call":5,"return":6,"outcome":"ok","err":-101,"zxid":4294967298}
`},
		{"a multi of results and errors", proto.AtomicMulti,
			`{"client":"c1","session":"0x100","xid":1,"op":"multi","args":{"ops":[{"op":"create","a":{"path":"/a"}},{"op":"create","a":{"path":"/b"}}]},"call":1,"return":2,"outcome":"ok","zxid":4294967298,"result":{"op":"multi","multi":[{"op":"create","path":"/a"},{"op":"error","err":-110}]}}
`},
		{"what a failed multi would have done", proto.AtomicMulti,
			`{"client":"c1","session":"0x100","xid":1,"op":"multi","args":{"ops":[{"op":"create","a":{"path":"/a"}},{"op":"delete","a":{"path":"/b","ver":-1}}]},"call":1,"return":2,"outcome":"failed","err":-101,"zxid":4294967298,"result":{"op":"multi","multi":[{"op":"error"},{"op":"error","err":-101}]}}
{"client":"c2","session":"0x200","xid":1,"op":"exists","args":{"path":"/a"},"call":3,"return":4,"outcome":"ok","zxid":4294967298,"result":{"op":"exists","stat":[4294967298,4294967298,4294967298,0,0,0,"",0,0]}}
`},
		{"a sequential name given twice", proto.SequentialName,
			`{"client":"c1","session":"0x100","xid":1,"op":"create","args":{"path":"/s","flags":2},"call":1,"return":2,"outcome":"ok","zxid":4294967298,"result":{"op":"create","path":"/s0000000000"}}
{"client":"c2","session":"0x200","xid":1,"op":"create","args":{"path":"/s","flags":2},"call":1,"return":2,"outcome":"ok","zxid":4294967299,"result":{"op":"create","path":"/s0000000000"}}
`},
		{"a Stat against itself", proto.StatShape, madeA + strings.Replace(seenA, `"",1,0]`, `"",5,0]`, 1)},
		{"a Stat with children that are not there", proto.StatShape, madeA +
			`{"client":"c2","session":"0x200","xid":1,"op":"exists","args":{"path":"/a"},"call":3,"return":4,"outcome":"ok","zxid":4294967298,"result":{"op":"exists","stat":[4294967298,4294967298,4294967298,0,2,0,"",1,2]}}
`},
		{"an ephemeral after its session", proto.Ephemeral,
			`{"client":"c1","session":"0x100","xid":1,"op":"create","args":{"path":"/e","flags":1},"call":1,"return":2,"outcome":"ok","zxid":4294967298,"result":{"op":"create","path":"/e"}}
{"client":"c1","session":"0x100","xid":2,"op":"closeSession","call":3,"return":4,"outcome":"ok","zxid":4294967299,"result":{"op":"closeSession"}}
{"client":"c2","session":"0x200","xid":1,"op":"exists","args":{"path":"/e"},"call":5,"return":6,"outcome":"ok","zxid":4294967299,"result":{"op":"exists","stat":[4294967298,4294967298,4294967298,0,0,0,"0x100",0,0]}}
`},
		{"a write after the end of its session", proto.SessionClosed,
			`{"client":"c1","session":"0x100","xid":1,"op":"closeSession","call":1,"return":2,"outcome":"ok","zxid":4294967298,"result":{"op":"closeSession"}}
{"client":"c1","session":"0x100","xid":2,"op":"create","args":{"path":"/a"},"call":3,"return":4,"outcome":"ok","zxid":4294967299,"result":{"op":"create","path":"/a"}}
`},
	} {
		res := Judge(parsed(t, c.lines), nil)
		if assert.Equal(t, VerdictViolated, res.Verdict, c.name) {
			assert.Equal(t, c.want, res.Violation.Property, "%s: %v", c.name, res.Violation)
		}
	}
}

// TestUnknownIsNoAlarm: with no steps to search there is no verdict.
func TestUnknownIsNoAlarm(t *testing.T) {
	lines := madeA + `{"client":"c1","session":"0x100","xid":2,"op":"setData","args":{"path":"/a","data":"t:2","ver":-1},"call":3,"outcome":"unknown"}
{"client":"c2","session":"0x200","xid":1,"op":"setData","args":{"path":"/a","data":"t:3","ver":-1},"call":5,"return":6,"outcome":"ok","zxid":4294967301,"result":{"op":"setData","stat":[4294967298,4294967301,4294967298,2,0,0,"",1,0]}}
`
	res := CheckWrites(parsed(t, lines), &Options{Steps: -1})
	assert.Equal(t, VerdictUnknown, res.Verdict)
	assert.Nil(t, res.Violation)
	assert.Len(t, res.Notes, 1)
	closed := `{"client":"c2","session":"0x200","xid":1,"op":"create","args":{"path":"/b","acl":[[1,"digest","u:h"]]},"call":5,"return":6,"outcome":"ok","zxid":4294967301}
`
	assert.Equal(t, VerdictUnknown, CheckWrites(parsed(t, closed), &Options{}).Verdict, "nobody knows who that is")
}

// TestTimesAgree: a zxid has one time, whoever tells it.
func TestTimesAgree(t *testing.T) {
	h := parsed(t, madeA+seenA+seenA)
	h.Ops[2].Xid = 2
	h.Ops[1].Result.Stat.Ctime, h.Ops[2].Result.Stat.Ctime = 7, 7
	require.Nil(t, CheckShape(h))
	h.Ops[2].Result.Stat.Mtime = 8
	require.Equal(t, proto.StatShape, CheckShape(h).Property)
}

func TestSearchFindsRareOrders(t *testing.T) {
	open := 0
	for seed := range uint64(200) {
		s := newService(seed, serviceConfig{clients: 5, calls: 150, lose: 6, expire: 30, plainReads: true, values: true,
			paths: []string{"/a", "/b", "/a/x", "/b/y"}})
		s.run()
		res := CheckWrites(s.h, &Options{Steps: 50_000})
		if res.Verdict == VerdictUnknown {
			open++
			t.Log(seed, res.Notes)
		}
		require.NotEqual(t, VerdictViolated, res.Verdict, "seed %d: %v %v\n%s", seed, res.Violation, res.Notes, lazily{s.h})
	}
	assert.LessOrEqual(t, open, 4)
}
