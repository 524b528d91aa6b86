package linearizability

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

// twoParts is a history of two nodes: what is answered about /b, of which there
// are many calls, is impossible.
func twoParts(calls int) *History {
	h := New(0)
	step, xid := uint64(0), int32(0)
	call := func(op *proto.Op, r *proto.Result) {
		step += 2
		xid++
		r.Type = op.Type
		h.Return(h.Call(1, op, step), step+1, &Reply{Session: 7, Xid: xid, Result: r})
	}
	set := func(path, data string, version int32) {
		call(&proto.Op{Type: proto.OpSetData, Path: path, Data: []byte(data), Version: -1}, &proto.Result{Stat: proto.Stat{Version: version, DataLength: int32(len(data))}})
	}
	for _, path := range []string{"/a", "/b"} {
		call(&proto.Op{Type: proto.OpCreate, Path: path, Data: []byte("0"), ACL: proto.OpenACL()}, &proto.Result{Path: path})
	}
	for i := range calls {
		set("/b", "x", int32(i+1))
	}
	set("/b", "x", 99)
	set("/a", "1", 1)
	return h
}

func TestDrawShowsThePartConcerned(t *testing.T) {
	for name, c := range map[string]struct {
		v    *proto.Violation
		part string
		want Verdict
	}{
		"a path is named":           {&proto.Violation{Detail: "c1's setData (/a): no"}, "/a", VerdictOK},
		"no path is named":          {&proto.Violation{Detail: "zk3 took epoch 2"}, "/b", VerdictViolated},
		"nothing but the last call": {nil, "/a", VerdictOK},
	} {
		t.Run(name, func(t *testing.T) {
			var page, again bytes.Buffer
			pic, err := Draw(&page, twoParts(10), c.v)
			require.NoError(t, err)
			assert.Equal(t, c.part, pic.Name)
			assert.Equal(t, c.want, pic.Verdict)
			assert.Zero(t, pic.LeftOut)
			assert.Contains(t, page.String(), "<html")
			assert.Contains(t, page.String(), c.part)
			for _, far := range []string{"src=\"http", "href=\"http", "src=http", "@import"} {
				assert.NotContains(t, page.String(), far, "nothing comes from a network")
			}
			_, err = Draw(&again, twoParts(10), c.v)
			require.NoError(t, err)
			assert.Equal(t, page.String(), again.String())
		})
	}
}

func TestDrawIsBounded(t *testing.T) {
	var page bytes.Buffer
	pic, err := Draw(&page, twoParts(3000), &proto.Violation{Detail: "/b"})
	require.NoError(t, err)
	assert.Less(t, page.Len(), 5_000_000)
	assert.Positive(t, pic.LeftOut)
	assert.LessOrEqual(t, pic.Calls, pictureCalls)
}

func TestDrawOfNothing(t *testing.T) {
	_, err := Draw(&bytes.Buffer{}, New(0), nil)
	assert.ErrorIs(t, err, ErrNoPicture)
	assert.False(t, strings.Contains(err.Error(), "%"))
}
