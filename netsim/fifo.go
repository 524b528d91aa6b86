package netsim

// fifo is a queue in one contiguous slice that it uses over and over. The zero
// value is empty.
type fifo[T any] struct {
	items []T
	head  int // items[head:] are in the queue
}

func (f *fifo[T]) len() int { return len(f.items) - f.head }

// push appends items. It moves what is queued to the front of the slice when at
// least half of the slice is used up, so that an item is moved at most once for
// each item that has left.
func (f *fifo[T]) push(items ...T) {
	f.makeRoom(len(items))
	f.items = append(f.items, items...)
}

// pushOne is push for a single item.
func (f *fifo[T]) pushOne(item T) {
	f.makeRoom(1)
	f.items = append(f.items, item)
}

func (f *fifo[T]) makeRoom(k int) {
	if len(f.items)+k > cap(f.items) && f.head > 0 && f.head >= f.len() {
		f.items = f.items[:copy(f.items, f.items[f.head:])]
		f.head = 0
	}
}

// pop takes the first k items. The result is valid until the next push.
func (f *fifo[T]) pop(k int) []T {
	out := f.items[f.head : f.head+k : f.head+k]
	f.head += k
	if f.head == len(f.items) {
		f.clear()
	}
	return out
}

// clear empties the queue and keeps its slice.
func (f *fifo[T]) clear() { f.items, f.head = f.items[:0], 0 }

// from returns the k items that follow the first skip ones.
func (f *fifo[T]) from(skip, k int) []T { return f.items[f.head+skip : f.head+skip+k] }

// newest returns the item pushed last; there must be one.
func (f *fifo[T]) newest() *T { return &f.items[len(f.items)-1] }

// oldest returns the item to be popped next; there must be one.
func (f *fifo[T]) oldest() *T { return &f.items[f.head] }
