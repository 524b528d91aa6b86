package ztree

import "slices"

// names is a sorted set of strings. It is a list of sorted chunks, so that a
// node with 100,000 children pays for one chunk per change, not for all of them.
// The zero value is an empty set.
type names struct {
	chunks [][]string // none is empty; every string of one sorts before those of the next
	count  int
}

// chunkMax is the length at which a chunk is cut in two.
const chunkMax = 256

// len may be asked of a nil set too, as may first, after and list.
func (s *names) len() int {
	if s == nil {
		return 0
	}
	return s.count
}

// chunk returns the index of the chunk that holds name, or would: 0 if there is none.
func (s *names) chunk(name string) int {
	lo, hi := 0, len(s.chunks)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); s.chunks[mid][0] <= name {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return max(lo-1, 0)
}

// add inserts name and reports whether it was missing.
func (s *names) add(name string) bool {
	if s.count == 0 {
		s.chunks, s.count = append(s.chunks, []string{name}), 1
		return true
	}
	c := s.chunk(name)
	i, found := slices.BinarySearch(s.chunks[c], name)
	if found {
		return false
	}
	s.count++
	if i == chunkMax && c == len(s.chunks)-1 {
		// Names that come in rising order, as sequential ones do, leave full
		// chunks behind.
		s.chunks = append(s.chunks, []string{name})
		return true
	}
	if len(s.chunks[c]) == chunkMax {
		s.cut(c)
		if half := len(s.chunks[c]); i > half {
			c, i = c+1, i-half
		}
	}
	s.chunks[c] = slices.Insert(roomForOne(s.chunks[c]), i, name)
	return true
}

// roomForOne makes room for one more in a chunk that is full: with a million
// children, room that is left empty is what much of their memory is.
func roomForOne(chunk []string) []string {
	if len(chunk) < cap(chunk) {
		return chunk
	}
	grown := make([]string, len(chunk), min(len(chunk)+len(chunk)/4+1, chunkMax))
	copy(grown, chunk)
	return grown
}

// cut halves a chunk that is full. The upper half goes into a chunk of its own,
// the lower half into a smaller one: names that come in rising order never fill it.
func (s *names) cut(c int) {
	full, half := s.chunks[c], chunkMax/2
	s.chunks[c] = slices.Clip(slices.Clone(full[:half]))
	s.chunks = slices.Insert(s.chunks, c+1, slices.Clip(slices.Clone(full[half:])))
}

// remove deletes name and reports whether it was there.
func (s *names) remove(name string) bool {
	if s.count == 0 {
		return false
	}
	c := s.chunk(name)
	i, found := slices.BinarySearch(s.chunks[c], name)
	if !found {
		return false
	}
	s.count--
	s.chunks[c] = slices.Delete(s.chunks[c], i, i+1)
	if len(s.chunks[c]) == 0 {
		s.chunks = slices.Delete(s.chunks, c, c+1)
	}
	return true
}

// first returns the smallest name.
func (s *names) first() (string, bool) {
	if s.len() == 0 {
		return "", false
	}
	return s.chunks[0][0], true
}

// after returns the smallest name that is greater than name.
func (s *names) after(name string) (string, bool) {
	if s.len() == 0 {
		return "", false
	}
	c := s.chunk(name)
	i, found := slices.BinarySearch(s.chunks[c], name)
	if found {
		i++
	}
	if i < len(s.chunks[c]) {
		return s.chunks[c][i], true
	}
	if c+1 < len(s.chunks) {
		return s.chunks[c+1][0], true
	}
	return "", false
}

// list returns a fresh sorted slice; nil for an empty set.
func (s *names) list() []string {
	if s.len() == 0 {
		return nil
	}
	out := make([]string, 0, s.count)
	for _, c := range s.chunks {
		out = append(out, c...)
	}
	return out
}
