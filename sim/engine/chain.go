package engine

import "github.com/zksim/zksim/node/proto"

// chain is a history, told by the last transaction of each epoch in it, in
// rising order. Within an epoch a history has no gap and begins with counter 1,
// so these say which transactions it holds.
type chain []proto.Zxid

// tip is the last transaction, 0 of an empty history.
func (h chain) tip() proto.Zxid {
	if len(h) == 0 {
		return 0
	}
	return h[len(h)-1]
}

// holds reports whether z is in the history. The zxid 0 is in every one.
func (h chain) holds(z proto.Zxid) bool {
	for i := len(h) - 1; i >= 0 && h[i].Epoch() >= z.Epoch(); i-- {
		if h[i].Epoch() == z.Epoch() {
			return z <= h[i]
		}
	}
	return z == 0
}

// with appends a transaction that follows the tip.
func (h chain) with(z proto.Zxid) chain {
	if n := len(h); n > 0 && h[n-1].Epoch() == z.Epoch() {
		h[n-1] = z
		return h
	}
	return append(h, z)
}

// upTo shortens the history in place to what is not above z.
func (h chain) upTo(z proto.Zxid) chain {
	for len(h) > 0 && h.tip().Epoch() > z.Epoch() {
		h = h[:len(h)-1]
	}
	switch {
	case h.tip() <= z:
		return h
	case z.Counter() == 0:
		return h[:len(h)-1]
	}
	return h.with(z)
}

// before is the last transaction of an epoch before e, 0 if there is none.
func (h chain) before(e proto.Epoch) proto.Zxid {
	for i := len(h) - 1; i >= 0; i-- {
		if h[i].Epoch() < e {
			return h[i]
		}
	}
	return 0
}

// copyTo gives a copy in the memory of another one.
func (h chain) copyTo(old chain) chain { return append(old[:0], h...) }

// begins reports whether the history p is a prefix of h.
func (h chain) begins(p chain) bool { return h.common(p) == p.tip() }

// common is the last transaction up to which two histories are the same.
func (h chain) common(o chain) proto.Zxid {
	last := proto.Zxid(0)
	for i := 0; i < len(h) && i < len(o); i++ {
		if h[i] != o[i] {
			if h[i].Epoch() == o[i].Epoch() {
				last = min(h[i], o[i])
			}
			return last
		}
		last = h[i]
	}
	return last
}
