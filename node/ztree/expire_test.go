package ztree

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

func withTTL(path string, flags proto.CreateFlags, ttl int64) proto.Op {
	return proto.Op{Type: proto.OpCreateTTL, Path: path, Flags: flags, ACL: proto.OpenACL(), TTL: ttl}
}

func container(path string) proto.Op {
	op := create(path, proto.FlagContainer)
	op.Type = proto.OpCreateContainer
	return op
}

// extended is a leader that makes znodes with a time to live.
func extended() *leader {
	l := newLeader()
	l.SetRules(Rules{ExtendedTypes: true})
	return l
}

// doomed prepares and applies the leader's own request at a time.
func (l *leader) doomed(path string, now, neverUsed int64) proto.ErrCode {
	op := proto.Op{Type: proto.OpDeleteContainer, Path: path, TTL: neverUsed}
	txn := l.prep.Prepare(proto.TxnHeader{Zxid: l.prep.header.Zxid + 1, Time: now, Type: op.Type}, &op, nil, proto.OK)
	r := l.Apply(&txn, l.watches, l.deliver)
	l.prep.Applied(txn.Zxid)
	return r.Err
}

// Types and flags: what each combination makes.
func TestCreateModes(t *testing.T) {
	l := extended()
	l.SetRules(Rules{})
	assert.Equal(t, proto.Unimplemented, l.do(withTTL("/t", proto.FlagTTL, 1)).Err)
	assert.Equal(t, proto.Unimplemented, l.do(create("/t", proto.FlagTTL)).Err)
	l.SetRules(Rules{ExtendedTypes: true})
	for _, c := range []struct {
		op   proto.Op
		want proto.ErrCode
	}{
		{create("/bad", 5), proto.BadArguments},
		{create("/bad", 6), proto.BadArguments},
		{create("/bad", 7), proto.BadArguments},
		{withTTL("/bad", 0, 1), proto.BadArguments},
		{withTTL("/bad", 0, -1), proto.BadArguments},
		{withTTL("/bad", 4, 1), proto.BadArguments},
		{withTTL("/bad", 5, 0), proto.BadArguments},
		{withTTL("/bad", 5, proto.TTLMax+1), proto.BadArguments},
		{withTTL("/t", 5, proto.TTLMax), proto.OK},
		{create("/plain", 4), proto.OK},
		{container("/c"), proto.OK},
	} {
		assert.Equal(t, c.want, l.do(c.op).Err, "%v flags %d ttl %d", c.op.Type, c.op.Flags, c.op.TTL)
	}
	zero := container("/c0")
	zero.Flags = 0
	r := l.do(zero)
	assert.Equal(t, proto.OpCreateContainer, r.Type)
	assert.Zero(t, r.Stat.EphemeralOwner, "clients do not see what marks a container")
	assert.Equal(t, []string{"/c", "/c0"}, l.containers.list())
	assert.Equal(t, []string{"/t"}, l.ttls.list())
	assert.Equal(t, "/s0000000004", l.do(withTTL("/s", proto.FlagTTLSequential, 5)).Path)
	assert.Equal(t, proto.OK, l.do(create("/c/k", 0)).Err, "they may have children")
	assert.Equal(t, proto.OK, l.do(create("/t/k", 1)).Err)
}

func TestContainerGoesAfterItsChildren(t *testing.T) {
	l := newLeader()
	l.do(container("/c"))
	assert.True(t, l.HasDoomed())
	assert.Empty(t, l.Doomed(math.MaxInt64/2, 0), "one that never had a child stays")
	assert.Equal(t, []string{"/c"}, l.Doomed(1002, 1000), "unless it is too long")
	assert.Empty(t, l.Doomed(1001, 1000))
	l.do(create("/c/k", 0))
	assert.Empty(t, l.Doomed(1002, 1000))
	assert.Equal(t, proto.NotEmpty, l.doomed("/c", 1002, 0))
	l.do(on(proto.OpDelete, "/c/k", -1))
	assert.Equal(t, []string{"/c"}, l.Doomed(5, 0))
	assert.Equal(t, proto.OK, l.doomed("/c", 5, 0))
	assert.Equal(t, proto.NoNode, l.doomed("/c", 5, 0))
	assert.False(t, l.HasDoomed())
}

// A time to live counts from the last setData, and not while there are children.
func TestTimeToLive(t *testing.T) {
	l := extended()
	require.Equal(t, proto.OK, l.do(withTTL("/t", proto.FlagTTL, 10)).Err) // at 1 ms
	assert.Empty(t, l.Doomed(11, 0))
	assert.Equal(t, []string{"/t"}, l.Doomed(12, 0))
	l.do(on(proto.OpSetData, "/t", -1)) // at 2 ms
	assert.Empty(t, l.Doomed(12, 0))
	assert.Equal(t, proto.BadVersion, l.doomed("/t", 12, 0), "it was written after it had been looked at")
	l.do(create("/t/k", 0))
	assert.Empty(t, l.Doomed(1000, 0))
	l.do(on(proto.OpDelete, "/t/k", -1))
	assert.Equal(t, []string{"/t"}, l.Doomed(1000, 0))
	l.read(1, proto.Op{Type: proto.OpExists, Path: "/t", Watch: true})
	assert.Equal(t, proto.OK, l.doomed("/t", 1000, 0))
	assert.Equal(t, []told{event(1, proto.EventNodeDeleted, "/t")}, l.events)
}

// Nothing but what is doomed goes this way, whoever asks.
func TestOnlyTheDoomedAreDeleted(t *testing.T) {
	l := extended()
	l.do(create("/plain", 0))
	l.do(create("/e", 1))
	for _, p := range []string{"/plain", "/e", "/", "/zookeeper/quota"} {
		assert.NotEqual(t, proto.OK, l.doomed(p, 1<<40, 1), p)
	}
	assert.Equal(t, proto.BadArguments, l.do(on(proto.OpDeleteContainer, "/plain", 0)).Err)
}

// Inside a multi the flags decide, and the ones for a time to live need its type.
func TestMultiOfModes(t *testing.T) {
	l := extended()
	multi := func(ops ...proto.Op) proto.Result { return l.do(proto.Op{Type: proto.OpMulti, Ops: ops}) }
	typed := func(t proto.OpCode, path string, flags proto.CreateFlags) proto.Op {
		op := create(path, flags)
		op.Type = t
		return op
	}
	r := multi(typed(proto.OpCreateTTL, "/a", 0), typed(proto.OpCreateContainer, "/b", 2), typed(proto.OpCreate2, "/c", 4), withTTL("/d", 5, 9))
	require.Len(t, r.Multi, 4)
	for i, want := range []proto.OpCode{proto.OpCreate, proto.OpCreate, proto.OpCreate2, proto.OpCreate2} {
		assert.Equal(t, want, r.Multi[i].Type, i)
	}
	assert.Equal(t, []string{"/c"}, l.containers.list())
	assert.Equal(t, []string{"/d"}, l.ttls.list())
	assert.Equal(t, proto.Result{Type: proto.OpError, Err: proto.MarshallingError}, multi(create("/x", 0), typed(proto.OpCreate2, "/y", 5)))
	r = multi(on(proto.OpCheck, "/none", 0), typed(proto.OpCreate, "/y", 5))
	assert.Equal(t, []proto.ErrCode{proto.NoNode, proto.RuntimeInconsistency}, []proto.ErrCode{r.Multi[0].Err, r.Multi[1].Err})
	r = multi(typed(proto.OpCreate, "/y", 9))
	assert.Equal(t, proto.BadArguments, r.Multi[0].Err)
	r = multi(withTTL("/y", 5, 0))
	assert.Equal(t, proto.BadArguments, r.Multi[0].Err)
	assert.Nil(t, l.nodes["/x"], "nothing is left of a failed one")
}

// Owners are told apart, at the ends of their ranges too.
func TestOwners(t *testing.T) {
	for _, c := range []struct {
		owner     proto.SessionID
		session   proto.SessionID
		container bool
		ttl       int64
	}{
		{0, 0, false, 0}, {1, 1, false, 0}, {math.MaxInt64, math.MaxInt64, false, 0},
		{containerOwner, 0, true, 0}, {containerOwner + 1, containerOwner + 1, false, 0},
		{ttlOwner(1), 0, false, 1}, {ttlOwner(proto.TTLMax), 0, false, proto.TTLMax},
	} {
		s := stat{owner: c.owner}
		assert.Equal(t, c.session, s.session())
		assert.Equal(t, c.container, s.isContainer())
		assert.Equal(t, c.ttl, s.ttl())
	}
}
