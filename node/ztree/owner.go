package ztree

import (
	"math"

	"github.com/zksim/zksim/node/proto"
)

// The owner field of a znode's metadata tells three kinds of it apart: an
// ephemeral has its session there, a container a number that no session has, and
// a znode with a time to live that time below a byte of ones.
const (
	containerOwner proto.SessionID = math.MinInt64
	ttlMark        uint64          = 0xFF << 56
	ttlBits        uint64          = 1<<40 - 1
)

func ttlOwner(ms int64) proto.SessionID { return proto.SessionID(ttlMark | uint64(ms)) }

// ttl returns the time to live in ms, 0 if there is none.
func (s *stat) ttl() int64 {
	if uint64(s.owner)&ttlMark != ttlMark {
		return 0
	}
	return int64(uint64(s.owner) & ttlBits)
}

func (s *stat) isContainer() bool { return s.owner == containerOwner }

// session is the owner of an ephemeral, 0 for anything else.
func (s *stat) session() proto.SessionID { return sessionOf(s.owner) }

func sessionOf(owner proto.SessionID) proto.SessionID {
	if owner == containerOwner || uint64(owner)&ttlMark == ttlMark {
		return 0
	}
	return owner
}

// ownerOf is what a create writes into the owner field.
func ownerOf(h *proto.TxnHeader, txn *proto.Txn) proto.SessionID {
	switch {
	case txn.Type == proto.OpCreateContainer:
		return containerOwner
	case txn.Type == proto.OpCreateTTL:
		return ttlOwner(txn.TTL)
	case txn.Ephemeral:
		return h.Session
	}
	return 0
}
