package engine

import "github.com/zksim/zksim/node/proto"

// ledger holds what is known of each transaction of a run, whoever told it.
type ledger struct {
	epochs []chapter // by rising epoch
}

// chapter is one epoch of the ledger; the counter is the place of an entry.
// Place 0 is the tree at the beginning of the epoch.
type chapter struct {
	epoch   proto.Epoch
	entries []entry
}

// entry is what is known of one zxid, and by whom; a server of 0 is nobody yet.
type entry struct {
	proposedBy, appliedBy, prevBy, treeBy proto.ServerID

	committedBy             proto.ServerID
	proposedAt, committedAt moment

	safe     bool       // it was fsynced on a quorum of disks
	payload  []byte     // the transaction, as its leader proposed it
	proposed uint64     // hash of the transaction's bytes, as its leader proposed it
	content  uint64     // the same, as it was applied
	prev     proto.Zxid // the transaction before it
	tree     int64      // digest of the tree after it
}

// entry finds the entry of a zxid, or makes an empty one. It is valid until the
// next call.
func (l *ledger) entry(z proto.Zxid) *entry {
	ch := l.chapter(z.Epoch())
	for int(z.Counter()) >= len(ch.entries) {
		ch.entries = append(ch.entries, entry{})
	}
	return &ch.entries[z.Counter()]
}

func (l *ledger) chapter(e proto.Epoch) *chapter {
	at := len(l.epochs)
	for at > 0 && l.epochs[at-1].epoch >= e {
		at--
	}
	if at == len(l.epochs) || l.epochs[at].epoch != e {
		l.epochs = append(l.epochs, chapter{})
		copy(l.epochs[at+1:], l.epochs[at:])
		l.epochs[at] = chapter{epoch: e}
	}
	return &l.epochs[at]
}

// holds reports whether the history that ends with tip contains z. It goes back
// from epoch to epoch along the predecessors of their first transactions; where
// nobody has told one, it believes.
func (l *ledger) holds(tip, z proto.Zxid) bool {
	for tip.Epoch() > z.Epoch() {
		first := l.entry(proto.MakeZxid(tip.Epoch(), 1))
		if tip.Counter() == 0 || first.prevBy == 0 {
			return true
		}
		tip = first.prev
	}
	return tip.Epoch() == z.Epoch() && tip >= z
}
