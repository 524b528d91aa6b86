package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

func extended(t *testing.T, enforce bool) bench {
	b := bench{model.NewServerWith(model.Rules{ExtendedTypes: true, EnforceQuota: enforce}), t}
	b.do(1, &proto.Op{Type: proto.OpCreateSession, Timeout: 4000})
	return b
}

func container(path string) *proto.Op {
	return &proto.Op{Type: proto.OpCreateContainer, Path: path, ACL: proto.OpenACL(), Flags: proto.FlagContainer}
}

// doom is what the leader asks for at a time of its own.
func (b bench) doom(path string, now, neverUsed int64) proto.ErrCode {
	r, _ := b.Apply(b.Last()+1, now, 0, &proto.Op{Type: proto.OpDeleteContainer, Path: path, TTL: neverUsed})
	return r.Err
}

func TestContainersAndTimesToLive(t *testing.T) {
	b := extended(t, false)
	r, _ := b.do(1, container("/c"))
	assert.Equal(t, proto.OpCreateContainer, r.Type)
	assert.Zero(t, r.Stat.EphemeralOwner, "clients see no mark")
	assert.Equal(t, proto.BadVersion, b.doom("/c", 1<<50, 0), "it never had a child")
	assert.Equal(t, proto.BadVersion, b.doom("/c", 3000, 5000))
	b.create(1, "/c/x", proto.FlagEphemeral)
	assert.Equal(t, proto.NotEmpty, b.doom("/c", 1<<50, 0))
	require.Equal(t, proto.OK, b.err(1, onNode(proto.OpDelete, "/c/x", 0)))
	assert.Equal(t, proto.OK, b.doom("/c", 0, 0))
	require.Equal(t, proto.OK, b.err(1, container("/c")))
	assert.Equal(t, proto.OK, b.doom("/c", 1<<50, 5000), "nobody ever used it")

	require.Equal(t, proto.OK, b.err(1, withTTL("/t", proto.FlagTTL, 500)))
	born := 1000 + int64(b.Last())
	require.Equal(t, proto.OK, b.err(1, onNode(proto.OpSetData, "/t", -1)))
	assert.Equal(t, proto.BadVersion, b.doom("/t", born+501, 0), "new data lets it live")
	b.create(1, "/t/x", 0)
	assert.Equal(t, proto.NotEmpty, b.doom("/t", born+1000, 0))
	require.Equal(t, proto.OK, b.err(1, onNode(proto.OpDelete, "/t/x", 0)))
	assert.Equal(t, proto.OK, b.doom("/t", born+1000, 0))
	b.create(1, "/p", 0)
	assert.Equal(t, proto.BadVersion, b.doom("/p", 1<<50, 1), "a plain node stays")
}

// In a multi the flags say what is made, and how it is answered.
func TestKindsInMulti(t *testing.T) {
	b := extended(t, false)
	ttl := *withTTL("/t", proto.FlagTTLSequential, 500)
	plain := *withTTL("/p", 0, 500)
	c2 := *create("/c2", proto.FlagContainer)
	c2.Type = proto.OpCreate2
	r, _ := b.do(1, &proto.Op{Type: proto.OpMulti, Ops: []proto.Op{ttl, plain, c2, *container("/c")}})
	require.Len(t, r.Multi, 4)
	for i, want := range []proto.OpCode{proto.OpCreate2, proto.OpCreate, proto.OpCreate2, proto.OpCreate2} {
		assert.Equal(t, want, r.Multi[i].Type)
		assert.Equal(t, want == proto.OpCreate, r.Multi[i].Stat == proto.Stat{})
	}
	assert.Equal(t, "/t0000000000", r.Multi[0].Path)
	assert.Equal(t, proto.OK, b.doom(r.Multi[0].Path, 1<<50, 0))
	assert.Equal(t, proto.BadVersion, b.doom("/p", 1<<50, 0))
	assert.Equal(t, proto.OK, b.doom("/c2", 1<<50, 1))

	bad := *create("/x", proto.FlagTTL)
	assert.Equal(t, proto.MarshallingError, b.err(1, &proto.Op{Type: proto.OpMulti, Ops: []proto.Op{*create("/n", 0), bad}}))
	assert.Equal(t, proto.NoNode, b.err(1, onNode(proto.OpExists, "/n", 0)))
	r, _ = b.do(1, &proto.Op{Type: proto.OpMulti, Ops: []proto.Op{*onNode(proto.OpCheck, "/none", 0), bad}})
	require.Len(t, r.Multi, 2, "an earlier failure comes first")
	assert.Equal(t, proto.NoNode, r.Multi[0].Err)
}

func TestQuotas(t *testing.T) {
	b := extended(t, true)
	put := func(path, data string) proto.ErrCode {
		op := create(path, 0)
		op.Data = []byte(data)
		return b.err(1, op)
	}
	usage := func(path string) string {
		r, _ := b.do(1, onNode(proto.OpGetData, "/zookeeper/quota"+path+"/zookeeper_stats", 0))
		return string(r.Data)
	}
	require.Equal(t, proto.OK, put("/a", "123"))
	require.Equal(t, proto.OK, put("/zookeeper/quota/a", ""))
	require.Equal(t, proto.OK, put("/zookeeper/quota/a/zookeeper_stats", "old"))
	assert.Equal(t, "old", usage("/a"))
	require.Equal(t, proto.OK, put("/zookeeper/quota/a/zookeeper_limits", "count=1;byteHardLimit=5,countHardLimit=3"))
	assert.Equal(t, "count=1,bytes=3", usage("/a"))
	require.Equal(t, proto.OK, put("/ab", "no part of it"))
	require.Equal(t, proto.OK, put("/a/b", "45"))
	assert.Equal(t, "count=2,bytes=5", usage("/a"))
	stat, _ := b.do(1, onNode(proto.OpExists, "/zookeeper/quota/a/zookeeper_stats", 0))
	assert.Zero(t, stat.Stat.Version)
	assert.Equal(t, proto.QuotaExceeded, put("/a/c", "6"))
	require.Equal(t, proto.OK, put("/a/c", ""))
	assert.Equal(t, proto.QuotaExceeded, put("/a/d", ""))
	big := onNode(proto.OpSetData, "/a/b", 7)
	big.Data = []byte("456")
	assert.Equal(t, proto.QuotaExceeded, b.err(1, big), "before the version is looked at")
	big.Data = []byte("4")
	assert.Equal(t, proto.BadVersion, b.err(1, big))
	r, _ := b.do(1, &proto.Op{Type: proto.OpMulti, Ops: []proto.Op{*onNode(proto.OpDelete, "/a/c", -1), *create("/a/d", 0), *create("/a/e", 0)}})
	assert.Equal(t, proto.QuotaExceeded, r.Multi[2].Err)
	require.Equal(t, proto.OK, b.err(1, onNode(proto.OpDelete, "/zookeeper/quota/a/zookeeper_limits", 0)))
	assert.Equal(t, proto.OK, put("/a/d", "much more than before"))
	assert.Equal(t, "count=3,bytes=5", usage("/a"), "nobody counts any more")
}
