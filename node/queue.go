package node

// queue is a FIFO that keeps its memory: in steady state it allocates nothing.
// The zero value is empty.
type queue[T any] struct {
	items []T
	head  int
	taken uint64 // how often something was taken off
}

func (q *queue[T]) len() int { return len(q.items) - q.head }

func (q *queue[T]) push(v T) {
	if q.head > 0 && len(q.items) == cap(q.items) {
		q.compact()
	}
	q.items = append(q.items, v)
}

// compact moves the items to the front, so that the room of those taken serves again.
func (q *queue[T]) compact() {
	n := copy(q.items, q.items[q.head:])
	clear(q.items[n:])
	q.items, q.head = q.items[:n], 0
}

func (q *queue[T]) pop() T {
	var zero T
	v := q.items[q.head]
	q.items[q.head] = zero
	q.head++
	q.taken++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return v
}

// at returns the i-th item from the front.
func (q *queue[T]) at(i int) T { return q.items[q.head+i] }

func (q *queue[T]) clear() {
	clear(q.items)
	q.items, q.head = q.items[:0], 0
	q.taken++
}
