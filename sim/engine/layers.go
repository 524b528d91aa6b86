package engine

import "slices"

// effectID names one carrying out of a fault statement; ids rise by one.
type effectID int

// layers is what several faults that are in effect say of one thing: of them
// the latest counts, and when it is undone the one before it does again.
type layers[T any] struct {
	list []layer[T]
}

type layer[T any] struct {
	id    effectID
	value T
}

// put lays a fault over the others.
func (l *layers[T]) put(id effectID, v T) { l.list = append(l.list, layer[T]{id, v}) }

// drop takes a fault away, wherever it lies; it reports whether it lay there.
func (l *layers[T]) drop(id effectID) bool {
	before := len(l.list)
	l.list = slices.DeleteFunc(l.list, func(x layer[T]) bool { return x.id == id })
	return len(l.list) < before
}

// top gives what counts; false when no fault is in effect.
func (l *layers[T]) top() (v T, ok bool) {
	if len(l.list) == 0 {
		return v, false
	}
	return l.list[len(l.list)-1].value, true
}

func (l *layers[T]) has(id effectID) bool {
	return slices.ContainsFunc(l.list, func(x layer[T]) bool { return x.id == id })
}

func (l *layers[T]) any() bool { return len(l.list) > 0 }

func (l *layers[T]) clear() { l.list = l.list[:0] }
