package ztree

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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
