package ztree

import (
	"crypto/sha1"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// The schemes of identities (protocol.md §1.6).
const (
	schemeWorld  = "world"
	schemeAuth   = "auth"
	schemeDigest = "digest"
	schemeIP     = "ip"
	schemeSuper  = "super"
)

// anyone is the only id of the scheme world.
const anyone = "anyone"

// Super is the identity that passes every check.
func Super() proto.ID { return proto.ID{Scheme: schemeSuper} }

// IPIdentity is the identity that every connection has from its address.
func IPIdentity(addr string) proto.ID { return proto.ID{Scheme: schemeIP, ID: addr} }

// DigestOf is the id of the scheme digest for credentials "user:password": the
// user, a colon, and SHA-1 of the whole in base64.
func DigestOf(credentials []byte) string {
	user, _, _ := strings.Cut(string(credentials), ":")
	sum := sha1.Sum(credentials)
	return user + ":" + base64.StdEncoding.EncodeToString(sum[:])
}

// Authenticate returns the identities that an auth packet adds to a connection,
// and false if the scheme is none that a client can prove itself by. The address
// adds nothing: each connection has it anyhow.
func Authenticate(a *proto.Auth, superDigest string) ([]proto.ID, bool) {
	switch a.Scheme {
	case schemeIP:
		return nil, true
	case schemeDigest:
		id := DigestOf(a.Data)
		if superDigest != "" && id == superDigest {
			return []proto.ID{Super(), {Scheme: schemeDigest, ID: id}}, true
		}
		return []proto.ID{{Scheme: schemeDigest, ID: id}}, true
	}
	return nil, false
}

// User is the part of an identity that whoAmI tells; ok is false if it tells
// nothing of it.
func User(id proto.ID) (user string, ok bool) {
	switch id.Scheme {
	case schemeDigest:
		user, _, _ = strings.Cut(id.ID, ":")
		return user, true
	case schemeIP:
		return id.ID, true
	}
	return "", false
}

// grants reports whether a list gives any of the permission bits to a caller
// with these identities. An empty list restricts nobody.
func grants(acl []proto.ACL, perms int32, ids []proto.ID) bool {
	if len(acl) == 0 {
		return true
	}
	for _, id := range ids {
		if id.Scheme == schemeSuper {
			return true
		}
	}
	for i := range acl {
		if acl[i].Perms&perms != 0 && means(&acl[i], ids) {
			return true
		}
	}
	return false
}

// means reports whether an entry is about a caller with these identities.
func means(a *proto.ACL, ids []proto.ID) bool {
	if a.Scheme == schemeWorld {
		return a.ID == anyone
	}
	for _, id := range ids {
		switch {
		case id.Scheme != a.Scheme:
		case id.Scheme == schemeDigest && id.ID == a.ID, id.Scheme == schemeIP && inNetwork(id.ID, a.ID):
			return true
		}
	}
	return false
}

// expansionMax is how many bytes the entries may have that stand for "auth" in all
// the lists of one transaction. With what came in the frame itself they make no
// transaction that is too long for a packet between servers.
const expansionMax = proto.MaxFrame / 2

// resolve is the list that a znode gets when a caller with these identities asks
// for acl: without duplicates, "auth" replaced by the caller's own identities. For
// these it takes from the bytes that are left.
func resolve(acl []proto.ACL, ids []proto.ID, left *int) ([]proto.ACL, proto.ErrCode) {
	if proto.IsOpenACL(acl) {
		return acl, proto.OK
	}
	var out []proto.ACL
	again := repeated(acl)
	for i, a := range acl {
		switch {
		case again(i):
		case a.Scheme == schemeAuth:
			own := proved(a.Perms, ids)
			if *left -= sizeOf(own); len(own) == 0 || *left < 0 {
				return nil, proto.InvalidACL
			}
			out = append(out, own...)
		case !wellFormed(&a):
			return nil, proto.InvalidACL
		default:
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return nil, proto.InvalidACL
	}
	return out, proto.OK
}

// shortList is a list in which it is quicker to search than to make a table.
const shortList = 32

// repeated returns a function that reports, asked in order, whether an entry has
// come before. A frame holds lists of tens of thousands of entries.
func repeated(acl []proto.ACL) func(i int) bool {
	if len(acl) <= shortList {
		return func(i int) bool { return slices.Contains(acl[:i], acl[i]) }
	}
	seen := make(map[proto.ACL]struct{}, len(acl))
	return func(i int) bool {
		_, is := seen[acl[i]]
		seen[acl[i]] = struct{}{}
		return is
	}
}

// sizeOf is the encoded length of the entries of a list.
func sizeOf(acl []proto.ACL) int {
	const fixed = 12
	size := 0
	for i := range acl {
		size += fixed + len(acl[i].Scheme) + len(acl[i].ID)
	}
	return size
}

// proved makes an entry of each identity that the caller has shown to be its
// own; an address is not shown, and super is nobody's name.
func proved(perms int32, ids []proto.ID) []proto.ACL {
	var out []proto.ACL
	for _, id := range ids {
		if id.Scheme == schemeDigest {
			out = append(out, proto.ACL{Perms: perms, Scheme: id.Scheme, ID: id.ID})
		}
	}
	return out
}

func wellFormed(a *proto.ACL) bool {
	switch a.Scheme {
	case schemeWorld:
		return a.ID == anyone
	case schemeDigest:
		return strings.Count(a.ID, ":") == 1
	case schemeIP:
		_, _, ok := parseNetwork(a.ID)
		return ok
	}
	return false
}

// masked is a list as a caller sees it that may not administer the znode: the
// secret part of digests is hidden.
func masked(acl []proto.ACL) []proto.ACL {
	out := slices.Clone(acl)
	for i := range out {
		if user, _, found := strings.Cut(out[i].ID, ":"); found && out[i].Scheme == schemeDigest {
			out[i].ID = user + ":x"
		}
	}
	return out
}
