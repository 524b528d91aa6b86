package model

// scattered is an immutable map from texts, in no order: every change gives a new
// map that shares most of its memory with the old one, which stays as it was. It
// is a trie over the hashes of the keys, three bits a level, lowest bits first.
// Entries lie at the first level at which no other hash goes their way, so equal
// contents have equal shape, whatever the history.
//
// The zero value is empty. A hash must be a function of its key; it may be that of
// several keys.
type scattered[V any] struct {
	top  place[V]
	size int
}

// place holds nothing, the entries of one hash, or a branch with those of several.
type place[V any] struct {
	leaf  *leaf[V]
	below *branch[V]
}

// branch parts entries by a digit of their hashes.
type branch[V any] [1 << digitBits]place[V]

const digitBits = 3

func digit(hash uint64, level uint) uint64 { return hash >> level % (1 << digitBits) }

// leaf is an entry. Those of one hash form a list, by their keys.
type leaf[V any] struct {
	key   string
	hash  uint64
	value V
	next  *leaf[V]
}

func (s scattered[V]) len() int { return s.size }

// get returns the value of key, or the zero value and false.
func (s scattered[V]) get(key string, hash uint64) (V, bool) {
	p := &s.top
	for rest := hash; p.below != nil; rest >>= digitBits {
		p = &p.below[rest%(1<<digitBits)]
	}
	for l := p.leaf; l != nil; l = l.next {
		if l.hash == hash && l.key == key {
			return l.value, true
		}
	}
	var none V
	return none, false
}

// with returns the map in which key has the value.
func (s scattered[V]) with(key string, hash uint64, value V) scattered[V] {
	top, added := s.top.with(&leaf[V]{key: key, hash: hash, value: value}, 0)
	if added {
		s.size++
	}
	return scattered[V]{top, s.size}
}

// without returns the map that lacks key.
func (s scattered[V]) without(key string, hash uint64) scattered[V] {
	if _, ok := s.get(key, hash); !ok {
		return s
	}
	return scattered[V]{s.top.without(key, hash, 0), s.size - 1}
}

// with adds an entry, or replaces the one of its key; added says which.
func (p place[V]) with(l *leaf[V], level uint) (_ place[V], added bool) {
	if p.below == nil && (p.leaf == nil || p.leaf.hash == l.hash) {
		list, added := p.leaf.with(l)
		return place[V]{leaf: list}, added
	}
	b := new(branch[V])
	if p.below != nil {
		*b = *p.below
	} else {
		b[digit(p.leaf.hash, level)] = p
	}
	d := &b[digit(l.hash, level)]
	*d, added = d.with(l, level+digitBits)
	return place[V]{below: b}, added
}

// without takes away the entry of a key that is there.
func (p place[V]) without(key string, hash uint64, level uint) place[V] {
	if p.below == nil {
		return place[V]{leaf: p.leaf.without(key)}
	}
	b := *p.below
	d := &b[digit(hash, level)]
	*d = d.without(key, hash, level+digitBits)
	if alone := b.alone(); alone != nil {
		return place[V]{leaf: alone}
	}
	c := b
	return place[V]{below: &c}
}

// alone gives the entries of a branch if all have one hash, nil if not.
func (b *branch[V]) alone() *leaf[V] {
	var only *leaf[V]
	for i := range b {
		switch {
		case b[i].below != nil, b[i].leaf != nil && only != nil:
			return nil
		case b[i].leaf != nil:
			only = b[i].leaf
		}
	}
	return only
}

// with puts an entry into a list.
func (l *leaf[V]) with(n *leaf[V]) (_ *leaf[V], added bool) {
	if l == nil || n.key < l.key {
		n.next = l
		return n, true
	}
	if n.key == l.key {
		n.next = l.next
		return n, false
	}
	c := *l
	c.next, added = l.next.with(n)
	return &c, added
}

// without takes away the entry of a key that is in the list.
func (l *leaf[V]) without(key string) *leaf[V] {
	if l.key == key {
		return l.next
	}
	c := *l
	c.next = l.next.without(key)
	return &c
}

// equalPlaces compares maps: equal contents have equal shape.
func equalPlaces[V any](a, b place[V], same func(a, b V) bool) bool {
	if a == b {
		return true
	}
	if (a.below == nil) != (b.below == nil) || !equalLeaves(a.leaf, b.leaf, same) {
		return false
	}
	if a.below == nil {
		return true
	}
	for i := range a.below {
		if !equalPlaces(a.below[i], b.below[i], same) {
			return false
		}
	}
	return true
}

func equalLeaves[V any](a, b *leaf[V], same func(a, b V) bool) bool {
	for ; a != nil && b != nil && a != b; a, b = a.next, b.next {
		if a.key != b.key || !same(a.value, b.value) {
			return false
		}
	}
	return a == b
}
