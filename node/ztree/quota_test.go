package ztree

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

func data(op proto.Op, text string) proto.Op {
	op.Data = []byte(text)
	return op
}

// limited is a leader with a quota on /a, as the command setquota makes it.
func limited(limits string) *leader {
	l := newLeader()
	l.SetRules(Rules{EnforceQuota: true})
	for _, op := range []proto.Op{data(create("/a", 0), "12345"), create("/zookeeper/quota/a", 0),
		data(create("/zookeeper/quota/a/zookeeper_limits", 0), limits), data(create("/zookeeper/quota/a/zookeeper_stats", 0), "x")} {
		l.do(op)
	}
	return l
}

func (l *leader) usageOf(about string) string {
	return string(l.read(1, proto.Op{Type: proto.OpGetData, Path: "/zookeeper/quota" + about + "/zookeeper_stats"}).Data)
}

func TestUsageIsKept(t *testing.T) {
	l := limited("count=-1,bytes=-1")
	assert.Equal(t, "count=1,bytes=5", l.usageOf("/a"))
	l.do(data(create("/a/b", 0), "678"))
	assert.Equal(t, "count=2,bytes=8", l.usageOf("/a"))
	l.do(data(on(proto.OpSetData, "/a/b", -1), "6"))
	assert.Equal(t, "count=2,bytes=6", l.usageOf("/a"))
	l.do(data(create("/ab", 0), "other"))
	assert.Equal(t, "count=2,bytes=6", l.usageOf("/a"), "another znode of a similar name")
	before := l.nodes["/zookeeper/quota/a/zookeeper_stats"].stat()
	l.do(on(proto.OpDelete, "/a/b", -1))
	assert.Equal(t, "count=1,bytes=5", l.usageOf("/a"))
	assert.Equal(t, before, l.nodes["/zookeeper/quota/a/zookeeper_stats"].stat(), "its metadata tells nothing")
	l.do(data(on(proto.OpSetData, "/zookeeper/quota/a/zookeeper_stats", -1), "what a client likes"))
	assert.Equal(t, "count=1,bytes=5", l.usageOf("/a"))
	l.do(on(proto.OpDelete, "/zookeeper/quota/a/zookeeper_limits", -1))
	l.do(create("/a/c", 0))
	assert.Equal(t, "count=1,bytes=5", l.usageOf("/a"), "the quota is no more")
	require.NoError(t, audit(l.Tree))
}

func TestSoftLimitsAreTold(t *testing.T) {
	l := limited("count=1,bytes=6")
	assert.Empty(t, l.TakeExcesses())
	assert.Equal(t, proto.OK, l.do(create("/a/b", 0)).Err)
	assert.Equal(t, []QuotaExcess{{"/a", "2 znodes, the limit is 1"}}, l.TakeExcesses())
	assert.Equal(t, proto.OK, l.do(data(on(proto.OpSetData, "/a/b", -1), "xx")).Err)
	assert.Equal(t, []QuotaExcess{{"/a", "2 znodes, the limit is 1"}}, l.TakeExcesses())
	l.do(on(proto.OpDelete, "/a/b", -1))
	assert.Empty(t, l.TakeExcesses(), "less is no excess")
}

func TestHardLimitsAreObeyed(t *testing.T) {
	l := limited("count=1,bytes=-1=;byteHardLimit=10;countHardLimit=2")
	assert.Equal(t, proto.QuotaExceeded, l.do(data(create("/a/b", 0), "123456")).Err)
	assert.Equal(t, proto.OK, l.do(data(create("/a/b", 0), "12345")).Err)
	assert.Equal(t, proto.QuotaExceeded, l.do(create("/a/c", 0)).Err)
	assert.Equal(t, proto.QuotaExceeded, l.do(data(on(proto.OpSetData, "/a/b", 7), "123456")).Err, "before the version is looked at")
	assert.Equal(t, proto.OK, l.do(data(on(proto.OpSetData, "/a/b", -1), "54321")).Err)
	r := l.do(proto.Op{Type: proto.OpMulti, Ops: []proto.Op{on(proto.OpDelete, "/a/b", -1), create("/a/c", 0), create("/a/d", 0)}})
	assert.Equal(t, []proto.ErrCode{0, 0, proto.QuotaExceeded}, []proto.ErrCode{r.Multi[0].Err, r.Multi[1].Err, r.Multi[2].Err})
	l.SetRules(Rules{})
	assert.Equal(t, proto.OK, l.do(create("/a/c", 0)).Err)
}

// A soft limit that is passed does not hide a hard one of the other kind.
func TestHardLimitBehindASoftOne(t *testing.T) {
	l := limited("count=1;byteHardLimit=6")
	assert.Equal(t, proto.OK, l.do(create("/a/b", 0)).Err)
	assert.Equal(t, proto.QuotaExceeded, l.do(data(create("/a/c", 0), "12")).Err)
}

// TestQuotaForesees: what is prepared counts, applied or not.
func TestQuotaForesees(t *testing.T) {
	l := limited("countHardLimit=2")
	ops := []proto.Op{create("/a/b", 0), create("/a/c", 0), on(proto.OpDelete, "/a/b", -1), create("/a/c", 0),
		data(on(proto.OpSetData, "/zookeeper/quota/a/zookeeper_limits", -1), "countHardLimit=3"), create("/a/d", 0)}
	var got []proto.ErrCode
	for _, op := range ops {
		txn := l.prepare(op)
		got = append(got, txn.Err)
	}
	assert.Equal(t, []proto.ErrCode{0, proto.QuotaExceeded, 0, 0, 0, 0}, got)
}

// A quota comes back with the snapshot, its usage counted anew.
func TestQuotaIsLoaded(t *testing.T) {
	l := limited("count=1,bytes=-1")
	l.do(create("/a/b", 0))
	body, _ := l.NewSnapshot().Append(nil, 1<<20)
	loader := NewLoader()
	_, done, err := loader.Feed(body)
	require.True(t, done)
	require.NoError(t, err)
	assert.Equal(t, quota{limits: limits{1, -1, -1, -1}, count: 2, bytes: 5}, *loader.Tree().quotas["/a"])
	require.NoError(t, audit(loader.Tree()))
}

// FuzzLimits: any text is a quota, of nothing if need be.
func FuzzLimits(f *testing.F) {
	f.Add([]byte("count=1,bytes=2=;byteHardLimit=3;countHardLimit=4"))
	f.Add([]byte("count=,bytes"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l := parseLimits(text)
		l.exceeded(1, 1)
	})
}

func TestParseLimits(t *testing.T) {
	none := limits{-1, -1, -1, -1}
	for text, want := range map[string]limits{
		"":                  none,
		"count=3,bytes=4":   {3, 4, -1, -1},
		"count=3;bytes=4":   {3, 4, -1, -1},
		"count=x,bytes=4":   {-1, 4, -1, -1},
		"count=,bytes":      none,
		"bytes=5,count=6,x": {6, 5, -1, -1},
		"count=-1,bytes=-1=;byteHardLimit=7;countHardLimit=8": {-1, -1, 8, 7},
	} {
		assert.Equal(t, want, parseLimits([]byte(text)), text)
	}
}
