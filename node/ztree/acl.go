package ztree

import (
	"maps"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// aclKey stands for an access control list in the memory of one server.
type aclKey int32

// openKey stands for the list that lets everyone do everything.
const openKey aclKey = -1

// aclTable keeps each distinct access control list once, under a key that is
// local to the server: snapshots carry the table, transactions carry the lists.
type aclTable struct {
	byKey   map[aclKey]*aclEntry
	keyOf   map[string]aclKey // by the encoded list
	highest aclKey            // of all keys ever seen
}

type aclEntry struct {
	acl  []proto.ACL
	refs int // nodes that use it
}

func newACLTable() aclTable {
	return aclTable{byKey: map[aclKey]*aclEntry{}, keyOf: map[string]aclKey{}}
}

// use returns the key of acl for one more node. An empty list restricts nobody.
func (a *aclTable) use(acl []proto.ACL) aclKey {
	if len(acl) == 0 || proto.IsOpenACL(acl) {
		return openKey
	}
	k, known := a.keyOf[encodedACL(acl)]
	if !known {
		k = a.free()
		a.define(k, slices.Clone(acl))
	}
	a.byKey[k].refs++
	return k
}

// free gives a key that is not in use: the next one as long as there are any,
// which is for as long as fewer than 2^31 lists were ever made.
func (a *aclTable) free() aclKey {
	k := a.highest + 1
	for k <= 0 || a.byKey[k] != nil {
		k = max(k, 0) + 1
	}
	return k
}

// define enters a list under a key that is not in use, and keeps acl.
func (a *aclTable) define(k aclKey, acl []proto.ACL) {
	a.byKey[k] = &aclEntry{acl: acl}
	a.keyOf[encodedACL(acl)] = k
	a.highest = max(a.highest, k)
}

// useKey notes one more node that uses k. A fuzzy image can hold a node whose
// list was made after the table had been written: the key is then unknown until
// the node's creation is replayed, and must not be given to another list.
func (a *aclTable) useKey(k aclKey) {
	a.highest = max(a.highest, k)
	if e := a.byKey[k]; e != nil {
		e.refs++
	}
}

// release undoes one use; a list that nobody uses is forgotten.
func (a *aclTable) release(k aclKey) {
	e := a.byKey[k]
	if e == nil {
		return
	}
	if e.refs--; e.refs <= 0 {
		a.forget(k, e)
	}
}

func (a *aclTable) forget(k aclKey, e *aclEntry) {
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

// restricting returns the list of k, nil if it restricts nobody. The caller must
// not change it.
func (a *aclTable) restricting(k aclKey) []proto.ACL {
	if k == openKey {
		return nil
	}
	if e := a.byKey[k]; e != nil {
		return e.acl
	}
	return nil
}

// list returns the list of k as clients see it, which the caller must not change.
func (a *aclTable) list(k aclKey) []proto.ACL {
	if acl := a.restricting(k); acl != nil {
		return acl
	}
	return proto.OpenACL()
}

// append appends the table as a snapshot holds it, by rising key.
func (a *aclTable) append(b []byte) []byte {
	b = proto.AppendInt(b, int32(len(a.byKey)))
	for _, k := range slices.Sorted(maps.Keys(a.byKey)) {
		b = proto.AppendACLs(proto.AppendLong(b, int64(k)), a.byKey[k].acl)
	}
	return b
}

func encodedACL(acl []proto.ACL) string { return string(proto.AppendACLs(nil, acl)) }
