package node

import (
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/quorum"
	"github.com/zksim/zksim/node/store"
)

// committedLog is the cache of the newest applied transactions, from which
// learners that are a little behind are served by DIFF. It is contiguous: base
// is the zxid of the transaction before the first entry.
type committedLog struct {
	entries queue[store.Record]
	base    proto.Zxid
	limit   int
}

func (c *committedLog) reset(base proto.Zxid, limit int) {
	c.entries.clear()
	c.base, c.limit = base, limit
}

// add appends the transaction that was just applied and drops the oldest one
// when the cache is full. Every path that applies transactions feeds it: a hole
// here would become a hole in the history of a learner.
func (c *committedLog) add(r store.Record) {
	c.entries.push(r)
	for c.entries.len() > c.limit {
		c.base = c.entries.pop().Zxid
	}
}

// max is the newest zxid, or base when the cache is empty.
func (c *committedLog) max() proto.Zxid {
	if n := c.entries.len(); n > 0 {
		return c.entries.at(n - 1).Zxid
	}
	return c.base
}

// proposal is a transaction between its arrival and its application.
type proposal struct {
	rec  store.Record
	txn  proto.Txn
	acks quorum.Set // leader: who has it on disk
	req  *request   // leader: what it was made of
}

func (p *proposal) zxid() proto.Zxid { return p.rec.Zxid }

// tail holds the transactions that are logged, or about to be, and not yet
// applied, in zxid order. The first ncommitted of them are committed.
type tail struct {
	queue[*proposal]
	ncommitted int
}

func (t *tail) clear() {
	t.queue.clear()
	t.ncommitted = 0
}

// popApplied drops the first proposal, which must be committed.
func (t *tail) popApplied() *proposal {
	t.ncommitted--
	return t.pop()
}

// nextToCommit is the oldest uncommitted proposal, or nil.
func (t *tail) nextToCommit() *proposal {
	if t.ncommitted == t.len() {
		return nil
	}
	return t.at(t.ncommitted)
}

// find returns the proposal with the given zxid, or nil.
func (t *tail) find(z proto.Zxid) *proposal {
	if t.len() == 0 {
		return nil
	}
	i := int64(z) - int64(t.at(0).zxid())
	if i < 0 || i >= int64(t.len()) || t.at(int(i)).zxid() != z {
		return nil
	}
	return t.at(int(i))
}
