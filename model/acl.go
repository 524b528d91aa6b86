package model

import (
	"slices"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// permissions returns the list of a node, which keeps none if it is the open one.
func (n *node) permissions() []proto.ACL {
	if n.acl == nil {
		return proto.OpenACL()
	}
	return n.acl
}

// kept is the list as a node keeps it.
func kept(acl []proto.ACL) []proto.ACL {
	if proto.IsOpenACL(acl) {
		return nil
	}
	return acl
}

// resolved returns the list that a node gets when a caller with these identities
// asks for one: without duplicates, and with his digests in the place of "auth".
func resolved(asked []proto.ACL, ids []proto.ID) ([]proto.ACL, proto.ErrCode) {
	var out []proto.ACL
	for i, a := range asked {
		if slices.Contains(asked[:i], a) {
			continue
		}
		switch {
		case a.Scheme == schemeAuth:
			proved := digestsOf(ids)
			if len(proved) == 0 {
				return nil, proto.InvalidACL
			}
			for _, id := range proved {
				out = append(out, proto.ACL{Perms: a.Perms, Scheme: id.Scheme, ID: id.ID})
			}
		case wellFormed(&a):
			out = append(out, a)
		default:
			return nil, proto.InvalidACL
		}
	}
	if len(out) == 0 {
		return nil, proto.InvalidACL
	}
	return out, proto.OK
}

func digestsOf(ids []proto.ID) (out []proto.ID) {
	for _, id := range ids {
		if id.Scheme == schemeDigest {
			out = append(out, id)
		}
	}
	return out
}

func wellFormed(a *proto.ACL) bool {
	switch a.Scheme {
	case schemeWorld:
		return a.ID == "anyone"
	case schemeDigest:
		return strings.Count(a.ID, ":") == 1
	case schemeIP:
		_, _, ok := parseNetwork(a.ID)
		return ok
	}
	return false
}

// shownTo is the list as getACL answers it: who may not administer the node does
// not see the hashes.
func shownTo(ids []proto.ID, acl []proto.ACL) []proto.ACL {
	out := slices.Clone(acl)
	if may(ids, proto.PermAdmin, acl) {
		return out
	}
	for i := range out {
		if user, _, ok := strings.Cut(out[i].ID, ":"); ok && out[i].Scheme == schemeDigest {
			out[i].ID = user + ":x"
		}
	}
	return out
}
