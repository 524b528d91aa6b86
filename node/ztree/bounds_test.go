package ztree

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

// What fits into a frame must not become a transaction that no follower can read,
// nor keep the leader busy: a list of permissions with many entries, each of which
// stands for all identities of the caller.
func TestListsDoNotGrowWithoutBound(t *testing.T) {
	var ids []proto.ID
	for i := range 256 {
		ids = append(ids, proto.ID{Scheme: schemeDigest, ID: fmt.Sprintf("u%d:%040d", i, i)})
	}
	var list []proto.ACL
	for i := range 60_000 {
		list = append(list, proto.ACL{Perms: int32(i), Scheme: schemeAuth})
	}
	l := newLeader()
	l.ids[1] = ids
	began := time.Now()
	op := create("/a", 0)
	op.ACL = list
	assert.Equal(t, proto.InvalidACL, l.prepare(op).Err)
	op.ACL = list[:20]
	txn := l.prepare(op)
	assert.Equal(t, proto.OK, txn.Err, "a few are good")
	assert.Less(t, len(proto.AppendTxn(nil, &txn)), proto.MaxPacketData)

	multi := proto.Op{Type: proto.OpMulti}
	for i := range 400 {
		part := create(fmt.Sprintf("/m%d", i), 0)
		part.ACL = list[:20]
		multi.Ops = append(multi.Ops, part)
	}
	txn = l.prepare(multi)
	assert.Less(t, len(proto.AppendTxn(nil, &txn)), proto.MaxPacketData, "all together count")
	assert.Equal(t, proto.OpError, txn.Ops[0].Type)
	assert.Less(t, time.Since(began), 20*time.Second)
}

// An entry that comes again is found however long the list is.
func TestLongListsAreCompared(t *testing.T) {
	var list []proto.ACL
	for i := range 40_000 {
		list = append(list, proto.ACL{Perms: int32(i % 20_000), Scheme: schemeWorld, ID: anyone})
	}
	acl, err := resolve(list, nil, new(int))
	assert.Equal(t, proto.OK, err)
	assert.Equal(t, list[:20_000], acl)
}

// A session has no more ephemerals than the transaction that ends it can name,
// whether they are applied already or not.
func TestEphemeralsFitIntoTheEndOfTheirSession(t *testing.T) {
	for name, apply := range map[string]bool{"applied": true, "prepared": false} {
		t.Run(name, func(t *testing.T) {
			l := newLeader()
			made := 0
			step := func(op proto.Op) proto.ErrCode {
				txn := l.prepare(op)
				if apply {
					l.Apply(&txn, nil, nil)
					l.prep.Applied(txn.Zxid)
				}
				return txn.Err
			}
			path := func(i int) string { return fmt.Sprintf("/%04d%s", i, strings.Repeat("x", 20_000)) }
			for ; made < 200; made++ {
				if err := step(create(path(made), proto.FlagEphemeral)); err != proto.OK {
					assert.Equal(t, proto.QuotaExceeded, err)
					break
				}
			}
			assert.Equal(t, listedMax/(20_000+5+4), made)
			assert.Equal(t, proto.OK, step(create(path(200), 0)), "others are no matter")
			assert.Equal(t, proto.OK, step(on(proto.OpDelete, path(0), -1)))
			assert.Equal(t, proto.OK, step(create(path(300), proto.FlagEphemeral)), "one went")
			failed := proto.Op{Type: proto.OpMulti, Ops: []proto.Op{on(proto.OpDelete, path(1), -1), on(proto.OpDelete, "/none", -1)}}
			step(failed)
			assert.Equal(t, proto.QuotaExceeded, step(create(path(301), proto.FlagEphemeral)), "none went")
			end := l.prepare(proto.Op{Type: proto.OpCloseSession})
			assert.Len(t, end.Paths, made)
			assert.LessOrEqual(t, len(proto.AppendTxn(nil, &end)), proto.MaxPacketData)
			if apply {
				l.Apply(&end, nil, nil)
				l.prep.Applied(end.Zxid)
				assert.Empty(t, l.Tree.listed)
				assert.Zero(t, l.prep.listed)
			}
		})
	}
}

// A short request cannot ask for gigabytes.
func TestMultiReadIsBounded(t *testing.T) {
	l := tree3()
	big := create("/big", 0)
	big.Data = make([]byte, 1<<20)
	l.do(big)
	ask := proto.Op{Type: proto.OpMultiRead, Ops: slices.Repeat([]proto.Op{on(proto.OpGetData, "/big", 0)}, 64)}
	r := l.read(2, ask)
	require.Equal(t, proto.OK, r.Err)
	require.Len(t, r.Multi, 64)
	ask.Ops = append(ask.Ops, ask.Ops[0])
	r = l.read(2, ask)
	assert.Equal(t, proto.MarshallingError, r.Err)
	assert.Empty(t, r.Multi)
}
