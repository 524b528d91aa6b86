package ztree

import "github.com/zksim/zksim/node/proto"

// stat is the metadata of a znode in one piece; the tree keeps it in two. The tree and the foreseen changes
// of the prep stage alter it through the same methods, so that they agree.
type stat struct {
	czxid, mzxid, pzxid proto.Zxid
	ctime, mtime        int64           // ms since 1970, the leader's
	owner               proto.SessionID // of an ephemeral; see owner.go
	version, aversion   int32
	creations           int32  // children ever created, built-in ones excepted; never negative
	acl                 aclKey // of this server's table: no part of the replicated state
}

// born is the metadata of a znode that the transaction of header h makes.
func born(h *proto.TxnHeader, owner proto.SessionID) stat {
	return stat{czxid: h.Zxid, mzxid: h.Zxid, pzxid: h.Zxid, ctime: h.Time, mtime: h.Time, owner: owner, acl: openKey}
}

// childCreated notes a creation that brought the count to creations; -1, as in
// transactions of old releases, means one more. A count that is not larger was
// noted before: a fuzzy image had seen the creation, so pzxid stays too. The
// same rule refuses a count that wrapped: it sticks at the largest int32, and
// no sequence number becomes negative.
func (s *stat) childCreated(creations int32, z proto.Zxid) {
	if creations == -1 {
		creations = s.creations + 1
	}
	if creations > s.creations {
		s.creations, s.pzxid = creations, z
	}
}

// childDeleted notes a deletion; one that a fuzzy image had seen changes nothing.
func (s *stat) childDeleted(z proto.Zxid) { s.pzxid = max(s.pzxid, z) }

// dataSet notes new data. The version is absolute, so replaying is harmless.
func (s *stat) dataSet(version int32, z proto.Zxid, time int64) {
	s.version, s.mzxid, s.mtime = version, z, time
}

// appendPersisted appends the 60 bytes of a snapshot.
func (s *stat) appendPersisted(b []byte) []byte {
	b = proto.AppendLong(b, int64(s.czxid))
	b = proto.AppendLong(b, int64(s.mzxid))
	b = proto.AppendLong(b, s.ctime)
	b = proto.AppendLong(b, s.mtime)
	b = proto.AppendInt(b, s.version)
	b = proto.AppendInt(b, s.creations)
	b = proto.AppendInt(b, s.aversion)
	b = proto.AppendLong(b, int64(s.owner))
	return proto.AppendLong(b, int64(s.pzxid))
}

// appendDigested appends the 60 bytes that enter the digest, in its order.
func (s *stat) appendDigested(b []byte) []byte {
	b = proto.AppendLong(b, int64(s.czxid))
	b = proto.AppendLong(b, int64(s.mzxid))
	b = proto.AppendLong(b, int64(s.pzxid))
	b = proto.AppendLong(b, s.ctime)
	b = proto.AppendLong(b, s.mtime)
	b = proto.AppendInt(b, s.version)
	b = proto.AppendInt(b, s.creations)
	b = proto.AppendInt(b, s.aversion)
	return proto.AppendLong(b, int64(s.owner))
}
