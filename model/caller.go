package model

import (
	"crypto/sha1"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// Schemes of identities.
const (
	schemeWorld  = "world"
	schemeAuth   = "auth"
	schemeDigest = "digest"
	schemeIP     = "ip"
	schemeSuper  = "super"
)

// Caller is who asks: a session, and the identities of the connection by which
// the request came. Without identities it is one of the world.
type Caller struct {
	Session proto.SessionID
	IDs     []proto.ID
}

// IPIdentity is what every connection has from its beginning: the address that
// it comes from.
func IPIdentity(address string) proto.ID { return proto.ID{Scheme: schemeIP, ID: address} }

// Digest returns the identity of credentials "user:password", in which the
// password is hashed. Credentials without a colon are a user as a whole.
func Digest(credentials string) string {
	user, _, _ := strings.Cut(credentials, ":")
	sum := sha1.Sum([]byte(credentials))
	return user + ":" + base64.StdEncoding.EncodeToString(sum[:])
}

// Authenticate returns the identities that an auth packet proves, and whether it
// is accepted: a connection whose packet is not must be closed. superDigest is the
// digest of him who may do everything, "" for none. The address of a connection
// is an identity without asking.
func Authenticate(a *proto.Auth, superDigest string) (ids []proto.ID, ok bool) {
	switch a.Scheme {
	case schemeIP:
		return nil, true
	case schemeDigest:
		id := Digest(string(a.Data))
		if superDigest != "" && id == superDigest {
			ids = append(ids, proto.ID{Scheme: schemeSuper})
		}
		return append(ids, proto.ID{Scheme: schemeDigest, ID: id}), true
	}
	return nil, false
}

// users is what whoAmI tells: of a digest the user alone. That somebody may do
// everything is no user. No recording shows what ZooKeeper tells of it.
func users(ids []proto.ID) []proto.ID {
	out := make([]proto.ID, 0, len(ids))
	for _, id := range ids {
		switch id.Scheme {
		case schemeSuper:
			continue
		case schemeDigest:
			id.ID, _, _ = strings.Cut(id.ID, ":")
		}
		out = append(out, id)
	}
	return out
}

// may tells whether somebody with these identities has any of the permissions
// under a list.
func may(ids []proto.ID, perms int32, acl []proto.ACL) bool {
	isSuper := func(id proto.ID) bool { return id.Scheme == schemeSuper }
	if len(acl) == 0 || slices.ContainsFunc(ids, isSuper) {
		return true
	}
	return slices.ContainsFunc(acl, func(a proto.ACL) bool { return a.Perms&perms != 0 && meant(&a, ids) })
}

// meant tells whether an entry is about somebody with these identities.
func meant(a *proto.ACL, ids []proto.ID) bool {
	if a.Scheme == schemeWorld {
		return a.ID == "anyone"
	}
	return slices.ContainsFunc(ids, func(id proto.ID) bool {
		if id.Scheme != a.Scheme {
			return false
		}
		return id.ID == a.ID || a.Scheme == schemeIP && inNetwork(id.ID, a.ID)
	})
}
