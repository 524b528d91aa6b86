package ztree

import "github.com/zksim/zksim/node/proto"

// The transaction that ends a session names its ephemerals, so they must not be
// more than a packet between servers holds: no follower could read it, the leader
// would have it in its log, and there would never be a quorum again. ZooKeeper
// 3.8.0 has that defect (ZOOKEEPER-4306).

// listedMax is how many bytes the paths of a session's ephemerals may have there;
// the rest of the packet's data is the transaction's other fields.
const listedMax = proto.MaxPacketData - 1024

// listedSize is how many bytes a path has in a closeSession.
func listedSize(path string) int { return 4 + len(path) }

// listedSize is that of a node if it is an ephemeral, else 0.
func (v *view) listedSize(key string) int {
	if !v.exists || v.stat.session() == 0 {
		return 0
	}
	return listedSize(key)
}

// listable reports whether the session may have one more ephemeral, with everything
// that is prepared. What is in the queue is told apart by session only when that
// matters.
func (o *Outstanding) listable(path string) bool {
	id, size := o.header.Session, listedSize(path)
	if o.tree.listed[id]+o.listed+size <= listedMax {
		return true
	}
	for _, p := range o.ephemerals(id) {
		size += listedSize(p)
	}
	return size <= listedMax
}
