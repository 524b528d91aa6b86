package linearizability

import "github.com/zksim/zksim/node/proto"

// zxidFacts is what a history tells of one zxid.
type zxidFacts struct {
	write int32 // 1 + index of the call answered with it; 0: none
	time  int64 // ms, from the first Stat that tells it; 0: none
}

// zxidTable finds the facts of a zxid. Counters are dense in a real history, so
// a slice for each epoch does; those far off, which only a forged history has, go
// into a map.
type zxidTable struct {
	dense  map[proto.Epoch][]zxidFacts
	sparse map[proto.Zxid]*zxidFacts
	limit  uint32 // counters from here on are sparse

	epoch   proto.Epoch // of chapter
	chapter []zxidFacts // the epoch used last
}

func newZxidTable(calls int) *zxidTable {
	return &zxidTable{dense: map[proto.Epoch][]zxidFacts{}, sparse: map[proto.Zxid]*zxidFacts{},
		limit: uint32(min(8*int64(calls)+1024, 1<<27)), epoch: -1}
}

// at returns the facts of a zxid, to read or write. The pointer is valid until
// the next call.
func (t *zxidTable) at(z proto.Zxid) *zxidFacts {
	n := z.Counter()
	if n >= t.limit || len(t.dense) > maxDenseEpochs {
		return t.far(z)
	}
	if z.Epoch() != t.epoch {
		t.epoch, t.chapter = z.Epoch(), t.dense[z.Epoch()]
	}
	if int(n) >= len(t.chapter) {
		t.grow(int(n))
	}
	return &t.chapter[n]
}

// maxDenseEpochs bounds the memory that a forged history can ask for.
const maxDenseEpochs = 4096

func (t *zxidTable) grow(n int) {
	grown := make([]zxidFacts, max(2*len(t.chapter), n+64))
	copy(grown, t.chapter)
	t.chapter = grown
	t.dense[t.epoch] = grown
}

func (t *zxidTable) far(z proto.Zxid) *zxidFacts {
	f := t.sparse[z]
	if f == nil {
		f = &zxidFacts{}
		t.sparse[z] = f
	}
	return f
}
