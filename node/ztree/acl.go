package ztree

import (
	"maps"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// Permission bits.
const (
	permRead   = 1
	permWrite  = 2
	permCreate = 4
	permDelete = 8
)

// openKey stands for the list that lets everyone do everything.
const openKey int64 = -1

// aclTable keeps each distinct access control list once, under a key that is
// local to the server: snapshots carry the table, transactions carry the lists.
type aclTable struct {
	byKey   map[int64]*aclEntry
	keyOf   map[string]int64 // by the encoded list
	highest int64            // of all keys ever seen
}

type aclEntry struct {
	acl  []proto.ACL
	refs int // nodes that use it
}

func newACLTable() aclTable {
	return aclTable{byKey: map[int64]*aclEntry{}, keyOf: map[string]int64{}}
}

// use returns the key of acl for one more node. An empty list restricts nobody.
func (a *aclTable) use(acl []proto.ACL) int64 {
	if len(acl) == 0 || proto.IsOpenACL(acl) {
		return openKey
	}
	k, known := a.keyOf[encodedACL(acl)]
	if !known {
		k = a.highest + 1
		a.define(k, slices.Clone(acl))
	}
	a.byKey[k].refs++
	return k
}

// define enters a list under a key that is not in use, and keeps acl.
func (a *aclTable) define(k int64, acl []proto.ACL) {
	a.byKey[k] = &aclEntry{acl: acl}
	a.keyOf[encodedACL(acl)] = k
	a.highest = max(a.highest, k)
}

// useKey notes one more node that uses k. A fuzzy image can hold a node whose
// list was made after the table had been written: the key is then unknown until
// the node's creation is replayed, and must not be given to another list.
func (a *aclTable) useKey(k int64) {
	a.highest = max(a.highest, k)
	if e := a.byKey[k]; e != nil {
		e.refs++
	}
}

// release undoes one use; a list that nobody uses is forgotten.
func (a *aclTable) release(k int64) {
	e := a.byKey[k]
	if e == nil {
		return
	}
	if e.refs--; e.refs <= 0 {
		a.forget(k, e)
	}
}

func (a *aclTable) forget(k int64, e *aclEntry) {
	delete(a.byKey, k)
	if enc := encodedACL(e.acl); a.keyOf[enc] == k {
		delete(a.keyOf, enc)
	}
}

// purge forgets the lists that no node uses.
func (a *aclTable) purge() {
	for _, k := range slices.Sorted(maps.Keys(a.byKey)) {
		if e := a.byKey[k]; e.refs == 0 {
			a.forget(k, e)
		}
	}
}

// allows reports whether the list of k grants any of the bits to everyone: the
// one identity that every connection has.
func (a *aclTable) allows(k int64, perms int32) bool {
	if k == openKey {
		return true
	}
	e := a.byKey[k]
	if e == nil || len(e.acl) == 0 {
		return true
	}
	return slices.ContainsFunc(e.acl, func(i proto.ACL) bool {
		return i.Perms&perms != 0 && i.Scheme == "world" && i.ID == "anyone"
	})
}

// list returns the list of k, which the caller must not change.
func (a *aclTable) list(k int64) []proto.ACL {
	if e := a.byKey[k]; e != nil {
		return e.acl
	}
	return proto.OpenACL()
}

// append appends the table as a snapshot holds it, by rising key.
func (a *aclTable) append(b []byte) []byte {
	b = proto.AppendInt(b, int32(len(a.byKey)))
	for _, k := range slices.Sorted(maps.Keys(a.byKey)) {
		b = proto.AppendACLs(proto.AppendLong(b, k), a.byKey[k].acl)
	}
	return b
}

func encodedACL(acl []proto.ACL) string { return string(proto.AppendACLs(nil, acl)) }
