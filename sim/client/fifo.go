package client

import "slices"

// fifo is a queue of requests, oldest first, that reuses its memory.
type fifo struct {
	items []request
	head  int
}

func (q *fifo) len() int { return len(q.items) - q.head }

// front is the oldest request; there must be one.
func (q *fifo) front() *request { return &q.items[q.head] }

// at is the i-th oldest request.
func (q *fifo) at(i int) *request { return &q.items[q.head+i] }

func (q *fifo) push(r request) {
	if q.head > len(q.items)/2 {
		q.compact()
	}
	q.items = append(q.items, r)
}

// pushFront puts requests before the oldest.
func (q *fifo) pushFront(rs ...request) { q.items = slices.Insert(q.items, q.head, rs...) }

func (q *fifo) pop() request {
	r := q.items[q.head]
	q.items[q.head] = request{}
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return r
}

func (q *fifo) compact() {
	n := copy(q.items, q.items[q.head:])
	clear(q.items[n:])
	q.items, q.head = q.items[:n], 0
}
