package proto

import "bytes"

// Stat is the public form of a znode's metadata, 68 bytes on the wire.
type Stat struct {
	Czxid, Mzxid, Pzxid     Zxid
	Ctime, Mtime            int64 // wall clock, ms since 1970, of the leader
	Version, Cversion       int32 // Cversion is the visible one: creates + deletes of children
	Aversion                int32
	EphemeralOwner          SessionID // 0 for everything but ephemerals
	DataLength, NumChildren int32
}

// AppendStat appends s in wire order.
func AppendStat(b []byte, s *Stat) []byte {
	b = AppendLong(b, int64(s.Czxid))
	b = AppendLong(b, int64(s.Mzxid))
	b = AppendLong(b, s.Ctime)
	b = AppendLong(b, s.Mtime)
	b = AppendInt(b, s.Version)
	b = AppendInt(b, s.Cversion)
	b = AppendInt(b, s.Aversion)
	b = AppendLong(b, int64(s.EphemeralOwner))
	b = AppendInt(b, s.DataLength)
	b = AppendInt(b, s.NumChildren)
	return AppendLong(b, int64(s.Pzxid))
}

// Stat reads a Stat.
func (d *Decoder) Stat() Stat {
	var s Stat
	s.Czxid = Zxid(d.Long())
	s.Mzxid = Zxid(d.Long())
	s.Ctime = d.Long()
	s.Mtime = d.Long()
	s.Version = d.Int()
	s.Cversion = d.Int()
	s.Aversion = d.Int()
	s.EphemeralOwner = SessionID(d.Long())
	s.DataLength = d.Int()
	s.NumChildren = d.Int()
	s.Pzxid = Zxid(d.Long())
	return s
}

// ACL is one entry of an access control list.
type ACL struct {
	Perms      int32
	Scheme, ID string
}

// ID is an identity of a caller, or whom an ACL entry means.
type ID struct{ Scheme, ID string }

// Permission bits of an ACL entry.
const (
	PermRead   = 1
	PermWrite  = 2
	PermCreate = 4
	PermDelete = 8
	PermAdmin  = 16
	PermAll    = 31
)

// OpenACL returns the list that lets everyone do everything, the default.
func OpenACL() []ACL { return []ACL{{PermAll, "world", "anyone"}} }

// AppendACLs appends a vector of ACL entries; nil is written as null.
func AppendACLs(b []byte, acls []ACL) []byte {
	if acls == nil {
		return AppendInt(b, -1)
	}
	b = AppendInt(b, int32(len(acls)))
	for _, a := range acls {
		b = AppendInt(b, a.Perms)
		b = AppendString(b, a.Scheme)
		b = AppendString(b, a.ID)
	}
	return b
}

// The open list, which nearly every znode has, is decoded without allocating.
var (
	openACL        = OpenACL()
	encodedOpenACL = AppendACLs(nil, openACL)
)

// ACLs reads a vector of ACL entries; null gives nil, which an empty one does
// not. The caller must not change the result.
func (d *Decoder) ACLs() []ACL {
	if bytes.HasPrefix(d.Rest(), encodedOpenACL) && d.err == nil {
		d.off += len(encodedOpenACL)
		return openACL
	}
	if d.null() {
		return nil
	}
	n := d.Count(12)
	out := make([]ACL, 0, n)
	for range n {
		out = append(out, ACL{d.Int(), d.Text(), d.Text()})
	}
	return out
}

// IsOpenACL reports whether acls is exactly the open list.
func IsOpenACL(acls []ACL) bool {
	return len(acls) == 1 && acls[0] == ACL{PermAll, "world", "anyone"}
}
