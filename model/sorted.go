package model

import (
	"cmp"
	"iter"
)

// sorted is an immutable sorted map: every change gives a new map that shares
// most of its entries with the old one, which stays as it was. It is a search
// tree by key and a heap by rank (a treap). As the rank is a function of the
// key, equal contents have equal shape, whatever the history.
//
// The zero value is empty. Lookups and changes take logarithmic time.
type sorted[K cmp.Ordered, V any] struct {
	root *entry[K, V]
}

// entry is a node of the treap, with the number of entries at and below it.
type entry[K cmp.Ordered, V any] struct {
	key         K
	value       V
	rank        uint64
	size        int
	left, right *entry[K, V]
}

func (s sorted[K, V]) len() int { return s.root.count() }

// get returns the value of key, or the zero value and false.
func (s sorted[K, V]) get(key K) (V, bool) {
	for e := s.root; e != nil; {
		switch c := cmp.Compare(key, e.key); {
		case c == 0:
			return e.value, true
		case c < 0:
			e = e.left
		default:
			e = e.right
		}
	}
	var none V
	return none, false
}

// with returns the map in which key has the value. The rank must be a function
// of the key, well spread.
func (s sorted[K, V]) with(key K, rank uint64, value V) sorted[K, V] {
	return sorted[K, V]{insert(s.root, &entry[K, V]{key: key, value: value, rank: rank, size: 1})}
}

// without returns the map that lacks key.
func (s sorted[K, V]) without(key K) sorted[K, V] {
	if _, ok := s.get(key); !ok {
		return s
	}
	less, more := split(s.root, key)
	return sorted[K, V]{join(less, more)}
}

// all goes through the entries in the order of their keys.
func (s sorted[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { s.root.visit(yield) }
}

// keys goes through the keys in order.
func (s sorted[K, V]) keys() iter.Seq[K] {
	return func(yield func(K) bool) {
		s.root.visit(func(k K, _ V) bool { return yield(k) })
	}
}

func (e *entry[K, V]) count() int {
	if e == nil {
		return 0
	}
	return e.size
}

func (e *entry[K, V]) visit(yield func(K, V) bool) bool {
	return e == nil || e.left.visit(yield) && yield(e.key, e.value) && e.right.visit(yield)
}

// over returns a copy of e with the given entries below it.
func (e *entry[K, V]) over(left, right *entry[K, V]) *entry[K, V] {
	c := *e
	c.left, c.right, c.size = left, right, left.count()+1+right.count()
	return &c
}

func insert[K cmp.Ordered, V any](t, e *entry[K, V]) *entry[K, V] {
	if t == nil {
		return e
	}
	c := cmp.Compare(e.key, t.key)
	switch {
	case c == 0:
		return e.over(t.left, t.right)
	case e.rank > t.rank:
		less, more := split(t, e.key)
		return e.over(less, more)
	case c < 0:
		return t.over(insert(t.left, e), t.right)
	}
	return t.over(t.left, insert(t.right, e))
}

// split parts the entries below key from those above it; key itself is dropped.
func split[K cmp.Ordered, V any](t *entry[K, V], key K) (less, more *entry[K, V]) {
	if t == nil {
		return nil, nil
	}
	switch c := cmp.Compare(key, t.key); {
	case c == 0:
		return t.left, t.right
	case c < 0:
		less, more = split(t.left, key)
		return less, t.over(more, t.right)
	default:
		less, more = split(t.right, key)
		return t.over(t.left, less), more
	}
}

// join puts together entries of which all keys of a are below all keys of b.
func join[K cmp.Ordered, V any](a, b *entry[K, V]) *entry[K, V] {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.rank > b.rank:
		return a.over(a.left, join(a.right, b))
	}
	return b.over(join(a, b.left), b.right)
}

// rankOfText is FNV-1a with a final mix, which short texts need.
func rankOfText(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

func rankOfNumber(n int64) uint64 { return mix(uint64(n)) }

// mix spreads every bit of its argument over all bits (the finaliser of
// SplitMix64).
func mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// names is a set of texts.
type names = sorted[string, struct{}]

func withName(s names, name string) names { return s.with(name, rankOfText(name), struct{}{}) }
